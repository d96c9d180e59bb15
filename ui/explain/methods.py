"""Methods side by side, and the one that is open with all that is known of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from html import escape

import streamlit as st

from layerscope.explanation.method import Method, Setting
from layerscope.explanation.occlusion import OCCLUSION_OPTIONS
from layerscope.explanation.registry import METHODS
from ui import markup
from ui.address import change
from ui.components.method_tiles import Tile, draw_method_tiles
from ui.explain.address import PROBE, Choice, change_option
from ui.explain.explanations import Drawn, ask_method, key_of
from ui.explain.options import draw_options, fill_options
from ui.explain.subject import Subject
from ui.markup import embed_pixels
from ui.queue import Report, State, session_id, shared

_LONG = "takes seconds to minutes"
_LAST = ""  # in the list of layers: the last one, whatever the model


def draw_methods(subject: Subject, choice: Choice) -> None:
    """The tiles, and beside them the open method."""
    left, right = st.columns(2, gap=None)
    _release_others(subject, choice)
    found = {key: _look(subject, choice, method) for key, method in METHODS.items()}
    with left.container(key="methods-panel"):
        _draw_tiles(subject, choice, found)
    with right.container(key="method-panel"):
        _draw_open(subject, choice, found[choice.explain])


def _settings(choice: Choice, method: Method) -> dict[str, Setting]:
    return fill_options(method.options, choice.options.get(method.key, {}))


def _layer(subject: Subject, method: Method) -> str | None:
    return subject.at if method.at_layer else None


def _key(subject: Subject, choice: Choice, method: Method) -> Hashable:
    return key_of(subject, method.key, _layer(subject, method), _settings(choice, method))


def _ask(subject: Subject, choice: Choice, method: Method) -> str | None:
    return ask_method(subject, method, _layer(subject, method), _settings(choice, method))


def _release_others(subject: Subject, choice: Choice) -> None:
    """What was asked for with another class, picture or option is wanted no more."""
    kept = {_key(subject, choice, method) for method in METHODS.values()}
    sweep = fill_options(OCCLUSION_OPTIONS, choice.options.get(PROBE, {}))
    shared.release(session_id(), kept | {key_of(subject, PROBE, None, sweep)})


def _look(subject: Subject, choice: Choice, method: Method) -> Report[Drawn] | str | None:
    """What is known of a method; one line where it does not suit the model or cannot be asked for."""
    reason = method.supports(subject.network.classifier)
    if reason is not None:
        return reason
    report = shared.look(_key(subject, choice, method))
    if report is None and not method.long:
        problem = _ask(subject, choice, method)
        return problem or shared.look(_key(subject, choice, method))
    return report


def _draw_tiles(
    subject: Subject, choice: Choice, found: Mapping[str, Report[Drawn] | str | None]
) -> None:
    def compute(key: str) -> None:
        problem = _ask(subject, choice, METHODS[key])
        if problem:
            st.toast(problem)

    def cancel(key: str) -> None:
        shared.cancel(_key(subject, choice, METHODS[key]), session_id())

    draw_method_tiles(
        embed_pixels(subject.picture),
        [_tile(METHODS[key], report) for key, report in found.items()],
        choice.explain,
        token=f"{subject.digest}/{subject.network.mark}/{subject.why}/{subject.against}",
        key="method_tiles",
        on_open=lambda key: change(explain=key),
        on_compute=compute,
        on_cancel=cancel,
    )


def _tile(method: Method, report: Report[Drawn] | str | None) -> Tile:
    key, name, is_long = method.key, method.name, method.long
    if isinstance(report, str):
        return Tile(key, name, "unsupported", is_long, note=report)
    if report is None:
        return Tile(key, name, "idle", is_long, note=_LONG)
    layer = report.result.layer if report.state is State.DONE and report.result else ""
    return Tile(
        key, name, report.state.value, is_long, layer, report.done, report.total, report.problem
    )


# --- the open method -------------------------------------------------------------------------


def _draw_open(subject: Subject, choice: Choice, report: Report[Drawn] | str | None) -> None:
    method = METHODS[choice.explain]
    st.html(markup.heading(method.name, method.family))
    st.html(_enlarge(subject, report))
    st.html(f'<p class="said">{escape(method.summary)}</p>')
    with st.container(key="formula"):
        st.latex(method.formula)
    source, failure = method.source, method.failure
    st.html(
        f'<p class="failure"><b>Known failure.</b> {escape(failure.statement)} '
        f"{_cite(failure.source.authors, failure.source.year, failure.source.title, failure.source.url)}</p>"
        f'<p class="source">{_cite(source.authors, source.year, source.title, source.url)}: '
        f"{escape(source.title)}</p>"
    )
    if method.at_layer:
        _draw_layers(subject)
    draw_options(
        method.key,
        method.options,
        _settings(choice, method),
        lambda key, value: change_option(choice.options, method.key, key, value),
    )


def _cite(authors: str, year: int, title: str, url: str) -> str:
    return (
        f'<a href="{escape(url)}" target="_blank" rel="noopener" title="{escape(title)}">'
        f"{escape(authors)} {year}</a>"
    )


def _enlarge(subject: Subject, report: Report[Drawn] | str | None) -> str:
    """The picture with the explanation over it, and the figures that belong to it."""
    found = report.result if isinstance(report, Report) and report.state is State.DONE else None
    layer = f'<img class="layer" src="{found.layer}" alt="">' if found else ""
    caption = "not computed yet" if found is None else _tell_range(found)
    if isinstance(report, str):
        caption = report
    elif report is not None and found is None:
        caption = report.problem or "computing …"
    return (
        f'<figure class="enlarged"><div><img src="{embed_pixels(subject.picture)}" alt="">{layer}</div>'
        f'<figcaption title="{escape(caption)}">{escape(caption)}</figcaption></figure>'
    )


def _tell_range(found: Drawn) -> str:
    text = f"values {found.low:.3g} to {found.high:.3g}"
    if found.total is not None:
        text += f"; sum {found.total[0]:.3g} of {found.total[1]:.3g}"
    return text.replace("-", "−")


def _draw_layers(subject: Subject) -> None:
    """Which layer's feature maps the method looks at."""
    layers = {layer.key: layer for layer in subject.network.layers}

    def name(key: str) -> str:
        if key == _LAST:
            return "the last with feature maps"
        layer = layers[key]
        size = " × ".join(map(str, layer.shape))
        return f"{key}  {layer.label if layer.label != key else layer.kind}  {size}"

    st.session_state["maps_layer"] = subject.at or _LAST
    st.selectbox(
        "Layer",
        (_LAST, *layers),
        key="maps_layer",
        format_func=name,
        help="Early layers show edges of anything, late ones coarse places.",
        on_change=lambda: change(at=st.session_state["maps_layer"] or None),
    )
