"""Fetching a data set so that what is there is whole."""

from __future__ import annotations

import errno
import socket
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

from layerscope.errors import InputError

TIMEOUT = 30.0
"""Seconds that a silent server is waited for."""


def fetch(
    name: str, root: Path, folder: str, download_into: Callable[[Path], object] | None
) -> Path:
    """The folder of a data set, downloaded first when it is not there.

    Everything happens in a temporary folder beside the target, which then takes its name in one
    step: an interrupted download or extraction leaves nothing that could pass for the data set.

    Parameters
    ----------
    name : str
        The data set's name, for messages.
    root : Path
        Where data sets are kept.
    folder : str
        The data set's folder below the root.
    download_into : callable or None
        Downloads, checks and unpacks below the path it is given, leaving `folder` there. None when
        nothing may be downloaded.

    Returns
    -------
    Path
        ``root / folder``, or `root` itself when it is that folder.

    Raises
    ------
    InputError
        When the folder is missing and cannot be downloaded, or the download is not the known file.
    """
    target = root / folder
    if target.is_dir():
        return target
    if root.name == folder and root.is_dir():
        return root
    remedy = f"set `root` in params.yaml or LAYERSCOPE_DATA to a folder that holds {folder}/"
    if download_into is None:
        raise InputError(f"{name}: no folder {target}; {remedy}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=f".{folder}-") as partial:
            with _timeout(TIMEOUT):
                download_into(Path(partial))
            (Path(partial) / folder).rename(target)
    except OSError as error:
        if isinstance(error, HTTPError):
            error.close()  # it is also the open connection
        if target.is_dir():
            return target  # another process was faster
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise  # a full disk has its own message, and another remedy
        raise InputError(f"{name}: download to {root} failed ({error}); {remedy}") from None
    except (RuntimeError, tarfile.TarError, EOFError) as error:  # torchvision: wrong checksum
        raise InputError(
            f"{name}: the download is not the known file ({error}); try again, or {remedy}"
        ) from None
    return target


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    """Give up on a silent network: torchvision opens its connections without any limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
