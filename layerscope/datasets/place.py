"""Where pictures lie: a folder, an archive that is read in place, or a URL; listed once, read one by one."""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast
from urllib.parse import unquote

import fsspec

from layerscope.errors import InputError
from layerscope.storage.remote import check_url, is_url, options_of, reaching

MOST_FILES = 2_000_000  # and folders; links can make any number of few
MOST_COPIED = 64 << 30  # of an archive whose server gives no parts of it
MOST_DEPTH = 64  # folders in one another
MOST_BYTES = 256 << 20  # of a file that is read from an archive or a URL
_MOST_RATIO, _LEAST_BOUND = (
    100,
    1 << 30,
)  # pictures hardly compress: what grows more is no archive of them
_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_DEEP = f"more than {MOST_DEPTH} folders deep"
_LINK = "link or device in an archive"
_DRIVE = re.compile("[A-Za-z]:/")
_DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError),
    *(RuntimeError, OSError, ValueError, KeyError, RecursionError),
)


class Unreachable(InputError):
    """A file that may be there, but cannot be had at the moment: no reason to go on without it."""


@dataclass(frozen=True)
class Place:
    """Files, listed once.

    Attributes
    ----------
    name : str
        As the user gave it.
    files, folders : tuple of str
        Relative paths with ``/``, sorted. Hidden ones are left out.
    read : callable
        A path of `files` to the file, or to its content. Raises InputError.
    left_out : dict of str to list of str
        Paths by the reason why they are not listed.
    """

    name: str
    files: tuple[str, ...]
    folders: tuple[str, ...]
    read: Callable[[str], Path | bytes]
    left_out: dict[str, list[str]] = field(default_factory=dict)


def open_place(root: Path | str) -> Place:
    """List what is in a folder, an archive (zip, tar, compressed tar), or below a URL of either.

    Links to files and folders are followed, wherever they lead; loops are not. An archive is not unpacked:
    its members are read in place. A tar that is compressed as a whole cannot be read at a place, so it is
    decompressed once, into a temporary file without a name.

    Raises
    ------
    InputError
        Where nothing of the kind is there, or it is damaged.
    """
    if is_url(root):
        return _open_url(check_url(str(root)))
    root = Path(root)
    if root.is_dir():
        return _open_folder(root)
    if not root.is_file():
        raise InputError(f"{root}: no such folder; set `root` of the run in params.yaml")
    return _open_archive(root.open("rb"), root.stat().st_size, str(root))


def is_hidden(name: str) -> bool:
    """Whether a file or folder is one that systems keep for themselves."""
    return name.startswith(".") or name in {"__MACOSX", "Thumbs.db", "desktop.ini", "@eaDir"}


# --- folders -----------------------------------------------------------------------------------


def _open_folder(root: Path) -> Place:
    files: list[str] = []
    folders: list[str] = []
    left_out: dict[str, list[str]] = {}

    def walk(folder: str, prefix: str, above: frozenset[tuple[int, int]]) -> None:
        found = Path(folder).stat()
        above |= {(found.st_dev, found.st_ino)}
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except PermissionError:
            left_out.setdefault("folder that this user may not read", []).append(prefix)
            return
        _check_number(str(root), len(files) + len(folders))
        for entry in entries:
            path = prefix + entry.name
            if is_hidden(entry.name):
                left_out.setdefault("hidden", []).append(path)
            elif entry.is_dir():
                inside = entry.stat()
                if (inside.st_dev, inside.st_ino) in above:
                    left_out.setdefault("link to a folder that it lies in", []).append(path)
                    continue
                if path.count("/") > MOST_DEPTH:
                    left_out.setdefault(_DEEP, []).append(path)
                    continue
                folders.append(path)
                walk(entry.path, f"{path}/", above)
            elif entry.is_file():
                files.append(path)
            else:
                kind = "link that leads nowhere" if entry.is_symlink() else "no file"
                left_out.setdefault(kind, []).append(path)

    walk(str(root), "", frozenset())
    return Place(
        str(root), tuple(sorted(files)), tuple(sorted(folders)), lambda path: root / path, left_out
    )


def _check_number(name: str, n: int) -> None:
    if n > MOST_FILES:
        raise InputError(
            f"{name}: more than {MOST_FILES:,} files and folders; set `root` to a smaller folder"
        )


# --- archives ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Member:
    """What an archive, or a listing, says of a file."""

    path: str
    size: int
    key: Any
    refusal: str = ""


def _open_archive(file: IO[bytes], size: int, name: str) -> Place:
    try:
        with ExitStack() as closing:
            closing.callback(file.close)
            if zipfile.is_zipfile(file):
                archive = zipfile.ZipFile(file)
                place = _place(name, _zip_members(archive), archive.read)
            else:
                tar = _open_tar(file, size, name, closing)
                place = _place(name, _tar_members(tar), lambda key: _read_tar(tar, key))
            weakref.finalize(place.read, closing.pop_all().close)
            return place
    except InputError:
        raise
    except _DAMAGE as error:
        raise InputError(
            f"{name}: the archive is damaged ({str(error) or type(error).__name__}); get it anew"
        ) from None


def _copy(file: IO[bytes], bound: int, name: str) -> IO[bytes]:
    """A temporary file without a name."""
    with ExitStack() as closing:
        copy = closing.enter_context(tempfile.TemporaryFile())
        while block := file.read(1 << 20):
            copy.write(block)
            if copy.tell() > bound:
                raise InputError(
                    f"{name}: more than {bound >> 30} GB when it is read; unpack it first"
                )
        copy.seek(0)
        closing.pop_all()
        return copy


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for each in archive.infolist():
        yield _Member(
            each.filename,
            -1 if each.is_dir() else each.file_size,
            each,
            "encrypted in the archive"
            if each.flag_bits & 1
            else _LINK
            if stat.S_ISLNK(each.external_attr >> 16)
            else "",
        )


def _open_tar(file: IO[bytes], size: int, name: str, closing: ExitStack) -> tarfile.TarFile:
    file.seek(0)
    try:
        return tarfile.open(fileobj=file, mode="r:")
    except tarfile.ReadError:
        file.seek(0)
    try:
        packed = closing.enter_context(tarfile.open(fileobj=file, mode="r:*"))  # noqa: SIM115
    except tarfile.ReadError:
        raise InputError(
            f"{name}: neither a folder nor an archive (zip, tar, tar.gz); set `root` to one"
        ) from None
    packed.fileobj.seek(0)
    plain = _copy(cast(IO[bytes], packed.fileobj), max(_LEAST_BOUND, _MOST_RATIO * size), name)
    closing.callback(plain.close)
    return tarfile.open(fileobj=plain, mode="r:")


def _tar_members(tar: tarfile.TarFile) -> Iterator[_Member]:
    for each in tar:
        if each.isdir():
            yield _Member(each.name, -1, each)
        elif each.isreg() or each.islnk():  # a hard link is the file itself, once more
            yield _Member(each.name, each.size, each)
        else:
            yield _Member(each.name, 0, each, _LINK)


def _read_tar(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None  # links and devices are not listed
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES or (member.isreg() and len(content) < member.size):
        raise EOFError("it is not as long as the archive says")
    return content


def _place(name: str, members: Iterable[_Member], read: Callable[[Any], bytes]) -> Place:
    """Members with names that stay inside, at most `MOST_BYTES` long; of a name that comes twice the last."""
    found: dict[str, Any] = {}
    folders: set[str] = set()
    left_out: dict[str, list[str]] = {}
    for n, member in enumerate(members):
        _check_number(name, n)
        path = member.path.replace("\\", "/").rstrip("/")
        parts = [part for part in path.split("/") if part != "."]
        refusal = member.refusal
        if path.startswith("/") or ".." in parts or _DRIVE.match(path) or "\0" in path:
            refusal = "name that leads out of the archive"
        elif any(map(is_hidden, parts)):
            refusal = "hidden"
        elif len(parts) > MOST_DEPTH:
            refusal = _DEEP
        elif member.size > MOST_BYTES:
            refusal = f"larger than {MOST_BYTES >> 20} MB"
        path = "/".join(parts)
        if refusal:
            left_out.setdefault(refusal, []).append(path)
            continue
        folders.update(str(each) for each in PurePosixPath(path).parents if str(each) != ".")
        if member.size < 0:
            folders.add(path)
        elif path:
            if path in found:
                left_out.setdefault("there twice in the archive, the last is taken", []).append(
                    path
                )
            found[path] = member.key

    def read_member(path: str) -> bytes:
        try:
            return read(found[path])
        except InputError:
            raise
        except _DAMAGE as error:
            raise InputError(
                f"{path}: damaged in its archive ({str(error) or type(error).__name__}); "
                "replace or remove it"
            ) from None

    return Place(name, tuple(sorted(found)), tuple(sorted(folders - {""})), read_member, left_out)


# --- URLs --------------------------------------------------------------------------------------


def _open_url(url: str) -> Place:
    with reaching(url):
        filesystem, root = fsspec.core.url_to_fs(url, **options_of(url))
        if url.lower().endswith(_ENDINGS):
            size = filesystem.size(root) or 0
            return _open_archive(_seekable(filesystem.open(root, "rb"), url), size, url)
        found = filesystem.find(root, detail=True)
    members = [
        _Member(unquote(key.removeprefix(root).lstrip("/")), facts.get("size") or 0, key)
        for key, facts in found.items()
        if key.removeprefix(root).strip("/")
    ]
    if not members:
        raise InputError(f"{url}: no files there; correct `root` of the run in params.yaml")

    def read(key: str) -> bytes:
        try:
            with reaching(url), filesystem.open(key, "rb") as file:
                content: bytes = file.read(MOST_BYTES + 1)
        except InputError as error:
            raise Unreachable(str(error)) from None
        if len(content) > MOST_BYTES:
            raise InputError(f"{key}: larger than {MOST_BYTES >> 20} MB; shrink or remove it")
        return content

    return _place(url, members, read)


def _seekable(file: Any, name: str) -> IO[bytes]:
    """The file, or where its server cannot give a part of one, a copy in a temporary file without a name."""
    try:
        file.seek(0, io.SEEK_END)
        file.seek(0)
        file.read(1)
        file.seek(0)
        return cast(IO[bytes], file)
    except (ValueError, OSError, NotImplementedError):
        pass
    return _copy(file, MOST_COPIED, name)
