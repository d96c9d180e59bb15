"""Everything known of one sample, and why the model predicts what it predicts."""
