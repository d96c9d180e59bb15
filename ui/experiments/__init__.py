"""The Experiments page: what other parameters change, and two experiments side by side."""
