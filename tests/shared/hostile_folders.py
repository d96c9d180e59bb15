"""Folders as people have them: what is there, and what a user is told of it, line by line.

``python -m tests.shared.hostile_folders`` writes the table of `docs/folders.md`.
"""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from layerscope.datasets import draw, open_dataset
from layerscope.datasets.description import describe
from layerscope.errors import InputError
from tests.shared.inputs import take
from tests.shared.project import ROOT

DOCUMENT = ROOT / "docs" / "folders.md"
HEAD = """# Folders as people have them

What `make run DATASET=imagefolder ROOT=...` takes a folder for, and says, before it computes anything.
Written by `python -m tests.shared.hostile_folders`;
`tests/layerscope/datasets/test_hostile_folders.py` compares it.

| what is there | what is told |
| --- | --- |
"""


def picture(colour: str = "teal", size: tuple[int, int] = (12, 10), kind: str = "PNG") -> bytes:
    """A picture file."""
    stored = io.BytesIO()
    Image.new("RGB", size, colour).save(stored, kind)
    return stored.getvalue()


def fill(root: Path, *paths: str, content: bytes | None = None) -> None:
    """Files below a folder; pictures unless a content is given. ``cat/*3`` stands for three."""
    for path in paths:
        folder, star, n = path.partition("*")
        names = [f"{folder}{i}.png" for i in range(int(n))] if star else [path]
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(picture() if content is None else content)


def table(root: Path, text: str, name: str = "labels.csv") -> None:
    """A table beside the pictures."""
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def archive(members: dict[str, bytes]) -> bytes:
    """A zip."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return stored.getvalue()


def tape(members: dict[str, bytes], mode: str = "w:gz", link: str | None = None) -> bytes:
    """A tar."""
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode=mode) as file:  # type: ignore[call-overload]
        for name, content in members.items():
            facts = tarfile.TarInfo(name)
            facts.size = len(content)
            file.addfile(facts, io.BytesIO(content))
        if link:
            facts = tarfile.TarInfo("cat/link.png")
            facts.type, facts.linkname = tarfile.SYMTYPE, link
            file.addfile(facts)
    return stored.getvalue()


CATS = {f"cat/{i}.png": picture() for i in range(3)} | {f"dog/{i}.png": picture() for i in range(2)}


def link_loop(root: Path) -> None:
    fill(root, "cat/*2", "dog/*2")
    (root / "cat" / "up").symlink_to("..")
    (root / "dog" / "all").symlink_to(root)


def links(root: Path) -> None:
    fill(root, "cat/*2")
    fill(root.parent / "elsewhere", "deep/*3", "one.png")
    (root / "dog").symlink_to(root.parent / "elsewhere")
    (root / "cat" / "link.png").symlink_to(root.parent / "elsewhere" / "one.png")
    (root / "cat" / "broken.png").symlink_to("gone.png")


def cut_off(root: Path) -> None:
    fill(root, "cat/*12")
    fill(root, "cat/cut.png", "cat/b.jpg", content=picture()[:40])
    fill(root, "cat/empty.png", content=b"")


def bytes_of_name(root: Path) -> None:
    fill(root, "cat/*1")
    (Path(os.fsdecode(os.fsencode(root / "cat") + b"/caf\xe9.png"))).write_bytes(picture())


def parquet(root: Path) -> None:
    import pyarrow
    from pyarrow import parquet as file

    fill(root, "*20")
    columns = {
        "Image": [f"{i}.png" for i in range(20)],
        "Class": [3, 5] * 10,
        "height": [i / 2 for i in range(20)],
        "is_wild": [True, None] * 10,
    }
    file.write_table(pyarrow.table(columns), root / "labels.parquet")


KINDS: dict[str, Callable[[Path], object]] = {
    "a folder a class": lambda root: fill(root, "cat/*5", "dog/*3"),
    "pictures without folders": lambda root: fill(root, "*7"),
    "one class": lambda root: fill(root, "cat/*4"),
    "one picture a class": lambda root: fill(root, *(f"k{i:02d}/*1" for i in range(12))),
    "five against fifty": lambda root: fill(root, "cat/*50", "dog/*5"),
    "150 classes, 100 samples": lambda root: fill(root, *(f"k{i:03d}/*1" for i in range(150))),
    "train and val": lambda root: fill(root, "train/cat/*3", "val/cat/*2", "train/dog/*2", "val/dog/*1"),
    "Training, Valid_Set, TEST": lambda root: fill(
        root, "Training/cat/*2", "Valid_Set/cat/*1", "TEST/dog/*1"
    ),
    "train alone": lambda root: fill(root, "train/cat/*2", "train/dog/*2"),
    "test alone, no classes": lambda root: fill(root, "test/*5"),
    "train with classes, test without": lambda root: fill(root, "train/cat/*2", "train/dog/*2", "test/*3"),
    "train, val, and something else": lambda root: fill(root, "train/a/*2", "val/a/*2", "extra/a/*2"),
    "a class that is called train": lambda root: fill(root, "car/*2", "plane/*2", "train/*2"),
    "splits in the classes": lambda root: fill(
        root, "cat/train/*2", "cat/val/*1", "dog/train/*2", "dog/val/*1"
    ),
    "one level too high": lambda root: fill(root, "pets/train/cat/*2", "pets/val/cat/*1"),
    "two levels too high, and a picture": lambda root: fill(root, "a/b/cat/*2", "a/b/dog/*1", "cover.png"),
    "several data sets": lambda root: fill(
        root, "pets/train/a/*1", "pets/val/a/*1", "toys/train/b/*1", "toys/val/b/*1"
    ),
    "nested classes": lambda root: fill(root, "animals/cat/*2", "animals/dog/*2", "cars/*2"),
    "years in the classes": lambda root: fill(
        root, "cat/2023/*2", "cat/2024/*2", "dog/2023/*2", "dog/2024/*1"
    ),
    "an empty class": lambda root: (fill(root, "cat/*2", "dog/*2"), (root / "owl").mkdir()),
    "pictures beside the classes": lambda root: fill(root, "cat/*2", "dog/*2", "cover.png"),
    "hidden files": lambda root: (
        fill(root, "cat/*2", "cat/._0.png", ".git/x.png", "__MACOSX/cat/0.png", "cat/Thumbs.db"),
        fill(root, "dog/*2"),
    ),
    "names in every script": lambda root: fill(
        root, "кошка/*1", "猫/*1", "قط/*1", "<b>bold/*1", "=1+1/*1", "a\u202eb/*1", "new\nline/*1"
    ),
    "names that differ by case": lambda root: fill(root, "Cat/*2", "cat/*2", "dog/*2"),
    "a name that is not UTF-8": bytes_of_name,
    "HEIC, raw, PSD, SVG, film, notes": lambda root: (
        fill(root, "cat/*2"),
        fill(root, "cat/a.nef", "cat/b.psd", "cat/c.svg", "cat/d.mp4", "cat/e.txt", content=b"x"),
    ),
    "nothing that can be read": lambda root: fill(root, "a.svg", "b.svg", content=b"<svg/>"),
    "an empty folder": lambda root: root.mkdir(),
    "links to files and folders": links,
    "links in a loop": link_loop,
    "corrupt and empty files": cut_off,
    "a picture of 5,000 pixels": lambda root: fill(
        root, "cat/a.jpg", content=picture("red", (5000, 5000), "JPEG")
    ),
    "a table": lambda root: (
        fill(root, "images/*14"),
        table(root, "file,label,split,camera\n" + "".join(
            f"{i}.png,{('dog', 'cat')[i % 2]},{('train', 'Test')[i >= 9]},{('', 'A', 'A')[i % 3]}\n"
            for i in range(14)
        )),
    ),
    "a table without labels, in folders": lambda root: (
        fill(root, "cat/*2", "dog/*2"),
        table(root, "path;place\ncat/0.png;here\ncat/1.png;here\ndog/0.png;there\ndog/1.png;\n"),
    ),
    "a table with faults": lambda root: (
        fill(root, "*8"),
        table(root, "path,label\n0.png,cat\n1.png,\n2.png,dog\n2.png,dog\n3.png,cat\n3.png,dog\n"
              "gone.png,cat\n../../etc/passwd,cat\n/etc/passwd,cat\n,cat\n4.png,cat\n"),
    ),
    "a table whose labels are empty": lambda root: (
        fill(root, "*3"), table(root, "path,label\n0.png,\n1.png,\n2.png,\n")
    ),
    "a table without a path": lambda root: (fill(root, "*2"), table(root, "a,b\n1,2\n")),
    "a table of other pictures": lambda root: (fill(root, "*2"), table(root, "path\nx.png\n")),
    "a table with a torn row": lambda root: (fill(root, "*2"), table(root, "path,label\n0.png,a,b\n")),
    "a table that is no text": lambda root: (
        fill(root, "*2"), fill(root, "labels.csv", content=b"\xff\xfe\0p\0a")
    ),
    "a damaged Parquet table": lambda root: (
        fill(root, "*2"), fill(root, "labels.parquet", content=b"PAR1 no")
    ),
    "a Parquet table": parquet,
    "a zip": lambda root: root.write_bytes(archive(CATS)),
    "a zip with hostile names": lambda root: root.write_bytes(
        archive(
            CATS | dict.fromkeys(("../out.png", "/etc/x.png", "C:\\x.png", "__MACOSX/cat/._0.png"), picture())
        )
    ),
    "a tar.gz": lambda root: root.write_bytes(tape({f"pets/{k}": v for k, v in CATS.items()})),
    "a tar with a link out of it": lambda root: root.write_bytes(tape(CATS, "w", "/etc/passwd")),
    "a zip that is cut off": lambda root: root.write_bytes(archive(CATS)[:200]),
    "a tar.gz that is cut off": lambda root: root.write_bytes(tape(CATS)[:-40]),
    "a picture in place of a folder": lambda root: root.write_bytes(picture()),
    "nothing": lambda root: None,
}  # fmt: skip


def tell(kind: str, home: Path) -> list[str]:
    """What a user is told of a kind, made below `home`: of the folder, then of what cannot be read."""
    root = home / "pictures"
    KINDS[kind](root)
    try:
        dataset = open_dataset("imagefolder", root=root)
        told = describe(dataset, size=100)
        n, skipped = len(dataset.sources("all")), []
        try:
            drawn = draw(
                dataset,
                n,
                split="all",
                random_state=0,
                inputs=take(8),
                on_skip=lambda *s: skipped.append(s),
            )
            for _ in drawn:
                pass
        except InputError as error:
            told.append(f"error: {error}")
    except InputError as error:
        told = [f"error: {error}"]
    return [line.replace(str(home), "…") for line in told]


def write_document() -> str:
    """The whole of `docs/folders.md`."""
    text = HEAD
    for kind in KINDS:
        with TemporaryDirectory() as home:
            lines = tell(kind, Path(home))
        cells = [line.replace("|", "\\|").replace("<", "&lt;") for line in lines]
        text += f"| {kind} | {'<br>'.join(cells)} |\n"
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(write_document(), encoding="utf-8")
