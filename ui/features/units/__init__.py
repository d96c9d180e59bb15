"""The view of units: a picture made for one, the samples that drive it, the class it prefers."""
