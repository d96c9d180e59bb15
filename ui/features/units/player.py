"""Activation maximisation on the page: what is asked for, and what comes of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import streamlit as st

from layerscope.features.patches import field_box, in_square
from layerscope.features.unit import Unit
from ui import markup
from ui.arrays import load_predictions, load_samples
from ui.channel.activations import find_logits
from ui.channel.figures import write_number
from ui.components.maximization_player import (
    Judgement,
    MaximizationPlayer,
    draw_maximization_player,
)
from ui.features.techniques import MAXIMIZATION
from ui.features.units.choice import (
    CLASS,
    NEURON,
    OPTIONS,
    SAMPLE,
    UnitChoice,
    change_option,
    has_maps,
)
from ui.features.units.layer_units import LayerUnits, load_units, name_units
from ui.features.units.maximization import ask_maximization, key_of, look_at
from ui.features.units.side import UnitSubject
from ui.live.maximization import Maximization, MaximizationTask, Verdict
from ui.queue import Report, session_id, shared
from ui.techniques import offer_technique

_LAST = "units_asked"  # in the session: key of the ascent that was asked for last
_HAVE = "units_have"  # token, and how many frames of it the browser has
_MOVED = "units_moved"  # whether the address was changed from within the fragment


@st.fragment
def draw_player(subject: UnitSubject, units: LayerUnits | None) -> None:
    """The panel's content: a fragment, drawn again and again while the picture changes."""
    if st.session_state.pop(_MOVED, False):
        st.rerun()  # the options at the side, too
    with st.container(key="units-ascent-head", horizontal=True, gap=None):
        st.html(markup.heading("Activation maximisation", name_objective(subject)))
        offer_technique(MAXIMIZATION)
    task = make_task(subject, units, subject.choice)
    _release_last(task)
    report = look_at(task)
    token = hashlib.blake2b(repr(key_of(task)).encode(), digest_size=8).hexdigest()
    draw_maximization_player(
        _describe(subject, units, task, report, _read_have(token, report)),
        token=token,
        key="units_player",
        on_start=lambda: _ask(task, token),
        on_stop=lambda: shared.cancel(key_of(task), session_id()),
        on_again=lambda: _ask_again(subject, units),
        on_tick=lambda have: st.session_state.update({_HAVE: (token, have)}),
    )


def make_task(
    subject: UnitSubject, units: LayerUnits | None, choice: UnitChoice
) -> MaximizationTask:
    """What is asked for. Of a class the logit is meant: it is held against the top-activating images by
    logit, or by probability where the run keeps no logits, which `judge` says.
    """
    selection, start = subject.selection, None
    if choice.ascent_from == SAMPLE:
        start = selection.sample or 0
    logits = find_logits(subject.run)
    rivals = units
    if units is not None and subject.kind == CLASS and logits is not None:
        rivals = load_units(subject.run, selection.size, subject.contents.layer(logits))
    strongest = () if rivals is None else tuple(map(int, rivals.uid[subject.channel]))
    unit = choice.find_unit(subject.layer, subject.channel)
    return MaximizationTask(subject.run, unit, choice.settings(), start, strongest)


def _ask(task: MaximizationTask, token: str) -> None:
    st.session_state[_HAVE] = (token, 0)
    problem = ask_maximization(task)
    if problem:
        st.toast(markup.escape_markdown(problem))
    else:
        st.session_state[_LAST] = task


def _ask_again(subject: UnitSubject, units: LayerUnits | None) -> None:
    """With the next seed."""
    seed = OPTIONS[-1]
    value = (subject.choice.settings().random_state + 1) % (int(seed.high) + 1)
    choice = replace(subject.choice, ascent={**subject.choice.ascent, seed.key: value})
    change_option(subject.choice, seed.key, value)
    st.session_state[_MOVED] = True
    _ask(make_task(subject, units, choice), "")


def _release_last(task: MaximizationTask) -> None:
    """What was asked for with another unit or other options is wanted no more."""
    last = st.session_state.get(_LAST)
    if last is not None and last != task:
        shared.cancel(key_of(last), session_id())
        del st.session_state[_LAST]


def _read_have(token: str, report: Report[Maximization] | None) -> int:
    """How many frames need not be sent again."""
    of, have = st.session_state.get(_HAVE, ("", 0))
    there = len(report.result.frames) if report is not None and report.result else 0
    return have if of == token and have <= there else 0


def _describe(
    subject: UnitSubject,
    units: LayerUnits | None,
    task: MaximizationTask,
    report: Report[Maximization] | None,
    have: int,
) -> MaximizationPlayer:
    found = report.result if report is not None and report.result is not None else Maximization()
    start = ""
    if task.start is not None and not found.frames:
        start = markup.embed(load_samples(task.run).encoded(task.start), "image/webp")
    return MaximizationPlayer(
        state="idle" if report is None else report.state.value,
        unit=subject.name,
        value=_name_value(subject),
        hint=_hint(subject, task),
        start=start,
        total=task.ascent.n_steps,
        first=have,
        frames=found.frames[have:],
        objective=[_round(value) for value in found.objective],
        variation=[_round(value) for value in found.variation],
        states="".join(state[0] for state in found.states),
        seconds=round(found.seconds, 4),
        box=_find_eye(subject, task.unit),
        notes=tell_states(found, units, subject),
        problem=report.problem if report is not None else "",
        judgement=judge(subject, units, found.verdict) if found.verdict else None,
    )


def _round(value: float) -> float:
    return float(f"{value:.5g}")


def name_objective(subject: UnitSubject) -> str:
    """What is maximised: of a class never the probability, whichever layer it was chosen at."""
    if subject.kind == CLASS:
        return f"logit of {subject.name}"
    return f"{subject.layer.key}, {subject.name}"


def _name_value(subject: UnitSubject) -> str:
    if name_units(subject.run, subject.layer) is not None:
        return "Logit of the class"
    if subject.kind == NEURON or not has_maps(subject.layer):
        return "Value of the neuron"
    return "Mean of the channel"


def _hint(subject: UnitSubject, task: MaximizationTask) -> str:
    source = "grey noise" if task.start is None else f"sample {task.start:04d}"
    if name_units(subject.run, subject.layer) is None:
        return f"Start changes {source}, step by step, so that {subject.name} becomes ever more active."
    return (
        f"Start changes {source}, step by step, so that the logit of {subject.name} rises: its probability "
        "also rises where all others fall."
    )


def _find_eye(subject: UnitSubject, unit: Unit) -> tuple[float, float, float, float] | None:
    if unit.position is None:
        return None
    size = load_predictions(subject.run).layers[0].shape[1:]
    box = field_box(subject.layer, *unit.position, size)
    return None if box is None else in_square(box, size)


def tell_states(found: Maximization, units: LayerUnits | None, subject: UnitSubject) -> list[str]:
    """What is to be known of steps in which the unit gave nothing.

    Parameters
    ----------
    found : Maximization
        As far as it has come.
    units : LayerUnits or None
        Where arrays tell what samples make of the channel.
    subject : UnitSubject
    """
    notes = []
    silent = found.states.count("silent")
    dead = bool(found.states) and found.states[-1] == "dead"
    if dead:
        notes.append(
            f"Nothing woke this unit in {len(found.states) - 1} steps: its ReLU gave zero to every view, "
            "also where the input to the ReLU was raised. What a unit gives nothing to it does not tell "
            f"apart, and the layers behind it do without it. {_tell_data(units, subject)}"
        )
    elif silent:
        notes.append(
            f"Silent in {silent} of {len(found.states)} steps (hatched): its ReLU gave zero and no "
            "gradient, so the picture was changed by what the channel gives before the ReLU."
        )
    return notes


def _tell_data(units: LayerUnits | None, subject: UnitSubject) -> str:
    """Whether any sample wakes the channel of a dead unit, and what to try."""
    size = subject.selection.size
    if units is None:
        return "Another seed may still."
    if not units.value[subject.channel].any():
        return f"None of {size} samples wakes it either: it seems dead."
    uid = int(units.uid[subject.channel, 0])
    return f"But sample {uid:04d} does: start from that one, or with another seed."


def judge(subject: UnitSubject, units: LayerUnits | None, verdict: Verdict) -> Judgement:
    """Whether the picture drives the unit more than any sample does, and what the model predicts for it.

    Parameters
    ----------
    subject : UnitSubject
    units : LayerUnits or None
        Their largest activations are of all samples; of the verdict of ten.
    verdict : Verdict
    """
    names = [category.name for category in subject.contents.outputs]
    classes = [(names[output], round(share, 4)) for output, share in verdict.classes]
    if verdict.best_value is None or verdict.best_peak is None:
        title = f"Value {write_number(verdict.value)}"
        return Judgement(title, "There are no samples to compare it with.", classes=classes)
    best, uid = verdict.best_value
    rows = [_compare(_row_name(subject), verdict.value, best)]
    top = verdict.best_peak[0]
    is_channel = has_maps(subject.layer) and subject.kind != NEURON
    if is_channel and units is not None:
        top = float(units.strongest[subject.channel])
        rows.append(_compare("peak", verdict.peak, top))
    wins = verdict.value > best
    title = "Superstimulus" if wins else "No superstimulus"
    text = "it beats the best samples" if wins else f"sample {uid:04d} drives it more"
    if subject.kind == CLASS and find_logits(subject.run) is None:
        text += "; compared with those of the highest probability, as the run keeps no logits"
    return Judgement(title, text, rows, classes, _round(best))


def _row_name(subject: UnitSubject) -> str:
    if subject.kind == CLASS:
        return "logit"
    return "mean" if has_maps(subject.layer) and subject.kind != NEURON else "value"


def _compare(name: str, picture: float, sample: float) -> tuple[str, str, str, str]:
    """Two values, and their ratio where that means something."""
    ratio = f"× {picture / sample:.3g}" if picture > 0 and sample > 0 else ""
    return name, write_number(picture, 3), write_number(sample, 3), ratio
