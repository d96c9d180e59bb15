"""Widgets for the options that a method's entry in the registry declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log10

import streamlit as st

from layerscope.explanation.method import Option, Setting

_DECADES = 4  # a range that is wider is chosen from powers of ten
Change = Callable[[str, Setting], None]


def fill_options(options: Sequence[Option], given: Mapping[str, Setting]) -> dict[str, Setting]:
    """Every option with its value, given or default."""
    return {option.key: given.get(option.key, option.default) for option in options}


def draw_options(
    name: str, options: Sequence[Option], values: Mapping[str, Setting], on_change: Change
) -> None:
    """A widget an option.

    Parameters
    ----------
    name : str
        Of the method.
    options : sequence of Option
    values : mapping of str to int, float or str
        Of every option.
    on_change : callable
        Called with the key of an option and its new value.
    """
    for option in options:
        key = f"option_{name}_{option.key}"
        st.session_state[key] = values[option.key]
        _draw_option(option, key, on_change)


def _draw_option(option: Option, key: str, on_change: Change) -> None:
    def change() -> None:
        on_change(option.key, st.session_state[key])

    if option.choices:
        st.segmented_control(
            option.label,
            option.choices,
            key=key,
            required=True,
            help=option.meaning,
            on_change=change,
            width="stretch",
        )
    elif isinstance(option.default, int):
        st.slider(
            option.label,
            int(option.low),
            int(option.high),
            key=key,
            help=option.meaning,
            on_change=change,
        )
    elif option.low > 0 and log10(option.high / option.low) > _DECADES:
        powers = [10.0**n for n in range(round(log10(option.low)), round(log10(option.high)) + 1)]
        st.select_slider(
            option.label,
            sorted({*powers, float(st.session_state[key])}),
            key=key,
            format_func=lambda value: f"{value:g}",
            help=option.meaning,
            on_change=change,
        )
    else:
        st.slider(
            option.label,
            option.low,
            option.high,
            step=0.01,
            key=key,
            help=option.meaning,
            on_change=change,
        )
