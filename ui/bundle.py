"""The embedded data: out of the repository's own DVC remote, at the first start after a clone."""

from __future__ import annotations

from collections.abc import Callable

from layerscope.errors import InputError
from layerscope.storage.store import DATA, store_path
from projects.building import fetch, open_repo
from ui.library import load_params

EMBEDDED = ("objects-vgg16_slim", "birds-vgg16_slim", "objects-efficientnet_lite0")
COMPARED = ("objects", "birds")
_READ_BY_THE_APP = (
    "samples",
    "predictions",
    "pca",
    "nearest",
    "umap",
    "densmap",
    "pacmap",
    "cam",
    "channels",
)


def is_complete(run: str) -> bool:
    """Whether the arrays that the app reads of a run are there."""
    stores = [store_path(run, name) for name in _READ_BY_THE_APP]
    return all(
        store.exists() for store in [*stores, DATA / run / "tsne", DATA / run / "layers.csv"]
    )


def _list_missing() -> list[str]:
    """Beginnings of the paths of what is not there."""
    try:
        params = load_params()
    except InputError:
        return []  # which pages say
    runs = [f"data/{run}/" for run in EMBEDDED if run in params.runs and not is_complete(run)]
    stores = [
        f"data/similarity/{name}.zarr"
        for name in COMPARED
        if name in params.comparisons and not store_path("similarity", name).exists()
    ]
    return runs + stores


def ensure_bundle(report: Callable[[int, int], object] = lambda done, of: None) -> str | None:
    """Fetch what is missing of the embedded runs.

    Works in a clone and in a source archive without git history, and reaches no network.

    Parameters
    ----------
    report : callable, optional
        Called with the bytes that are done and those of all that is to be fetched, at the start and
        after each output.

    Returns
    -------
    str or None
        One line to show where it failed; the page then lives with what there is.
    """
    missing = _list_missing()
    if not missing:
        return None
    from dvc.exceptions import DvcException

    try:
        with open_repo() as repo, repo.lock:
            outs = [
                out
                for out in repo.index.outs
                if out.can_push and any(each in out.def_path for each in missing)
            ]
            done, total = 0, sum(out.meta.size or 0 for out in outs)
            report(done, total)
            for out in outs:
                fetch(repo, out)
                done += out.meta.size or 0
                report(done, total)
    except (DvcException, OSError) as error:
        reason = " ".join(str(error).split())
        return (
            f"The embedded data could not be unpacked ({reason}). Mend that and reload this page, or "
            "build it with `make demo`."
        )
    if not _list_missing():
        return None
    return "The embedded data is not complete in this copy; build it with `make demo`."
