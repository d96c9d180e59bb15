"""Everything known of one sample, and why the model says what it says of it."""
