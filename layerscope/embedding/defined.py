"""Which figures of a layout can be told from the classes that its samples have."""

from __future__ import annotations

import numpy as np

from layerscope.errors import NO_LABELS


def count_neighbors(wanted: int, n: int) -> int:
    """How many neighbours of n samples are looked at: fewer than wanted where there are few samples."""
    return max(1, min(wanted, (n - 1) // 2))


def plan_vote(labels: np.ndarray, wanted: int) -> tuple[int, np.ndarray]:
    """How many neighbours may vote on a sample's class, and which samples they can judge.

    Leaving a sample out leaves one fewer of its class. Where the others of it are not half of the voters, it
    may lose the vote though its class lies apart from all others: accuracy would fall below chance, and say
    how large classes are. So there are as many voters, up to those wanted, as can judge half of the samples,
    and two classes; samples whose classes are smaller than that are left out.

    Parameters
    ----------
    labels : ndarray of int, (n,)
        From 0; -1 for samples without one.
    wanted : int

    Returns
    -------
    int
        0 where no number of voters will do.
    ndarray of bool, (n,)
    """
    counts = np.bincount(labels[labels >= 0], minlength=1)
    for k in range(wanted, 0, -1):
        large = 2 * (counts - 1) >= k
        judged = (labels >= 0) & large[labels]
        if large.sum() > 1 and 2 * judged.sum() >= len(labels):
            return k, judged
    return 0, np.zeros(len(labels), dtype=bool)


def tell_vote(labels: np.ndarray, wanted: int) -> str:
    """One line on what `plan_vote` leaves out; empty where it leaves out nothing."""
    k, judged = plan_vote(labels, wanted)
    if not k:
        return _tell_few(labels) or "too few classes have two samples or more"
    told = [] if k == wanted else [f"by {k} neighbours, not {wanted}, as classes are small"]
    if not judged.all():
        told.append(
            f"of {judged.sum()} of {len(labels)} samples: the others' classes are too small"
        )
    return ", ".join(told)


def tell_silhouette(labels: np.ndarray) -> str:
    """Why these classes have no silhouette, in one line; empty where they have one."""
    if len(np.unique(labels)) == len(labels):
        return "each sample has a class of its own"
    return _tell_few(labels)


def _tell_few(labels: np.ndarray) -> str:
    if (labels < 0).all():
        return NO_LABELS
    return "all samples are of one class" if len(np.unique(labels)) == 1 else ""
