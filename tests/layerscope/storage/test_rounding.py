"""Rounded floats: as many digits as told, and smaller when compressed."""

from __future__ import annotations

import zlib

import numpy as np

from layerscope.storage.store import round_digits


def test_as_many_digits_are_kept_as_told() -> None:
    values = np.array([[1 + 2**-14, 1 + 2**-15 + 2**-16], [-3.0, 1e-30]], dtype=np.float32)
    given = values.copy()
    found = round_digits(values, 14)
    np.testing.assert_array_equal(found[0], np.float32([1 + 2**-14, 1 + 2**-14]))
    assert found[1, 0] == -3
    np.testing.assert_allclose(found, given, rtol=2**-15)
    np.testing.assert_array_equal(values, given)
    assert found.dtype == np.float32


def test_rounded_coordinates_compress_to_three_quarters() -> None:
    points = np.random.default_rng(0).normal(size=(2000, 2), scale=30).astype(np.float32)
    full, rounded = (len(zlib.compress(x.tobytes())) for x in (points, round_digits(points, 14)))
    assert rounded < 0.8 * full
