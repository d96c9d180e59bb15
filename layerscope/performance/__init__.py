"""How good the answers of a classifier are: confusion, scores, curves, calibration, and its errors."""
