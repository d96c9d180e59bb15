"""What the dialog draws of attention, without a browser."""

from __future__ import annotations

import numpy as np
import pytest

from layerscope.explanation.attention import find_attention
from tests.layerscope.explanation.test_attention import small_vit
from tests.layerscope.explanation.test_guided import classify, paint, small_net
from ui.channel.attention import _draw_heads, _stretch, plot_attention
from ui.live.maps import find_head_maps
from ui.live.models import make_source

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("query", [None, 6])
def test_maps_of_all_heads_come_from_the_network(
    monkeypatch: pytest.MonkeyPatch, query: int | None
) -> None:
    one, picture = classify(small_vit(), 32), paint(1, 32)[0]
    monkeypatch.setattr("ui.live.maps.load", lambda _: one)
    source = make_source("vit", None)
    found = find_head_maps(source, picture, "blocks.1", query)
    expected = find_attention(one, picture[None], "blocks.1", query)
    assert found is not None and expected is not None
    maps, has_class = found
    assert has_class and maps.shape == (3, 4, 4)
    np.testing.assert_array_equal(maps, expected[0])
    monkeypatch.setattr("ui.live.maps.load", lambda _: classify(small_net(), 12))
    assert find_head_maps(source, paint(1, 12)[0], "3", query) is None


def test_each_place_is_a_point_that_tells_its_share() -> None:
    plane = np.arange(8, dtype=np.float32).reshape(2, 4) / 28
    figure = plot_attention(paint(1, 32)[0], plane, 6)
    [points] = figure.data
    np.testing.assert_array_equal(points.customdata, plane.ravel())
    np.testing.assert_array_equal(points.x, [0, 1, 2, 3] * 2)
    np.testing.assert_array_equal(points.y, [0] * 4 + [1] * 4)
    [frame] = figure.layout.shapes  # row 1, column 2
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (1.5, 2.5, 0.5, 1.5)
    assert figure.layout.yaxis.scaleratio == 2  # a square picture, four places wide and two high
    assert not plot_attention(paint(1, 32)[0], plane, None).layout.shapes


def test_maps_are_drawn_over_their_own_range_which_is_told() -> None:
    plane = np.array([[0.02, 0.04], [0.03, 0.06]], np.float32)
    np.testing.assert_allclose(_stretch(plane), [[0, 0.5], [0.25, 1]], atol=1e-6)
    assert not _stretch(np.full((2, 2), 0.25)).any()
    drawn = _draw_heads([plane, plane / 2], ("Mean of heads", "0"))
    assert drawn.count("<img") == 2
    assert "Mean of heads: 2.0% to 6.0%" in drawn and "0: 1.0% to 3.0%" in drawn
