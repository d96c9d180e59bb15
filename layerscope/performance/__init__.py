"""How good the predictions of a classifier are: confusion, scores, curves, calibration, and its errors."""
