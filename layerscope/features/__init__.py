"""What a network looks for: its filters, its units, its classes."""
