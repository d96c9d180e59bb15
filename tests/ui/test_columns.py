"""What a table says of samples, coloured by, filtered by, shown and written; and runs without labels."""

from __future__ import annotations

import csv
import io
import json
from html import escape
from pathlib import Path

import numpy as np
import pytest

from layerscope.datasets.categories import Category
from layerscope.datasets.dataset import Column, Fact
from tests.shared.pages import address, open_app, text_of
from tests.shared.project import TINY
from tests.shared.small_run import write_run
from ui.coloring import color_points, fade, read_predictions
from ui.columns import list_colorings, list_filters, name_filter, name_number, shorten
from ui.lasso import write_csv
from ui.library import read_contents
from ui.palette import SCALE, UNKNOWN, mark_class
from ui.selection import Selection, name_coloring, offers, read_selection

HOSTILE = "<img src=x onerror=window.pwned=1> \u202eשלום 🦜 " + "x" * 10_000
PLACES = ("north", "south", None, "west")
FACTS: dict[str, list[Fact]] = {
    "place": [PLACES[i % 4] for i in range(40)],
    "age": [None if i == 3 else 0.5 * i for i in range(40)],
    "note": [f"{i} {HOSTILE}" if i % 2 else None for i in range(40)],
    "x": [f"x{i % 2}" for i in range(40)],
    HOSTILE: [HOSTILE[i % 2 :] for i in range(40)],
}
SPLITS = [("train", "val")[i % 2] for i in range(40)]
VIEW = Selection(TINY, 40, "features.0", "pca", "30", None)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_run(tmp_path, np.arange(40) % 3, facts=FACTS, splits=SPLITS)


@pytest.fixture
def unlabelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_run(tmp_path, np.full(40, -1), categories=(), facts={"place": FACTS["place"]})


def choose(**params: str) -> tuple[Selection, list[str]]:
    return read_selection({"layer": "features.0", "method": "pca", **params}, read_contents(TINY))


def color(**params: str):  # type: ignore[no-untyped-def]
    contents = read_contents(TINY)
    selection, refused = choose(**params)
    assert refused == []
    return color_points(selection, contents, read_predictions(TINY, selection.size))


def test_what_is_no_text_can_be_coloured_by(table: Path) -> None:
    contents = read_contents(TINY)
    found = [key for key in offers(contents) if key.startswith("column: ")]
    assert found[:4] == ["column: split", "column: place", "column: age", "column: x"]
    assert len(found) == 5 and len(found[4]) < 100  # the one with the long name
    assert name_coloring("column: place") == "Column: place"
    assert len(set(map(name_coloring, offers(contents)))) == len(offers(contents))


def test_a_category_has_the_marks_of_classes_and_no_value_one_of_its_own(table: Path) -> None:
    found = color(color="column: place")
    assert [entry.name for entry in found.entries] == ["north", "south", "west", "no value"]
    assert [(e.color, e.shape) for e in found.entries] == [*map(mark_class, range(3)), UNKNOWN]
    assert found.groups[:4].tolist() == [0, 1, 3, 2]
    assert found.unknown and found.ends is None and found.title == "place"
    assert not color(color="column: split").unknown


def test_a_number_has_a_scale_and_its_range(table: Path) -> None:
    found = color(color="column: age")
    assert found.ends == ("0", "19.5")
    assert [entry.color for entry in found.entries] == [*SCALE, UNKNOWN[0]]
    expected = np.minimum(np.arange(40) * 0.5 / 19.5 * 12, 11).astype(int)
    expected[3] = 12
    assert np.array_equal(found.groups, expected)
    assert found.entries[0].name == "0.0 to 1.6"
    assert color(color="column: age", size="20").ends == ("0", "9.5")


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([5.0] * 20, ("5", "5")),
        ([1e30, -1e30], ("-1e+30", "1e+30")),
        ([1e6, 1e6 + 12], ("1000000", "1000012")),
        ([np.nan, 2.0], ("2", "2")),
        ([np.nan] * 3, None),
    ],
)
def test_a_scale_is_of_the_values_there_are(
    values: list[float], ends: tuple[str, str] | None
) -> None:
    from ui.coloring import _color_by_scale

    found = _color_by_scale("age", np.array(values, np.float32), name_number)
    assert found.ends == ends
    assert found.unknown == bool(np.isnan(values).any())
    assert all(0 <= group < len(found.entries) for group in found.groups)
    names = [entry.name for entry in found.entries[: len(SCALE)]]
    assert len(set(names)) == len(names)


def test_filters_keep_any_value_of_a_column_and_all_columns(table: Path) -> None:
    where = json.dumps([["place", "north"], ["place", None], ["split", "train"]])
    selection, refused = choose(where=where)
    assert refused == []
    faded = fade(selection, read_predictions(TINY, 40))
    kept = [i for i in range(40) if i % 4 in {0, 2} and i % 2 == 0]
    assert np.flatnonzero(~faded).tolist() == kept
    assert choose(**selection.to_params())[0] == selection
    with_wrong = Selection(**{**selection.__dict__, "verdict": "wrong"})
    answers = read_predictions(TINY, 40)
    assert np.array_equal(fade(with_wrong, answers), faded | (answers.correct != 0))


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", "[[]]", "[3]", '[["place","nowhere"]]', '[["taste","north"]]', "[" * 9999],
)
def test_a_filter_that_the_run_lacks_is_told_and_left_out(table: Path, text: str) -> None:
    selection, refused = choose(where=text)
    assert refused == ["filter by column"] and selection.where == ()
    asked = json.dumps([["place", "north"], ["taste", "sweet"]])
    assert choose(where=asked)[0].where == (("place", "north"),)
    assert choose(where=asked)[1] == ["filter by column"]


def test_a_column_that_the_run_lacks_is_told_and_falls_back(tiny_run: Path) -> None:
    app = open_app(color="column: place", where='[["place","north"]]')
    assert len(app.toast) == 1
    assert "colouring" in app.toast[0].value and "filter by column" in app.toast[0].value
    assert not {"color", "where"} & set(address(app))


def test_long_names_stay_themselves_in_addresses() -> None:
    columns = [Column("a" * 200 + end, "category", ("b" * 200 + end,)) for end in "12"]
    assert len(set(list_colorings(columns))) == 2
    filters = list_filters(columns)
    assert len(set(map(name_filter, filters))) == len(filters) == 4
    assert all(len(text) <= 80 for text in map(shorten, ("c" * 81, "d" * 80)))
    assert shorten("short") == "short"


def test_choices_stand_in_the_address(table: Path) -> None:
    app = open_app()
    app.selectbox(key="color").set_value("column: place").run()
    app.multiselect(key="where").set_value([("split", "train"), ("place", None)]).run()
    assert not app.exception
    assert address(app)["color"] == "column: place"
    assert json.loads(address(app)["where"]) == [["split", "train"], ["place", None]]
    app.multiselect(key="where").set_value([]).run()
    assert "where" not in address(app)


@pytest.mark.parametrize("page", ["", "UMAP_Tour"])
def test_every_column_of_a_sample_is_shown_as_text(table: Path, page: str) -> None:
    shown = text_of(open_app(page, sample="3", color="column: age"))
    assert "<img src=x" not in shown
    for text in ("split", "val", "place", "west", "age", "no value", "x1", f"3 {HOSTILE}", HOSTILE):
        assert f">{escape(text)}</d" in shown


def test_the_table_of_a_set_has_the_columns(table: Path) -> None:
    contents = read_contents(TINY)
    text = write_csv(np.array([3, 6]), VIEW, contents, read_predictions(TINY, 40))
    first, second = csv.DictReader(io.StringIO(text.decode("utf-8-sig")))
    assert (first["split"], first["place"], first["age"], first["note"]) == (
        *("val", "west", ""),
        f"3 {HOSTILE}",
    )
    assert (second["place"], second["age"], second["note"]) == ("", "3", "")
    assert second["column x"] == "x0" and float(second["x"])  # a place of the plot keeps its name


def test_numbers_are_read_back_as_they_were() -> None:
    for value in np.float32([0.1, 2013, -3.25, 1e30, 1e-7, 16777216]):
        assert np.float32(name_number(value)) == value and not name_number(value).endswith(".0")
    assert name_number(np.float32(np.nan)) == ""


# --- no labels -------------------------------------------------------------------------------------


def test_without_labels_clusters_take_the_place_of_classes(unlabelled: Path) -> None:
    contents = read_contents(TINY)
    keys = ("predicted", "confidence", "margin", "cluster", "kept", "column: place")
    assert offers(contents) == keys
    selection, refused = choose()
    assert selection.color == "cluster" and refused == []
    for key in keys:
        found = color(color=key)
        assert found.groups.min() >= 0 and found.groups.max() < len(found.entries)
    assert choose(color="true", verdict="wrong")[1] == ["colouring", "verdict"]
    assert not fade(selection, read_predictions(TINY, 40)).any()


@pytest.mark.parametrize("page", ["", "UMAP_Tour"])
@pytest.mark.parametrize("sample", [None, "5"])
def test_pages_without_labels_open_and_say_so(
    unlabelled: Path, page: str, sample: str | None
) -> None:
    app = open_app(page, **({"sample": sample} if sample else {}))
    shown = text_of(app)
    assert address(app)["color"] == "cluster"
    assert (">no label<" in shown) == bool(sample)
    assert not [group for group in app.button_group if group.key == "verdict"]
    for word in ("its class", "Neighbours agree", "lacks the true class", "correct"):
        assert word not in shown


@pytest.mark.parametrize("key", ["cluster", "column: place", "confidence"])
def test_a_set_without_labels_is_counted_and_written(unlabelled: Path, key: str) -> None:
    app = open_app(color=key)
    app.session_state["lassoed"] = (family_of(), (1, 2, 5))
    app.run()
    assert not app.exception
    assert "Set of 3" in text_of(app)
    assert ('<ol class="bars">' in text_of(app)) == (key != "confidence")
    contents = read_contents(TINY)
    rows = write_csv(np.array([1]), VIEW, contents, read_predictions(TINY, 40))
    (row,) = csv.DictReader(io.StringIO(rows.decode("utf-8-sig")))
    assert row["true"] == row["correct"] == "" and row["predicted"] and row["place"] == "south"


def family_of() -> str:
    from ui.layouts import family

    return family(choose()[0])


# --- many classes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "there", "note"),
    [
        (3, 3, ""),
        (40, 40, ""),
        (41, 41, "40 marks for 41 classes; hover tells"),
        (150, 100, "100 of 150 classes, 40 marks for 100 classes; hover tells"),
        (150, 30, "30 of 150 classes"),
    ],
)
def test_a_legend_tells_of_marks_that_repeat_and_classes_without_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int, there: int, note: str
) -> None:
    monkeypatch.chdir(tmp_path)
    categories = tuple(Category(None, None, f"class {i}") for i in range(n))
    write_run(tmp_path, np.arange(there), sizes=(there,), categories=categories)
    assert color().note == note
    assert color().describe()["note"] == note


def test_no_value_is_none_of_the_values_that_are_counted(table: Path) -> None:
    assert color(color="column: place").note == ""
    assert color(color="column: age").note == ""
