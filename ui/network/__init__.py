"""What a network is made of, and how it came to be."""
