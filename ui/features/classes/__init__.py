"""The view of class weight vectors: a map of them, and which are most alike."""
