"""Charts that are clicked: what an old plotly.js is sent, and what it answers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import streamlit as st
from plotly.graph_objects import Figure, Heatmap, Scatter
from streamlit.testing.v1 import AppTest

from ui.charts import _ForOldPlotly, read_point, style_figure


def send(n_empty: int = 0, zoom: bool = False) -> dict:
    figure = Figure([Scatter(x=np.arange(3.0), y=np.arange(3)), Heatmap(z=[[1, 2], [3, 4]])])
    return json.loads(_ForOldPlotly(style_figure(figure, 300), n_empty, zoom).to_json())


def test_arrays_are_lists() -> None:
    sent = send()
    assert sent["data"][0]["x"] == [0, 1, 2] and sent["data"][1]["z"] == [[1, 2], [3, 4]]
    assert "bdata" not in json.dumps(sent)


def test_the_component_has_the_height_and_the_chart_fills_it() -> None:
    layout = send()["layout"]
    assert "height" not in layout and layout["autosize"]


def test_the_wheel_zooms_where_it_is_wanted() -> None:
    assert [send(zoom=zoom)["config"]["scrollZoom"] for zoom in (False, True)] == [False, True]


def test_every_other_time_the_same_point_is_of_another_trace() -> None:
    first, second = send(0)["data"], send(1)["data"]
    assert second[0]["x"] == [] and second[1:] == first


def test_a_point_is_counted_without_the_empty_trace() -> None:
    assert read_point([{"curveNumber": 2, "x": 5}, {"curveNumber": 3}], 1) == {
        "curveNumber": 1,
        "x": 5,
    }


@pytest.mark.parametrize(
    "sent", [None, [], "[]", 7, [7], [{}], [{"curveNumber": "1"}], [{"curveNumber": True}]]
)
def test_what_is_no_click_is_no_point(sent: object) -> None:
    assert read_point(sent, 0) is None


PAGE = """
import streamlit as st
from plotly.graph_objects import Figure, Scatter
from ui.charts import draw_clickable, style_figure

figure = style_figure(Figure(Scatter(x=[0, 1], y=[0, 1])), 300)
picks = st.session_state.setdefault("picks", [])
draw_clickable(figure, "chart", lambda point: picks.append(point["curveNumber"]))
"""


def test_a_click_is_heard_of_once_and_again_when_it_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "streamlit_plotly_events.plotly_events",
        lambda *_, **__: st.session_state.get("browser", []),
    )
    app = AppTest.from_string(PAGE).run()
    assert app.session_state["picks"] == []
    app.session_state["browser"] = [{"curveNumber": 0, "pointNumber": 1}]
    app.run().run()  # the answer stays
    assert app.session_state["picks"] == [0]
    app.session_state["browser"] = [{"curveNumber": 1, "pointNumber": 1}]  # one empty trace by now
    app.run().run()
    assert app.session_state["picks"] == [0, 0]
