"""The view of t-SNE while it runs, and of how far to trust it."""
