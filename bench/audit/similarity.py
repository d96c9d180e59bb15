"""Similarity of layers: CKA by the estimator of Song et al. (2012), its interval, and by classes alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.linalg import svdvals
from scipy.stats import t

from bench.audit.layers import list_varied
from bench.audit.report import Line
from bench.audit.subject import Subject
from layerscope.errors import InputError
from layerscope.storage.store import Store, store_path

_SMALL = 100  # samples, of which the biased estimate says too much
_SAME = 1 - 1e-5


def make_gram(features: np.ndarray) -> np.ndarray:
    """Inner products of samples about their mean (n, n), in double precision."""
    centred = features.astype(np.float64)
    centred -= centred.mean(axis=0)
    return centred @ centred.T


def measure_biased(first: np.ndarray, second: np.ndarray) -> float:
    """CKA of centred Gram matrices (Kornblith et al. 2019)."""
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum()))


def make_hollow(gram: np.ndarray) -> np.ndarray:
    """Without the diagonal."""
    return gram - np.diag(np.diag(gram))


def estimate_hsic(first: np.ndarray, second: np.ndarray) -> tuple[float, np.ndarray]:
    """The unbiased estimate of HSIC by equation 5 of Song et al. (2012), and without each sample.

    Parameters
    ----------
    first, second : ndarray, (n, n)
        Gram matrices, centred or not; their diagonals are not looked at.

    Returns
    -------
    float
    ndarray, (n,)
    """
    k, m, n = make_hollow(first), make_hollow(second), len(first)
    rows, others, both = k.sum(axis=1), m.sum(axis=1), (k * m).sum(axis=1)
    lost = k @ others + m @ rows + rows * others - both  # of 1'KM1, without a sample
    found = []
    for at, left in ((0, n), (1, n - 1)):  # of all samples, and of all but each
        inner = (
            (both.sum() - 2 * at * both)
            + (rows.sum() - 2 * at * rows)
            * (others.sum() - 2 * at * others)
            / ((left - 1) * (left - 2))
            - 2 * (rows @ others - at * lost) / (left - 2)
        )
        found.append(inner / (left * (left - 3)))
    return float(found[0][0]), found[1]


@dataclass(frozen=True)
class Cka:
    """Debiased CKA, and its jackknife interval of 95 %."""

    value: float
    low: float
    high: float


def measure_debiased(first: np.ndarray, second: np.ndarray) -> Cka:
    """From Gram matrices (n, n); the interval by the jackknife of Fisher's z."""
    pairs = ((first, second), (first, first), (second, second))
    both, one, other = (estimate_hsic(*pair) for pair in pairs)
    value = both[0] / np.sqrt(one[0] * other[0])
    if value >= _SAME:
        return Cka(1.0, 1.0, 1.0)
    n, z = len(first), np.arctanh(both[1] / np.sqrt(one[1] * other[1]))
    error = np.sqrt((n - 1) ** 2 / n * z.var(ddof=1)) * t.ppf(0.975, n - 1)
    low, high = (float(np.tanh(np.arctanh(value) + side * error)) for side in (-1, 1))
    return Cka(float(value), low, high)


def centre(gram: np.ndarray) -> np.ndarray:
    """U-centred (Székely and Rizzo 2014), by its definition: entries less means of row, column and all."""
    n, hollow = len(gram), make_hollow(gram)
    rows = hollow.sum(axis=1)
    found = hollow - rows[:, None] / (n - 2) - rows / (n - 2) + rows.sum() / ((n - 1) * (n - 2))
    return make_hollow(found)


def expect_within(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> float:
    """The mean debiased CKA over all permutations of samples within their classes, without drawing any.

    A pair of samples of two classes goes to each such pair as often, so that sums over blocks are all that
    is left of either matrix.
    """
    member = (labels[:, None] == np.unique(labels)).astype(float)  # (n, classes)
    sizes = member.sum(axis=0)
    pairs = np.maximum(np.outer(sizes, sizes) - np.diag(sizes), 1)
    one, other = centre(first), centre(second)
    total = ((member.T @ one @ member) * (member.T @ other @ member) / pairs).sum()
    return float(total / np.sqrt((one**2).sum() * (other**2).sum()))


def measure_nuclear(first: np.ndarray, second: np.ndarray) -> float:
    """Nuclear norm of X'Y of centred clouds (n, k), by the product of their Frobenius norms."""
    x, y = (
        each.astype(np.float64) - each.mean(axis=0, dtype=np.float64) for each in (first, second)
    )
    return float(svdvals(x.T @ y).sum() / (np.linalg.norm(x) * np.linalg.norm(y)))


def audit_similarity(subject: Subject) -> Iterator[Line]:
    """Stored similarities of some layers of a run with those of the run that it is compared with."""
    chosen = [
        (n, each) for n, each in subject.params.comparisons.items() if each.first == subject.name
    ]
    if not chosen:
        raise InputError(f"{subject.name}: no comparison begins with it")
    for name, comparison in chosen:
        store = Store(store_path("similarity", name))
        same = comparison.second == comparison.first
        second = subject if same else Subject(comparison.second, subject.params, subject.half)
        yield from compare(subject, second, store, "first-first" if same else "first-second")


def compare(subject: Subject, second: Subject, store: Store, sides: str) -> Iterator[Line]:
    """Lines of one comparison."""
    n, statistics = int(store.attributes["n"]), list(store.attributes["statistics"])
    if n != subject.size or n != second.size:
        raise InputError(f"{subject.name}: {n} samples were compared, {subject.size} are looked at")
    pairs = [(run, list_varied(run, run.few)) for run in (subject, second)]
    grams = [{key: make_gram(run.maps((key, run.own))[0]) for key in keys} for run, keys in pairs]
    stored = store.read(f"{sides}/cka")
    at = {name: stored[statistics.index(name)] for name in statistics}
    worst = dict.fromkeys(("value", "low", "high", "class_mean"), 0.0)
    told = []
    for one, other in product(*grams):
        place = subject.depth(one), second.depth(other)
        pair = grams[0][one], grams[1][other]
        found, within = measure_debiased(*pair), expect_within(*pair, subject.labels)
        figures = {"value": found.value, "low": found.low, "high": found.high, "class_mean": within}
        for name, value in figures.items():
            worst[name] = max(worst[name], abs(float(at[name][place]) - value))
        if subject is not second or one != other:
            told.append((one, other, found, within, at["null_high"][place]))
    what = f"{len(grams[0])} x {len(grams[1])} layers with {second.name}"
    by = {
        "value": "NumPy, equation 5 of Song et al.",
        "low": "NumPy, each sample left out",
        "high": "NumPy, each sample left out",
        "class_mean": f"NumPy, exactly; stored is of {store.attributes['n_permutations']} permutations",
    }
    for name, difference in worst.items():
        yield Line(9, f"CKA, {name}: {what}", difference=difference, by=by[name])
    for one, other, found, within, chance in sorted(told, key=lambda each: -each[3])[:3]:
        former = (
            f"{measure_biased(grams[0][one], grams[1][other]):.2f}; by chance up to {chance:.2f}"
        )
        now = (
            f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]; by classes alone {within:.2f}"
        )
        yield Line(9, f"CKA of {one} and {other}, n = {n}", former, now)
    yield from tell_small(subject, second, grams, [each[:2] for each in told])
    yield from audit_clouds(subject, second, store, sides)


def tell_small(
    subject: Subject,
    second: Subject,
    grams: list[dict[str, np.ndarray]],
    pairs: list[tuple[str, str]],
) -> Iterator[Line]:
    """The pair of which the biased estimate says most too much, of a hundred samples."""
    found = []
    for one, other in pairs:
        small = [
            make_gram(run.maps((key, run.own))[0][:_SMALL])
            for run, key in ((subject, one), (second, other))
        ]
        found.append((measure_biased(*small), measure_debiased(*small), one, other))
    biased, debiased, one, other = max(found, key=lambda each: each[0] - each[1].value)
    whole = measure_debiased(grams[0][one], grams[1][other]).value
    now = f"{debiased.value:.2f}; of all {subject.size} samples {whole:.2f}"
    yield Line(9, f"CKA of {one} and {other}, n = {_SMALL}", f"{biased:.2f}", now, by="NumPy")


def audit_clouds(subject: Subject, second: Subject, store: Store, sides: str) -> Iterator[Line]:
    """The nuclear norm of embedded layers, and what mere repetition gives."""
    n, name = subject.size, f"{subject.params.umap.n_components}d"
    value = store.read(f"{sides}/nuclear")[0]
    clouds = [run.store("umap").read(f"{n}/{name}") for run in (subject, second)]
    worst = 0.0
    for one, other in product(subject.few, second.few):
        place = subject.depth(one), second.depth(other)
        points = clouds[0][place[0]], clouds[1][place[1]]
        if all(np.ptp(each) > 0 for each in points):
            worst = max(worst, abs(float(value[place]) - measure_nuclear(*points)))
    yield Line(9, f"nuclear norm of {name} UMAPs, with {second.name}", difference=worst, by="SciPy")
    again = subject.store("umap")
    figures = list(again.attributes["repetition"])
    repeated = again.read(f"{n}/{name}_repeated")
    low, high = np.nanmin(repeated, axis=0), np.nanmax(repeated, axis=0)
    now = ", ".join(
        f"{figure} {low[i]:.2f} to {high[i]:.2f}"
        for i, figure in enumerate(figures)
        if figure != "movement_high"
    )
    yield Line(9, f"the same layer by {name} UMAP again", "not told", now)
