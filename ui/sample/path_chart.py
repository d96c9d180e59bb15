"""A sample's path through the layers, as a sentence and a row of thin bars."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from layerscope.embedding.label_path import LayerPath, follow
from layerscope.models.layers import GIVEN, Layer
from ui.arrays import explaining, load_array, load_attributes, load_samples
from ui.glossary import define

_HEIGHT = 40  # pixels, with the tick below
_RIGHT, _APART, _TRACK = "#7bc98b", "#5d6b79", "#1f252c"
_ACCENT, _MUTED, _FAINT = "#ffb454", "#8f9aa6", "#808b97"


def read_path(run: str, size: int, uid: int, layers: Sequence[Layer]) -> LayerPath:
    """A sample's path among the first `size`, through the model alone. Raises `Unavailable`."""
    samples = load_samples(run)
    with explaining(run, "nearest"):
        found = load_array(run, "nearest", f"{size}/indices")[:, uid]  # (layer, 10)
        agrees = load_array(run, "nearest", f"{size}/agrees")[:, :, uid]  # (setting, layer)
        if len(found) != len(layers) or agrees.shape[1] != len(layers):
            raise ValueError("of other layers")
        own = [layer.key != GIVEN for layer in layers]
        label = int(samples.labels[uid])
        return follow(found[own], samples.labels[:size], label, agrees[:, own])


def tell_settings(run: str, size: int) -> str:
    """Over what the band is. Raises `Unavailable`."""
    with explaining(run, "nearest"):
        settings = load_attributes(run, "nearest")["settings"][str(size)]
        counts = sorted({int(count) for _, count in settings})
        grids = sorted({int(name[4:]) for name, _ in settings if name.startswith("grid")})
    told = f"over {_list(counts)} neighbours"
    return f"{told} and grids of {_list(grids)} cells a side" if len(grids) > 1 else told


def _list(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def tell_agreement(path: LayerPath, layers: Sequence[Layer]) -> tuple[str, str]:
    """The layer from which on the neighbours agree: its key and its label, or that they do not."""
    if path.agrees_from is None:
        return "no layer", f"{path.counts[-1]} of {path.k} at the end"
    layer = layers[path.agrees_from]
    return layer.key, "" if layer.label == layer.key else layer.label


def tell_band(path: LayerPath, layers: Sequence[Layer]) -> str:
    """Between which layers that is, by how many neighbours are asked and on which grid."""
    low, high = (
        "never" if each is None else "the input" if each == 0 else layers[each].key
        for each in path.band
    )
    return low if low == high else f"{low} to {high}"


def draw_path(path: LayerPath, layers: Sequence[Layer], current: str, settings: str) -> str:
    """One bar a layer, from input to output: the share of the nearest that are of the true class.

    Bars are green where the majority is; the layer that is looked at has a tick. The line below is the band:
    the brighter, the more settings have their neighbours agree from that layer on.

    Parameters
    ----------
    settings : str
        Of `tell_settings`.
    """
    decided, meaning = path.agrees_from, escape(define("neighbours agree from"))
    if decided is None:
        told = f"neighbours do not agree: {path.counts[-1]} of {path.k} at the end"
    elif decided == 0:
        told = "neighbours agree from the input on"
    else:
        told = f"neighbours agree from {layers[decided].label} on"
    bars = "".join(
        _draw_bar(layer, int(count), path.k, bool(agrees), marked=layer.key == current)
        for layer, count, agrees in zip(layers, path.counts, path.agrees[0], strict=False)
    )
    band = f"{tell_band(path, layers)}, {settings}"
    return (
        f'<div role="img" aria-label="{escape(_read_out(path, layers))}" '
        f'style="display:flex;gap:2px;height:{_HEIGHT}px;margin-top:8px">{bars}</div>'
        f'<div title="{escape(band)}" style="display:flex;gap:2px;height:3px;margin-top:3px">'
        f"{_draw_band(path)}</div>"
        '<div style="display:flex;justify-content:space-between;gap:10px;margin-top:3px;'
        f'font-size:10.5px;color:{_FAINT}"><span>input</span>'
        f'<span style="color:{_MUTED}" title="{meaning}">{escape(told)}</span>'
        "<span>output</span></div>"
        f'<p class="note">{escape(band)}</p>'
    )


def _draw_band(path: LayerPath) -> str:
    """A piece a layer, as bright as the share of settings that agree from it or from before it on."""
    n = path.agrees.shape[1]
    shares = [(path.firsts <= depth).mean() for depth in range(n)]
    return "".join(
        f'<i style="flex:1;background:{_RIGHT};opacity:{0.08 + 0.92 * share:.2f}"></i>'
        for share in shares
    )


def _draw_bar(layer: Layer, count: int, k: int, agrees: bool, marked: bool) -> str:
    share = 100 * count / k
    name = layer.key if layer.label == layer.key else f"{layer.key} {layer.label}"
    color = _RIGHT if agrees else _APART
    tick = _ACCENT if marked else "transparent"
    # st.html takes SVG out; a gradient makes one element of a bar and its track.
    return (
        f'<i title="{escape(name)}: {count} of {k} of its class" '
        f'style="flex:1;border-bottom:2px solid {tick};padding-bottom:2px;'
        f"background:linear-gradient(to top,{color} {share:g}%,{_TRACK} {share:g}%) "
        'content-box"></i>'
    )


def _read_out(path: LayerPath, layers: Sequence[Layer]) -> str:
    return (
        f"Neighbours of its class by layer: {path.counts[0]} of {path.k} at the input, "
        f"{path.counts[-1]} of {path.k} at the output, the majority in {int(path.agrees[0].sum())} of "
        f"{len(path.counts)} layers. "
        f"Neighbours agree from: {', '.join(filter(None, tell_agreement(path, layers)))}; "
        f"{tell_band(path, layers)}."
    )
