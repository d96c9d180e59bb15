"""What runs, data sets, models, trainings, comparisons, sweeps and experiments may be called.

They become parts of paths, addresses and command lines, so that nothing may stand in them that has a meaning
there.
"""

from __future__ import annotations

import re

from layerscope.errors import InputError

RULE = (
    "a name consists of letters from a to z, digits, `.`, `_` and `-`, at most 100 of them, "
    "and begins with neither `.` nor `-`"
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def is_name(text: str) -> bool:
    """Whether a text can be a name; `RULE` says what can."""
    return _NAME.fullmatch(text) is not None


def check_name(text: str, where: str) -> str:
    """A name that came from outside, as it is.

    Parameters
    ----------
    text : str
    where : str
        What is called so, or where it stands: the beginning of the message.

    Raises
    ------
    InputError
        Where it cannot be one.
    """
    if not is_name(text):
        raise InputError(f"{where}: {RULE} (given: {text!r:.80})")
    return text


def name_run(dataset: str, model: str) -> str:
    """What the run of a data set and a model is called: no dots, which DVC takes for levels of keys."""
    return f"{dataset}-{re.sub(r'[^a-zA-Z0-9_]', '_', model)}"
