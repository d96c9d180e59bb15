"""Networks: their registry and weights, the table of their layers, the geometry of a forward pass."""
