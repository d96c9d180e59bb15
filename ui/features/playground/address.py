"""What of the t-SNE playground stands in the address beside the selection that all pages share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ui.address import recall_part, write_part

VIEWS = {"film": "Perplexity", "caution": "Seeds and noise", "methods": "How they work"}
STARTS = {"pca": "PCA", "random": "Random"}
KEYS = ("trial", "trial_n", "trial_perplexity", "trial_start", "trial_seed")
LOWEST = 2  # perplexity
LAST_SEED = 999
_COUNTS = (100, 200, 300)
_USUAL_COUNT, _USUAL_PERPLEXITY = 200, 30
_NUMBER = re.compile(r"0|[1-9]\d{0,3}", re.ASCII)


@dataclass(frozen=True)
class TrialChoice:
    """What is tried, and which side of it is looked at.

    Attributes
    ----------
    view : str
        A key of `VIEWS`.
    n : int
        Number of samples, the first of the run.
    perplexity : int
        One that they can carry.
    start : str
        A key of `STARTS`.
    seed : int
        From 0 to `LAST_SEED`.
    """

    view: str
    n: int
    perplexity: int
    start: str
    seed: int


def offer_counts(available: int) -> tuple[int, ...]:
    """Numbers of samples to choose from, rising; all that there are where these are few."""
    return tuple(count for count in _COUNTS if count <= available) or (available,)


def limit_perplexity(n: int) -> int:
    """The largest perplexity that a number of samples can carry: a third of the others."""
    return max(LOWEST, (n - 1) // 3)


def read_trial(
    params: Mapping[str, str], counts: tuple[int, ...], seed: int
) -> tuple[TrialChoice, list[str]]:
    """What the address asks for, and the names of what it asks for in vain.

    Parameters
    ----------
    params : mapping
    counts : tuple of int
        Numbers of samples that there are.
    seed : int
        The usual one.
    """
    refused: list[str] = []

    def match(key: str, options: Mapping[str, str], start: str, name: str) -> str:
        text = params.get(key, start)
        if text in options:
            return text
        refused.append(name)
        return start

    def count(key: str, low: int, high: int, start: int, name: str) -> int:
        text = params.get(key)
        if text is None:
            return start
        if _NUMBER.fullmatch(text) and low <= int(text) <= high:
            return int(text)
        refused.append(name)
        return start

    view = match("trial", VIEWS, "film", "side of the trial")
    n = _USUAL_COUNT if _USUAL_COUNT in counts else counts[-1]
    n = int(match("trial_n", {str(each): "" for each in counts}, str(n), "number of samples"))
    most = limit_perplexity(n)
    usual = min(_USUAL_PERPLEXITY, most)
    perplexity = count("trial_perplexity", LOWEST, most, usual, "perplexity")
    start = match("trial_start", STARTS, "pca", "start")
    return TrialChoice(
        view, n, perplexity, start, count("trial_seed", 0, LAST_SEED, seed, "seed")
    ), refused


def write_trial(choice: TrialChoice) -> None:
    """Put the choice in the address, and remember it for the next visit."""
    wanted = {
        "trial": choice.view,
        "trial_n": str(choice.n),
        "trial_perplexity": str(choice.perplexity),
        "trial_start": choice.start,
        "trial_seed": str(choice.seed),
    }
    write_part("trial", KEYS, wanted)


def recall_trial() -> None:
    """Where the view is opened without a choice, go on with the one of this session."""
    recall_part("trial", KEYS)
