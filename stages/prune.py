"""Delete what lies on object storage and no pointer in `data` leads to: replaced versions of arrays.

Pointers of other branches, and of experiments that are not checked out, will lead nowhere.
"""

from __future__ import annotations

from layerscope.errors import InputError
from layerscope.params import read_params
from layerscope.storage.remote import prune
from layerscope.storage.store import DATA
from stages.command import run_stage


def main() -> None:
    storage = read_params().compute.storage
    if not storage:
        raise InputError("params.yaml: compute.storage is empty: there is nothing to prune")
    pointers = [path for path in DATA.rglob("*.zarr") if path.is_file()]
    gone = prune(storage, pointers)
    print(f"{storage}: {len(gone)} versions deleted, {len(pointers)} kept")


if __name__ == "__main__":
    run_stage(main, __doc__)
