"""What the app computes with networks: in a process of its own, which knows nothing of pages."""
