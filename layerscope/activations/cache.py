"""Full-resolution activations on disk, as many as fit: what was looked at least recently goes first.

Several threads and processes may share a folder. An entry appears as a whole, and what is read is
compared with a checksum, because Zarr reads zeros where another process has just removed a file.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from layerscope.storage.store import FORMAT, Store, writing

_ABANDONED = 600  # seconds after which what is still being written has been given up
_BLOCK = 1 << 12  # bytes: what a file takes on disk is a multiple
_OVERHEAD = 1 << 16  # bytes of an entry's folders and metadata, at most


@dataclass(frozen=True)
class Activation:
    """What an entry is the activation of.

    Attributes
    ----------
    run : str
    weights : str
        Changes when the model, or the pictures, are replaced.
    uid : int
        The sample.
    layer : str
    """

    run: str
    weights: str
    uid: int
    layer: str

    @property
    def path(self) -> Path:
        """Where it lies within a cache's folder."""
        name = f"{self.uid}-{quote(self.layer, safe='')}.zarr"
        return Path(quote(self.run, safe=""), quote(self.weights, safe=""), name)


class ActivationCache:
    """A folder of activations that never takes more than a number of bytes.

    Parameters
    ----------
    folder : Path
        Nothing else may lie in it.
    limit : int
        Bytes on disk, all runs together.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._making_room = threading.Lock()

    def read(self, key: Activation) -> np.ndarray | None:
        """An activation as it was written; None where it is not there, or damaged."""
        path = self.folder / key.path
        try:
            store = Store(path)
            if store.attributes != {"layerscope_format": FORMAT, "of": asdict(key)}:
                return None
            values = store.read("activation")
            os.utime(path)  # the time of the last use
        except Exception:  # damaged stores raise nearly anything
            return None
        return values

    def write(self, key: Activation, values: np.ndarray) -> None:
        """Keep an activation, in the place of those that were used least recently.

        One that is larger than the limit is not kept, nor is any where the disk cannot be written.

        Parameters
        ----------
        key : Activation
        values : ndarray of float32, (C, H, W) or (C,)
        """
        path = self.folder / key.path
        mine = path.with_name(f"{path.stem}-{uuid.uuid4().hex}.zarr")  # nobody else writes there
        room = values.nbytes + _OVERHEAD
        if room > self.limit:
            return
        with suppress(OSError), self._making_room:
            self._make_room(room)
            with writing(mine, of=asdict(key)) as store:
                store.add("activation", values, ["channel", "y", "x"][: values.ndim])
            _remove(path)
            mine.rename(path)
        shutil.rmtree(mine, ignore_errors=True)

    def _make_room(self, size: int) -> None:
        """Remove entries until `size` bytes are free."""
        entries = sorted(self._entries())  # the one unused for longest comes first
        excess = sum(taken for _, taken, _ in entries) + size - self.limit
        for used, taken, path in entries:
            recent = time.time_ns() - used < _ABANDONED * 10**9
            being_written = recent and path.name.endswith(".partial")
            if excess > 0 and not being_written:
                _remove(path)
                excess -= taken

    def _entries(self) -> Iterator[tuple[int, int, Path]]:
        """Whatever lies in the folder, as (time of the last use, bytes on disk, path)."""
        for path in self.folder.glob("*/*/*"):
            with suppress(OSError):  # removed by another process meanwhile
                sizes = [each.lstat().st_size for each in (path, *path.rglob("*"))]
                taken = sum(-(-size // _BLOCK) * _BLOCK for size in sizes)
                yield path.lstat().st_mtime_ns, taken, path


def _remove(path: Path) -> None:
    """Remove an entry in one step: half of one would still open."""
    gone = path.with_name(f"{uuid.uuid4().hex}.partial")
    with suppress(FileNotFoundError):
        path.rename(gone)
        if gone.is_dir():
            shutil.rmtree(gone, ignore_errors=True)
        else:
            gone.unlink()
