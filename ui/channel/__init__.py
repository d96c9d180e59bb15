"""What single channels and neurons make of a sample."""
