"""Folders as people have them: what is there, and what a user is told of it, line by line."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

from PIL import Image

from layerscope.datasets import draw, open_dataset
from layerscope.datasets.description import describe
from layerscope.errors import InputError
from tests.shared.inputs import take
from tests.shared.project import ROOT

DOCUMENT = ROOT / "docs" / "folders.md"


def picture(
    colour: str = "teal", size: tuple[int, int] = (12, 10), kind: str = "PNG", name: str = ""
) -> bytes:
    """A picture file; a name gives it a corner of a colour that few others have."""
    stored = io.BytesIO()
    drawn = Image.new("RGB", size, colour)
    if name:
        drawn.paste(f"#{crc32(name.encode()) % 2**24:06x}", (size[0] // 2, size[1] // 2, *size))
    drawn.save(stored, kind)
    return stored.getvalue()


def fill(root: Path, *paths: str, content: bytes | None = None) -> None:
    """Files below a folder; pictures unless a content is given. ``cat/*3`` stands for three."""
    for path in paths:
        folder, star, n = path.partition("*")
        names = [f"{folder}{i}.png" for i in range(int(n))] if star else [path]
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(picture(name=name) if content is None else content)


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


CATS = {
    name: picture(name=name)
    for name in (*(f"cat/{i}.png" for i in range(8)), *(f"dog/{i}.png" for i in range(4)))
}


def link_loop(root: Path) -> None:
    fill(root, "cat/*6", "dog/*6")
    (root / "cat" / "up").symlink_to("..")
    (root / "dog" / "all").symlink_to(root)


def links(root: Path) -> None:
    fill(root, "cat/*6")
    fill(root.parent / "elsewhere", "deep/*6", "one.png")
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
    "a folder a class": lambda root: fill(root, "cat/*20", "dog/*12"),
    "pictures without folders": lambda root: fill(root, "*28"),
    "the same picture over and over": lambda root: fill(root, "cat/*6", "dog/*6", content=picture()),
    "one class": lambda root: fill(root, "cat/*16"),
    "one picture a class": lambda root: fill(root, *(f"k{i:02d}/*1" for i in range(12))),
    "five against fifty": lambda root: fill(root, "cat/*50", "dog/*5"),
    "150 classes, 100 samples": lambda root: fill(root, *(f"k{i:03d}/*1" for i in range(150))),
    "train and val": lambda root: fill(root, "train/cat/*12", "val/cat/*8", "train/dog/*8", "val/dog/*4"),
    "Training, Valid_Set, TEST": lambda root: fill(
        root, "Training/cat/*8", "Valid_Set/cat/*4", "TEST/dog/*4"
    ),
    "train alone": lambda root: fill(root, "train/cat/*8", "train/dog/*8"),
    "test alone, no classes": lambda root: fill(root, "test/*20"),
    "train with classes, test without": lambda root: fill(root, "train/cat/*8", "train/dog/*8", "test/*12"),
    "train, val, and something else": lambda root: fill(root, "train/a/*8", "val/a/*8", "extra/a/*8"),
    "a class that is called train": lambda root: fill(root, "car/*8", "plane/*8", "train/*8"),
    "splits in the classes": lambda root: fill(
        root, "cat/train/*8", "cat/val/*4", "dog/train/*8", "dog/val/*4"
    ),
    "one level too high": lambda root: fill(root, "pets/train/cat/*8", "pets/val/cat/*4"),
    "two levels too high, and a picture": lambda root: fill(root, "a/b/cat/*8", "a/b/dog/*4", "cover.png"),
    "several data sets": lambda root: fill(
        root, "pets/train/a/*4", "pets/val/a/*4", "toys/train/b/*4", "toys/val/b/*4"
    ),
    "nested classes": lambda root: fill(root, "animals/cat/*8", "animals/dog/*8", "cars/*8"),
    "years in the classes": lambda root: fill(
        root, "cat/2023/*8", "cat/2024/*8", "dog/2023/*8", "dog/2024/*4"
    ),
    "an empty class": lambda root: (fill(root, "cat/*8", "dog/*8"), (root / "owl").mkdir()),
    "pictures beside the classes": lambda root: fill(root, "cat/*8", "dog/*8", "cover.png"),
    "hidden files": lambda root: (
        fill(root, "cat/*8", "cat/._0.png", ".git/x.png", "__MACOSX/cat/0.png", "cat/Thumbs.db"),
        fill(root, "dog/*8"),
    ),
    "names in every script": lambda root: fill(
        root, "кошка/*2", "猫/*2", "قط/*2", "<b>bold/*2", "=1+1/*2", "a\u202eb/*2", "new\nline/*2"
    ),
    "names that differ by case": lambda root: fill(root, "Cat/*8", "cat/*8", "dog/*8"),
    "a name that is not UTF-8": bytes_of_name,
    "HEIC, raw, PSD, SVG, film, notes": lambda root: (
        fill(root, "cat/*12"),
        fill(root, "cat/a.nef", "cat/b.psd", "cat/c.svg", "cat/d.mp4", "cat/e.txt", content=b"x"),
    ),
    "nothing that can be read": lambda root: fill(root, "a.svg", "b.svg", content=b"<svg/>"),
    "an empty folder": lambda root: root.mkdir(),
    "links to files and folders": links,
    "links in a loop": link_loop,
    "corrupt and empty files": cut_off,
    "a picture of 5,000 pixels": lambda root: (
        fill(root, "cat/*11"),
        fill(root, "cat/large.jpg", content=picture("red", (5000, 5000), "JPEG")),
    ),
    "a table": lambda root: (
        fill(root, "images/*14"),
        table(root, "file,label,split,camera\n" + "".join(
            f"{i}.png,{('dog', 'cat')[i % 2]},{('train', 'Test')[i >= 9]},{('', 'A', 'A')[i % 3]}\n"
            for i in range(14)
        )),
    ),
    "a table without labels, in folders": lambda root: (
        fill(root, "cat/*6", "dog/*6"),
        table(root, "path;place\n" + "".join(
            f"{name}/{i}.png;{('here', 'there', '')[i % 3]}\n" for name in ("cat", "dog") for i in range(6)
        )),
    ),
    "a table with faults": lambda root: (
        fill(root, "*20"),
        table(root, "path,label\n" + "".join(f"{i}.png,{('cat', 'dog')[i % 2]}\n" for i in range(8, 20))
              + "0.png,cat\n1.png,\n2.png,dog\n2.png,dog\n3.png,cat\n3.png,dog\n"
              "gone.png,cat\n../../etc/passwd,cat\n/etc/passwd,cat\n,cat\n4.png,cat\n"),
    ),
    "a table whose labels are empty": lambda root: (
        fill(root, "*12"), table(root, "path,label\n" + "".join(f"{i}.png,\n" for i in range(12)))
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


def write_cell(lines: list[str]) -> str:
    """Lines as a cell of a table in Markdown."""
    return "<br>".join(line.replace("|", "\\|").replace("<", "&lt;") for line in lines)


def read_rows() -> list[list[str]]:
    """The rows of `docs/folders.md`: a kind, what is told of it, what becomes of it."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    rows = (line.removeprefix("| ").removesuffix(" |") for line in lines if line.startswith("| "))
    return [row.split(" | ") for row in rows][2:]  # behind the head
