"""Turning the plane layouts of a model's layers, each onto the one before."""

from __future__ import annotations

import numpy as np


def orient_layers(layouts: np.ndarray) -> np.ndarray:
    """Rotate or mirror each layout so that it lies closest to the layer before it.

    What then moves between two layers is the data, and not the view. Distances within a layer stay as
    they are. At last all layers are turned together, so that they are wider than high on the whole, as
    screens are. In the plane the orthogonal Procrustes problem (Schoenemann 1966) has a closed form: with
    points as complex numbers the best rotation of z onto w has the angle of ``sum(conj(z) w)``, and
    the best reflection that of ``sum(z w)``; the larger modulus is the better fit.

    Parameters
    ----------
    layouts : ndarray, (n_layers, n_samples, 2)
        The same samples in each layer.

    Returns
    -------
    ndarray of float32, (n_layers, n_samples, 2)
        Each layer about its own mean.
    """
    flat = layouts[..., 0] + 1j * layouts[..., 1]  # (n_layers, n_samples)
    flat = flat - flat.mean(axis=1, keepdims=True)
    for depth in range(1, len(flat)):
        before, points = flat[depth - 1], flat[depth]
        turned, mirrored = np.vdot(points, before), np.dot(points, before)
        if abs(mirrored) > abs(turned):
            points, turned = points.conj(), mirrored
        if abs(turned) > 0:
            flat[depth] = points * (turned / abs(turned))
    flat *= _lay_down(flat)
    return np.stack([flat.real, flat.imag], axis=-1).astype(np.float32)


def _lay_down(flat: np.ndarray) -> complex:
    """The rotation that brings the widest direction of all layers together to the horizontal.

    The sum of squares of complex numbers points to twice the angle of their widest direction. Layers
    count alike, whatever their scale.
    """
    scale = np.sqrt((np.abs(flat) ** 2).mean(axis=1, keepdims=True))
    widest = np.sum((flat / np.where(scale > 0, scale, 1)) ** 2)
    return complex(np.exp(-0.5j * np.angle(widest)))
