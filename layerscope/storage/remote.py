"""Where stores lie: in a folder of the project, or on object storage behind a pointer.

A folder is replaced by renaming. Object storage has no renaming, so every version of a store gets a
place of its own there, and what is replaced is the *pointer*: a small file, in the project where the
folder would be, with the version's URL and a digest of its content. Versions stay, as DVC's cache keeps
earlier outputs, until `prune` is told which pointers still count.

Credentials and endpoints are read by fsspec and the filesystem's package, from the environment and
their own configuration files; none is kept here.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import fsspec

from layerscope.errors import InputError, naming

_POINTER_FORMAT = 1
_POINTER_BYTES = 1 << 14  # far more than a pointer takes
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s?#@]*[^\s?#@/]")
# In what others say: a user and a password, whatever these hold, and a query.
_SECRET = re.compile(r"(?<=//)[^\s\"']*(?:@|%40)|[?#][^\s\"']*")
_VERSION = re.compile(r"(.+\.zarr/[0-9a-f]{32})/")
_CALLERS = {"builtins", "zarr", "numpy", "numcodecs"}  # whose errors are not about the storage
# Listings must show what other processes wrote a moment ago.
_OPTIONS = {"use_listings_cache": False}


# --- addresses ---------------------------------------------------------------------------------


def is_url(path: Path | str) -> bool:
    """Whether an address is a URL; else it is a path."""
    return isinstance(path, str) and "://" in path


def is_plain(url: str) -> bool:
    """Whether a text is a URL of a place and no more: no user, no password, no query."""
    return bool(_URL.fullmatch(url)) and "::" not in url and "%40" not in url


def check_url(url: str, where: str = "") -> str:
    """A URL that can be opened here, and stand in a pointer and in messages: it holds no secret.

    Raises
    ------
    InputError
        It begins with `where`, and tells of a refused address its protocol alone.
    """
    protocol = url.partition("://")[0]
    if not is_plain(url):
        shown = f"{protocol}://…" if protocol in fsspec.available_protocols() else "what is given"
        raise InputError(
            f"{where}{shown} is not an address that can be used: it looks like s3://bucket/folder, with "
            "no user, password or query; set credentials in the environment or in fsspec's configuration"
        )
    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError:
        raise InputError(
            f"{where}{url}: no filesystem is known for {protocol}://; correct the address, or "
            "install the package that brings it"
        ) from None
    except ImportError as error:
        raise InputError(
            f"{where}{url}: the package for {protocol}:// is not installed; {error}"
        ) from None
    return url


def options_of(url: str) -> dict[str, Any]:
    """What a URL's filesystem is opened with."""
    return _OPTIONS | ({"auto_mkdir": True} if url.startswith(("file:", "local:")) else {})


def _filesystem(url: str) -> tuple[Any, str]:
    """The filesystem, and the path that it knows the URL by."""
    return fsspec.core.url_to_fs(url, **options_of(url))


def locate(path: Path | str) -> str:
    """An address that any process can open: an absolute path, or a URL, also where a pointer leads.

    Raises
    ------
    InputError
        Where the URL, or the pointer, cannot be used.
    """
    if is_url(path):
        return check_url(str(path))
    path = Path(path)
    return Pointer.read(path).url if path.is_file() else str(path.absolute())


@contextmanager
def reaching(location: str, name: str = "") -> Iterator[None]:
    """Turn what goes wrong between here and a URL into one line. Errors of the system name a path.

    Parameters
    ----------
    location : str
    name : str, optional
        What the line calls it; without, `location`.

    Raises
    ------
    InputError
    """
    try:
        with nullcontext() if is_url(location) else naming(location):
            yield
    except Exception as error:
        if not is_url(location) or not _comes_from_storage(error):
            raise
        raise InputError(f"{name or location}: {_explanation(error)}") from None


def _comes_from_storage(error: Exception) -> bool:
    """Whether a filesystem raised it, or a package behind one, such as botocore or aiohttp."""
    if isinstance(error, OSError):
        return error.errno not in {errno.ENOSPC, errno.EDQUOT}  # a full disk is told by the stage
    return (
        not isinstance(error, ValueError)
        and type(error).__module__.partition(".")[0] not in _CALLERS
    )


def _explanation(error: Exception) -> str:
    text = _SECRET.sub("", str(error))[:300]
    if isinstance(error, FileNotFoundError):
        return f"there is no such bucket or folder ({text}); create it, or correct the address"
    if isinstance(error, PermissionError) or "Credential" in type(error).__name__:
        return (
            f"access is refused ({text}); set credentials in the environment "
            "(AWS_ACCESS_KEY_ID, ...) or in fsspec's configuration"
        )
    return (
        f"cannot be used ({type(error).__name__}: {text}); check the address, the network, and the "
        "endpoint in the environment (AWS_ENDPOINT_URL) or in fsspec's configuration"
    )


# --- folders and files -------------------------------------------------------------------------


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside `path` for a folder or a file, which moves to `path` when the block ends well.

    A file replaces a file in one step. Where one of the two is a folder, the earlier one is moved away
    before, in one step too: half a deleted store would still open.
    """
    partial = path.with_name(path.name + ".partial")
    earlier = path.with_name(path.name + ".earlier.partial")
    _delete(partial)
    _delete(earlier)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield partial
        if path.is_dir() or (path.exists() and partial.is_dir()):
            path.rename(earlier)
        try:
            partial.replace(path)
        except BaseException:
            if earlier.exists():
                earlier.rename(path)
            raise
        _delete(earlier)
    finally:
        _delete(partial)


# --- object storage ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Pointer:
    """What stands in the project for a store that lies elsewhere.

    Attributes
    ----------
    url : str
        Of the arrays.
    digest : str
        SHA-256 of their content, hexadecimal.
    """

    url: str
    digest: str

    @classmethod
    def read(cls, path: Path) -> Pointer:
        """A pointer from a file. Raises `InputError` where it is none."""
        with path.open("rb") as file:
            text = file.read(_POINTER_BYTES)
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or content.keys() != {"format", "url", "digest"}:
            raise cls._damaged(path, "it does not hold format, url and digest")
        found, url, digest = content["format"], content["url"], content["digest"]
        if type(found) is not int or found != _POINTER_FORMAT:
            raise cls._damaged(
                path, f"its format is {found!r}, this version reads {_POINTER_FORMAT}"
            )
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
            raise cls._damaged(path, "its digest is not a SHA-256")
        if not isinstance(url, str):
            raise cls._damaged(path, "its url is not a text")
        return cls(check_url(url, f"{path}: "), digest)

    @staticmethod
    def _damaged(path: Path, what: str) -> InputError:
        return InputError(
            f"{path}: neither a store nor a pointer to one: {what}; delete it and run `dvc repro`"
        )

    def write(self, path: Path) -> None:
        """Put it in place of whatever is at `path`."""
        content = {"format": _POINTER_FORMAT, **asdict(self)}
        with replacing(path) as partial:
            partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def digest_of(url: str) -> str:
    """SHA-256 over the names and contents of all objects below a URL.

    A content is told by its ETag where the filesystem has one (S3), else by the SHA-256 of its bytes.
    With keys of its own (SSE-KMS) S3 makes ETags that differ for the same content: all is new then.
    """
    filesystem, root = _filesystem(url)
    total = hashlib.sha256()
    for key, facts in sorted(filesystem.find(root, detail=True).items()):
        content = facts.get("ETag")
        if not content:
            with filesystem.open(key, "rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{key.removeprefix(root)}\0{content}\n".encode())
    return total.hexdigest()


def _is_kept(path: Path, folder: str, digest: str) -> bool:
    """Whether a pointer leads to the same content already, and it is still there."""
    with suppress(InputError, OSError):
        pointer = Pointer.read(path)
        if pointer.digest == digest and pointer.url.startswith(f"{folder}/"):
            return digest_of(pointer.url) == digest
    return False


def _refers(path: Path, url: str) -> bool:
    with suppress(InputError, OSError):
        return Pointer.read(path).url == url
    return False


@contextmanager
def new_version(path: Path, folder: str) -> Iterator[str]:
    """A URL below `folder` for a new version of a store; `path` points to it when the block ends well.

    Where the content is that of the version that `path` points to already, the pointer stays as it is,
    so that DVC sees no change, and the new version is removed; so it is when the block fails.
    """
    url = f"{check_url(folder)}/{uuid.uuid4().hex}"
    try:
        yield url
        with reaching(url):
            digest = digest_of(url)
            kept = _is_kept(path, folder, digest)
        if not kept:
            Pointer(url, digest).write(path)
    finally:
        if not _refers(path, url):
            with suppress(Exception):  # what failed before matters more; `prune` finds the rest
                filesystem, root = _filesystem(url)
                filesystem.rm(root, recursive=True)


def prune(at: str, pointers: Iterable[Path]) -> list[str]:
    """Delete all versions of stores below `at` that none of the pointers leads to.

    A version that is being written has no pointer yet: nothing must be writing below `at` meanwhile.

    Parameters
    ----------
    at : str
        What stores were written with (`layerscope.storage.store.writing`), or a folder below.
    pointers : iterable of Path
        All that must go on working; those of other branches and tags are no exception. Folders, which
        are stores of their own, are passed over.

    Returns
    -------
    list of str
        URLs that are no more.

    Raises
    ------
    InputError
        Where a pointer is missing or damaged (nothing is deleted then), or `at` cannot be reached.
    """
    at = check_url(at.rstrip("/"))
    try:
        urls = [Pointer.read(path).url for path in pointers if not path.is_dir()]
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: no such pointer; nothing was deleted") from None
    with reaching(at):
        kept = {_filesystem(url)[1] for url in urls}
        filesystem, root = _filesystem(at)
        found = {match[1] for key in filesystem.find(root) if (match := _VERSION.match(key))}
        gone = sorted(found - kept)
        for version in gone:
            filesystem.rm(version, recursive=True)
    return [at + version.removeprefix(root) for version in gone]
