"""How a network is trained, and what a training leaves: curves and distributions."""
