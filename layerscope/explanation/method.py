"""What a method of explanation is: an entry of the registry, its options, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from layerscope.errors import InputError

Setting = int | float | str
COMPLETE = 0.01  # of what values must sum to, what may be missing for them to do so


class Cancelled(Exception):
    """An explanation was given up before it was complete."""


@dataclass(frozen=True)
class Attribution:
    """What a method found, for N pictures of side S.

    Attributes
    ----------
    values : ndarray of float32, (N, S, S)
        One number per pixel. Whether it is signed stands in the method's entry.
    channels : ndarray of float32, (N, H, W, C), optional
        The same before the colour channels were joined.
    maps : ndarray of float32, (N, h, w), optional
        The same at the resolution it was found at: of a layer, or of a grid of patches.
    segments : ndarray of int32, (N, S, S), optional
        The superpixels that values are constant on.
    total : ndarray of float32, (N,), optional
        What the values of a picture must sum to where the method promises a sum, in logits.
    """

    values: np.ndarray
    channels: np.ndarray | None = None
    maps: np.ndarray | None = None
    segments: np.ndarray | None = None
    total: np.ndarray | None = None


@dataclass(frozen=True)
class Option:
    """A choice that a method leaves open.

    Attributes
    ----------
    key : str
        Keyword of `layerscope.explanation.registry.attribute`.
    label, meaning : str
        A short name, and one sentence.
    default : int, float or str
        Its type is the option's.
    low, high : float
        Of a number, both included.
    choices : tuple of str
        Of a word.
    """

    key: str
    label: str
    meaning: str
    default: Setting
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()

    def check(self, value: object) -> Setting:
        """The value as the option's type. Raises `InputError` where it is not allowed."""
        if self.choices:
            if value not in self.choices:
                raise InputError(f"{self.key} is {value!r}; use {', '.join(self.choices)}")
            return str(value)
        whole = isinstance(self.default, int)
        if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
            raise self._outside(value)
        number = float(value)
        if not self.low <= number <= self.high:  # which NaN is not either
            raise self._outside(value)
        return int(number) if whole else number

    def _outside(self, value: object) -> InputError:
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        return InputError(f"{self.key} is {value!r}; use {kind} from {self.low:g} to {self.high:g}")


def check_options(options: tuple[Option, ...], given: dict[str, object]) -> dict[str, Setting]:
    """Every option with its value, given or default.

    Raises
    ------
    InputError
        For an option that there is not, or a value that is not allowed.
    """
    for key in given:
        if key not in {option.key for option in options}:
            known = ", ".join(option.key for option in options) or "none"
            raise InputError(f"unknown option {key!r}; there are: {known}")
    return {option.key: option.check(given.get(option.key, option.default)) for option in options}


@dataclass(frozen=True)
class Citation:
    """A publication."""

    authors: str
    year: int
    title: str
    url: str


@dataclass(frozen=True)
class Failure:
    """What is known to go wrong with a method, in one sentence, and who showed it."""

    statement: str
    source: Citation


@dataclass(frozen=True)
class Method:
    """An entry of the registry.

    Attributes
    ----------
    key, name : str
    family : str
        ``gradient``, ``map``, ``relevance``, ``attention`` or ``perturbation``.
    summary : str
        Two sentences: what is computed, and how to read it.
    formula : str
        In KaTeX; S is the score that is explained, x the picture.
    source : Citation
    failure : Failure
    signed : bool
        Whether negative values count against the output. If not, no value is negative.
    explain : str
        ``module.function`` of this package, which `layerscope.explanation.registry` imports when it is
        called for: the app knows all methods and imports none. Of an `ExplanationTask` and the options as
        keywords; returns an `Attribution`.
    options : tuple of Option
    supports : str, optional
        The same, of a `Classifier`; returns None where the method works on it, else one line that says
        why not. Without it the method works on every model.
    at_layer : bool
        Whether it looks at one layer with feature maps, which can be chosen.
    long : bool
        Whether it runs the model many times a picture, one picture after another.
    """

    key: str
    name: str
    family: str
    summary: str
    formula: str
    source: Citation
    failure: Failure
    signed: bool
    explain: str
    options: tuple[Option, ...] = ()
    supports: str | None = None
    at_layer: bool = False
    long: bool = False
