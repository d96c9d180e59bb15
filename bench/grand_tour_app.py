"""A page with the tour alone, over a generated cloud of ``?n=`` samples: for `bench.grand_tour`."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.components.clouds import Clouds, compose_clouds, send_clouds
from ui.components.grand_tour import Network, Scene, Stop, draw_grand_tour
from ui.components.points import Coloring, LegendEntry, PlotChoices, PlotPredictions, PlotSamples
from ui.components.triggers import check_moment
from ui.palette import mark_class

D, N_CLASSES, N_LAYERS = 15, 10, 6


@st.cache_resource
def generate_clouds(n: int, seed: int) -> Clouds:
    """Ten classes of unlike spread, which come apart and move from layer to layer."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % N_CLASSES
    spread = (0.3 + 0.08 * labels)[:, None]
    layers = [
        apart * rng.normal(size=(N_CLASSES, D))[labels] + spread * rng.normal(size=(n, D))
        for apart in np.linspace(0.3, 2, N_LAYERS)
    ]
    names = [f"layer {i}" for i in range(N_LAYERS)]
    return compose_clouds(np.stack(layers), names, f"generated/{n}/{seed}")


def main() -> None:
    """Draw the page."""
    st.set_page_config(layout="wide")
    st.html(
        "<style>:root { --tour-height: 735px } .stMainBlockContainer { padding: 0 !important }</style>"
    )
    n, count = int(st.query_params.get("n", 1000)), int(st.query_params.get("networks", 1))
    labels = np.arange(n) % N_CLASSES
    names = [f"class {i}" for i in range(N_CLASSES)]
    clouds = [generate_clouds(n, k) for k in range(count)]
    shown = st.session_state.setdefault("shown", [each.layers[-1] for each in clouds])
    networks = [
        Network(
            family=each.family,
            name=f"network {k}",
            stops=[Stop(key, "conv", key, None, None) for key in each.layers],
            layer=shown[k],
            predictions=PlotPredictions(labels, names, np.ones(n, int), np.ones(n, np.float32)),
        )
        for k, each in enumerate(clouds)
    ]
    entries = [LegendEntry(name, *mark_class(i)) for i, name in enumerate(names)]

    def ignore(value: object) -> None:
        pass

    draw_grand_tour(
        Scene(
            PlotSamples(labels, names, Coloring("Class", labels, entries, None), f"generated/{n}"),
            networks=networks,
            movement=None,
            dimensions=D,
        ),
        PlotChoices(None, frozenset(), (), False, ignore, ignore, ignore, ignore),
        handles=(),
        aligned=True,
        moment=check_moment(seed="7", step="0", turn="", zoom="", d=D),
        key="tour",
        on_layer=shown.__setitem__,
        on_handles=ignore,
        on_aligned=ignore,
        on_moment=ignore,
    )
    for k, each in enumerate(clouds):
        send_clouds(each, key=f"clouds-{k}", keep=[other.family for other in clouds])


main()
