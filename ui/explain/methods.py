"""Methods side by side, and the one that is open with all that is known of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

import numpy as np
import streamlit as st

from layerscope.explanation.method import COMPLETE, Method, Setting
from layerscope.explanation.methods import METHODS
from layerscope.explanation.windows import OCCLUSION_OPTIONS
from ui import markup
from ui.address import change
from ui.components.method_tiles import MethodTile, draw_method_tiles
from ui.explain.address import PROBE, ExplainChoice, change_option
from ui.explain.explanations import ask_method, key_of
from ui.explain.options import draw_options, fill_options
from ui.explain.subject import ExplainSubject
from ui.live.explanations import DrawnExplanation
from ui.markup import embed_pixels
from ui.queue import Report, State, session_id, shared
from ui.techniques import Technique, draw_technique

_LONG = "takes seconds to minutes"
_LAST = ""  # in the list of layers: the last one, whatever the model


@dataclass(frozen=True)
class Found:
    """What is known of a method, for one class or for each of two.

    Attributes
    ----------
    state : str
        As that of a `MethodTile`.
    drawn : tuple of DrawnExplanation
        Complete ones, where all are.
    done, total : int
        Steps of all.
    note : str
    """

    state: str
    drawn: tuple[DrawnExplanation, ...] = ()
    done: int = 0
    total: int = 0
    note: str = ""


def list_sides(subject: ExplainSubject, choice: ExplainChoice) -> tuple[ExplainSubject, ...]:
    """What is explained: a score, or each of two classes for itself."""
    contrast = subject.contrast
    if contrast is None or not choice.both:
        return (subject,)
    return replace(subject, contrast=None), replace(subject, target=contrast, contrast=None)


def draw_methods(subject: ExplainSubject, choice: ExplainChoice) -> None:
    """The tiles, and beside them the open method."""
    left, right = st.columns(2, gap=None)
    sides = list_sides(subject, choice)
    _release_others(subject, sides, choice)
    found = {key: look(sides, choice, method) for key, method in METHODS.items()}
    with left.container(key="methods-panel"):
        _draw_tiles(sides, choice, found)
    with right.container(key="method-panel"):
        _draw_open(subject, sides, choice, found[choice.explain])


def _settings(choice: ExplainChoice, method: Method) -> dict[str, Setting]:
    return fill_options(method.options, choice.options.get(method.key, {}))


def _layer(subject: ExplainSubject, method: Method) -> str | None:
    return subject.at if method.at_layer else None


def _key(subject: ExplainSubject, choice: ExplainChoice, method: Method) -> Hashable:
    return key_of(subject, method.key, _layer(subject, method), _settings(choice, method))


def _ask(subject: ExplainSubject, choice: ExplainChoice, method: Method) -> str | None:
    return ask_method(subject, method, _layer(subject, method), _settings(choice, method))


def _release_others(
    subject: ExplainSubject, sides: Sequence[ExplainSubject], choice: ExplainChoice
) -> None:
    """What was asked for with another class, picture or option is wanted no more."""
    kept = {_key(side, choice, method) for side in sides for method in METHODS.values()}
    sweep = fill_options(OCCLUSION_OPTIONS, choice.options.get(PROBE, {}))
    shared.release(session_id(), kept | {key_of(subject, PROBE, None, sweep)})


def look(sides: Sequence[ExplainSubject], choice: ExplainChoice, method: Method) -> Found:
    """What is known of a method; what is quick is asked for at once."""
    reason = sides[0].network.unsupported.get(method.key)
    if reason is not None:
        return Found("unsupported", note=reason)
    reports: list[Report[DrawnExplanation]] = []
    for side in sides:
        report = shared.look(_key(side, choice, method))
        if report is None and not method.long:
            problem = _ask(side, choice, method)
            if problem is not None:
                return Found("unsupported", note=problem)
            report = shared.look(_key(side, choice, method))
        if report is None:
            return Found("idle", note=_LONG)
        reports.append(report)
    return join(reports)


def join(reports: Sequence[Report[DrawnExplanation]]) -> Found:
    """Reports on the two sides as one."""
    failed = next((report for report in reports if report.state is State.FAILED), None)
    if failed is not None:
        return Found("failed", note=failed.problem)
    each = max(report.total for report in reports)
    done = sum(report.done if report.is_open else each for report in reports)
    if any(report.is_open for report in reports):
        waits = all(report.state is not State.RUNNING for report in reports)
        return Found("waiting" if waits else "running", (), done, each * len(reports))
    return Found("done", tuple(report.result for report in reports if report.result is not None))


def _draw_tiles(
    sides: Sequence[ExplainSubject], choice: ExplainChoice, found: Mapping[str, Found]
) -> None:
    def compute(key: str) -> None:
        problems = [_ask(side, choice, METHODS[key]) for side in sides]
        for problem in filter(None, problems):
            st.toast(markup.escape_markdown(problem))

    def cancel(key: str) -> None:
        for side in sides:
            shared.cancel(_key(side, choice, METHODS[key]), session_id())

    subject = sides[0]
    classes = "/".join(f"{side.target}-{side.contrast}" for side in sides)
    draw_method_tiles(
        embed_pixels(subject.picture),
        [_tile(METHODS[key], each) for key, each in found.items()],
        choice.explain,
        [side.categories[side.target].name for side in sides] if len(sides) > 1 else [],
        token=f"{subject.digest}/{subject.network.source}/{classes}",
        key="method_tiles",
        on_open=lambda key: change(explain=key),
        on_compute=compute,
        on_cancel=cancel,
    )


def _tile(method: Method, found: Found) -> MethodTile:
    return MethodTile(
        method.key,
        method.name,
        found.state,
        method.long,
        [each.layer for each in found.drawn],
        found.done,
        found.total,
        found.note,
    )


# --- the open method -------------------------------------------------------------------------


def _draw_open(
    subject: ExplainSubject, sides: Sequence[ExplainSubject], choice: ExplainChoice, found: Found
) -> None:
    method = METHODS[choice.explain]
    st.html(markup.heading(method.name, method.family))
    drawn = "".join(_enlarge(side, found, place) for place, side in enumerate(sides))
    st.html(f'<div class="enlarged-sides">{drawn}</div>')
    draw_technique(_tell(method), named=False)
    if method.at_layer:
        _draw_layers(subject)
    draw_options(
        method.key,
        method.options,
        _settings(choice, method),
        lambda key, value: change_option(choice.options, method.key, key, value),
    )


def _tell(method: Method) -> Technique:
    """What the registry says of a method."""
    failure = method.failure
    return Technique(
        method.key,
        method.name,
        method.summary,
        (method.formula,),
        failure.statement,
        failure.source,
        (method.source,),
    )


def _enlarge(subject: ExplainSubject, found: Found, place: int) -> str:
    """The picture with an explanation over it, and the figures that belong to it."""
    drawn = found.drawn[place] if place < len(found.drawn) else None
    layer = f'<img class="layer" src="{drawn.layer}" alt="">' if drawn else ""
    caption = _tell_range(drawn) if drawn else found.note or "computing …"
    if found.state == "idle":
        caption = "not computed yet"
    title = f"{subject.asked}: {caption}"
    return (
        f'<figure class="enlarged"><div><img src="{embed_pixels(subject.picture)}" alt="">{layer}</div>'
        f'<figcaption title="{escape(title)}"><b>{escape(subject.asked)}</b> {escape(caption)}'
        "</figcaption></figure>"
    )


def _tell_range(found: DrawnExplanation) -> str:
    text = f"values {found.low:.3g} to {found.high:.3g}"
    if found.total is not None:
        total, expected = found.total
        missing = abs(total - expected) / abs(expected) if expected else np.inf
        text += f"; sum {total:.3g}"
        if total != expected and missing > COMPLETE:
            text += (
                f", {missing:.0%} off the {expected:.3g} that it should be"
                if expected
                else ", not 0"
            )
    return text.replace("-", "−")


def _draw_layers(subject: ExplainSubject) -> None:
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
        help="Early layers show edges of anything, late layers coarse positions.",
        on_change=lambda: change(at=st.session_state["maps_layer"] or None),
    )
