"""Layers as they are: components, neighbours, accuracy; pools, grids, and the band of agreement."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.metrics.pairwise import cosine_distances
from sklearn.neighbors import NearestNeighbors

from bench.audit.report import OTHER, Line, farthest
from bench.audit.subject import Subject, list_pools

K = 10
_SAME = 2**-20  # of the largest value: samples are equal
_BY = "scikit-learn, float64"


def near(features: np.ndarray, k: int = K) -> np.ndarray:
    """Exact neighbours (n, k), in double precision."""
    search = NearestNeighbors(n_neighbors=k, algorithm="brute")
    return search.fit(features.astype(np.float64)).kneighbors()[1]


def near_by_angle(features: np.ndarray, k: int = K) -> np.ndarray:
    """The k of the largest cosine, (n, k)."""
    distances = cosine_distances(features.astype(np.float64))
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


def vote(neighbors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether the most frequent class among the neighbours is the sample's, ties to the nearer: (n,) bool."""
    right = []
    for row, own in zip(labels[neighbors], labels, strict=True):
        names, first, counts = np.unique(row, return_index=True, return_counts=True)
        right.append(names[np.lexsort((first, -counts))[0]] == own)
    return np.array(right)


def share_kept(found: np.ndarray, true: np.ndarray) -> float:
    """Share of true neighbours among those found."""
    return float(np.mean([len({*a} & {*b}) / len(b) for a, b in zip(found, true, strict=True)]))


def is_constant(features: np.ndarray) -> bool:
    """Whether all samples are equal."""
    return bool(np.ptp(features, axis=0).max() <= _SAME * np.abs(features).max())


def reduce(subject: Subject, key: str) -> np.ndarray:
    """What PCA keeps of a layer, (n, k) float64: at least two components."""
    (features,) = subject.maps((key, subject.own))
    wide = features.astype(np.float64)
    found = PCA(svd_solver="full").fit(wide)
    share = np.cumsum(found.explained_variance_ratio_)
    kept = max(2, int(np.searchsorted(share, subject.params.pca.variance, side="right")) + 1)
    return found.transform(wide)[:, :kept]


def list_varied(subject: Subject, keys: list[str]) -> list[str]:
    """Those layers whose samples are not all equal."""
    found = subject.maps(*((key, subject.own) for key in keys))  # in one pass
    return [key for key, x in zip(keys, found, strict=True) if not is_constant(x)]


def audit_layers(subject: Subject) -> Iterator[Line]:
    """Components, neighbours and accuracy of every layer."""
    n = str(subject.size)
    worst: dict[str, tuple[float, str]] = {}

    def note(name: str, difference: float) -> None:
        worst[name] = max(worst.get(name, (0.0, "")), (float(difference), key))

    stored, pca = subject.store("nearest"), subject.store("pca")
    for key in list_varied(subject, subject.keys):
        depth = subject.depth(key)
        (x,) = subject.maps((key, subject.own))
        scores, row = reduce(subject, key), subject.table[key, "features"]
        points = np.abs(pca.read(f"{n}/points", depth)) - np.abs(scores[:, :2])
        note("PCA", np.abs(points).max() / np.abs(scores).max())
        true = near(x)
        note("nearest", 1 - share_kept(stored.read(f"{n}/indices", depth), true))
        note("cosine", 1 - share_kept(stored.read(f"{n}/cosine", depth), near_by_angle(x)))
        accuracy = vote(true, subject.labels).mean()
        note("accuracy", abs(float(row["knn_accuracy"]) - accuracy))
        silhouette = silhouette_score(x, subject.labels)
        note("silhouette", abs(float(row["silhouette"]) - silhouette))
        kept = float(subject.table[key, "components"]["neighbors_kept"])
        note("kept", abs(kept - share_kept(near(scores), true)))
    if subject.left_out:
        told = "; ".join(f"{key} ({why})" for key, why in subject.left_out.items())
        yield Line(
            OTHER, f"not looked at, {len(subject.left_out)} of {len(subject.layers)}: {told}"
        )
    names = {
        "PCA": (OTHER, "two components of every layer, of the largest score"),
        "silhouette": (OTHER, "silhouette of every layer"),
        "accuracy": (OTHER, "kNN accuracy in every layer"),
        "nearest": (2, "ten nearest in every layer: share that differs"),
        "cosine": (2, "the same by cosine"),
        "kept": (2, "neighbours that PCA keeps, in every layer"),
    }
    for name, (difference, where) in worst.items():
        point, what = names[name]
        yield Line(point, f"{what}, most in {where}", difference=difference, by=_BY)


def audit_grids(subject: Subject) -> Iterator[Line]:
    """Whether accuracy jumps at pools, with cells of a factor and on one grid; and at other grids."""
    pool = f"pool{subject.params.activations.pool}"
    for pair in list_pools(subject):
        former, now = (
            [vote(near(x), subject.labels).mean() for x in subject.maps(*((k, way) for k in pair))]
            for way in (pool, subject.own)
        )
        stored = [float(subject.table[key, "features"]["knn_accuracy"]) for key in pair]
        apart = farthest(stored, now)
        before, after = (f"{one:.3f} to {other:.3f}" for one, other in (former, now))
        what = f"kNN accuracy from {pair[0]} to {pair[1]}"
        yield Line(1, what, before, after, apart, _BY)
    for each in subject.params.activations.other_grids(subject.size):
        worst, told = 0.0, []
        for key in list_varied(subject, subject.few):
            (x,) = subject.maps((key, each.name))
            found = vote(near(x), subject.labels).mean()
            worst = max(worst, abs(float(subject.table[key, each.name]["knn_accuracy"]) - found))
            told.append(f"{found:.2f}")
        what = f"kNN accuracy at {each.number} x {each.number} cells, {len(told)} layers"
        yield Line(1, what, "", ", ".join(told), worst, _BY)


def audit_neighbors(subject: Subject) -> Iterator[Line]:
    """What PCA loses of the nearest, and how far k and the grid move where neighbours agree from."""
    n = str(subject.size)
    kept = {
        key: float(subject.table[key, "components"]["neighbors_kept"])
        for key in list_varied(subject, subject.keys)
    }
    for key in sorted(kept, key=lambda key: kept[key])[:3]:
        yield Line(2, f"nearest in {key}", f"{kept[key]:.2f} of the true ten", "all of them")
    stored = subject.store("nearest")
    settings = [(str(name), int(k)) for name, k in stored.attributes["settings"][n]]
    agrees = np.moveaxis(stored.read(f"{n}/agrees"), 1, 2)  # (setting, sample, layer)
    worst, varied = 0.0, list_varied(subject, subject.few)
    for (name, k), told in zip(settings, agrees, strict=True):
        for key in varied:
            found = vote(near(subject.maps((key, name))[0], k), subject.labels)
            worst = max(worst, float((found != told[:, subject.depth(key)]).mean()))
    what = (
        f"votes of neighbours, {len(settings)} settings, {len(varied)} layers: share that differs"
    )
    yield Line(3, what, difference=worst, by="scikit-learn, NumPy")
    firsts = np.array([[agree_from(row) for row in each] for each in agrees])
    own = settings[0][0]
    if (own, 5) in settings:
        ever = firsts.min(axis=0) < agrees.shape[2]
        moved = np.abs(firsts[settings.index((own, 5))] - firsts[0])[ever]
        width = np.median((firsts.max(axis=0) - firsts.min(axis=0))[ever])
        what = f"neighbours agree from, {ever.sum()} samples of which they do"
        former = f"one layer; {(moved >= 3).mean():.0%} move by 3 layers or more with k = 5"
        now = f"a band, {width:.0f} layers wide in the median"
        yield Line(3, what, former, now, by="NumPy, from stored votes")


def agree_from(agrees: np.ndarray) -> int:
    """The first layer (of n) from which on all agree; n where the last does not."""
    wrong = np.flatnonzero(~agrees.astype(bool))
    return int(wrong[-1]) + 1 if len(wrong) else 0
