"""The Explorer without a browser: what it offers, what it survives."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from layerscope.params import read_params
from layerscope.storage.store import writing
from tests.shared.pages import address, open_app, text_of
from tests.shared.project import ROOT, TINY
from ui.selection import METHODS


def test_the_page_opens_on_a_complete_view(tiny_run: Path) -> None:
    app = open_app()
    assert address(app) == {
        "run": TINY,
        "size": "40",
        "layer": "classifier.0",
        "method": "tsne",
        "perplexity": "30",
    }
    assert "t-SNE, perplexity 30 (effective 13)" in text_of(app)
    assert "30 asked for, 13 is what 40 samples can carry." in text_of(app)
    assert "Point at a sample" in text_of(app)


def test_a_link_restores_the_view(tiny_run: Path) -> None:
    wanted = {
        "run": TINY,
        "size": "20",
        "layer": "features.0",
        "method": "pca",
        "perplexity": "5",
        "sample": "7",
    }
    app = open_app(**wanted)
    assert address(app) == wanted
    assert [toast.value for toast in app.toast] == []
    shown = text_of(app)
    assert "features.0, 20 samples" in shown
    assert "explained variance <b>0.50</b>" in shown
    assert "Sample 0007" in shown
    assert "val/000007" in shown


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("run", "../../etc"),
        ("size", "1e9"),
        ("size", "-20"),
        ("layer", "<script>alert(1)</script>"),
        ("method", ""),
        ("perplexity", "nan"),
        ("sample", "40"),
        ("sample", "-1"),
        ("sample", "9" * 5000),
        ("color", "taste"),
        ("cluster", "features.99"),
        ("only", "1.-2"),
        ("only", "1" * 9999),
        ("verdict", "maybe"),
        ("confidence", "90-10"),
        ("confidence", "0-101"),
        ("marks", "dots"),
        ("why", "12"),
        ("against", "-1"),
        ("channel", "12"),
        ("order", "size"),
    ],
)
def test_what_a_link_asks_in_vain_falls_back_with_a_notice(
    tiny_run: Path, key: str, value: str
) -> None:
    app = open_app(**{key: value})
    assert len(app.toast) == 1
    assert address(app).get(key) != value
    assert address(app)["run"] == TINY
    assert "<script" not in text_of(app)


def test_choices_are_written_to_the_address(tiny_run: Path) -> None:
    app = open_app(sample="3")
    app.button_group(key="size").set_value(20).run()
    app.button_group(key="method").set_value("umap").run()
    assert not app.exception
    assert (address(app)["size"], address(app)["method"]) == ("20", "umap")
    assert address(app)["sample"] == "3"
    assert not [group for group in app.button_group if group.key == "perplexity"]


def test_filters_and_colours_are_written_to_the_address(tiny_run: Path) -> None:
    app = open_app()
    app.selectbox(key="color").set_value("cluster").run()
    app.selectbox(key="cluster").set_value("features.0").run()
    app.button_group(key="verdict").set_value("wrong").run()
    app.slider(key="confidence").set_value((10, 60)).run()
    assert not app.exception
    wanted = {
        "color": "cluster",
        "cluster": "features.0",
        "verdict": "wrong",
        "confidence": "10-60",
    }
    assert wanted.items() <= address(app).items()
    app.button_group(key="verdict").set_value("all").run()
    app.slider(key="confidence").set_value((0, 100)).run()
    assert not {"verdict", "confidence"} & set(address(app))


def test_another_colouring_forgets_what_the_legend_kept(tiny_run: Path) -> None:
    app = open_app(only="0.2")
    assert address(app)["only"] == "0.2"
    app.selectbox(key="color").set_value("correct").run()
    assert "only" not in address(app)


def test_a_smaller_size_lets_a_sample_go_that_is_not_in_it(tiny_run: Path) -> None:
    app = open_app(sample="33")
    app.button_group(key="size").set_value(20).run()
    assert "sample" not in address(app)
    assert [toast.value for toast in app.toast] == []


def test_a_page_that_is_come_to_without_an_address_goes_on_with_the_view(tiny_run: Path) -> None:
    app = open_app(method="umap", sample="3", color="margin")
    app.switch_page(str(ROOT / "pages" / "About.py")).run()
    for key in list(app.query_params):
        del app.query_params[key]
    app.switch_page(str(ROOT / "streamlit_app.py")).run()
    assert {"method": "umap", "sample": "3", "color": "margin"}.items() <= address(app).items()


def test_what_is_taken_out_of_the_address_stays_out(tiny_run: Path) -> None:
    app = open_app(sample="3")
    for key in list(app.query_params):
        del app.query_params[key]
    app.run()
    assert "sample" not in address(app)


def test_names_from_data_are_escaped(tiny_run: Path) -> None:
    app = open_app(sample="2")  # of the class whose name is markup
    assert "&lt;b&gt;knot&lt;/b&gt;" in text_of(app)
    assert "<b>knot" not in text_of(app)


def test_a_class_that_the_model_lacks_is_said_so(tiny_run: Path) -> None:
    app = open_app(sample="2")
    assert "the model lacks the true class" in text_of(app)


@pytest.mark.parametrize("name", ["predictions", "pca", "umap", "tsne"])
def test_a_missing_store_names_the_command(tiny_run: Path, name: str) -> None:
    folder = tiny_run / name if name == "tsne" else tiny_run / f"{name}.zarr"
    shutil.rmtree(folder)
    shown = text_of(open_app(method=name if name in METHODS else "tsne"))
    assert "have not been built yet" in shown
    assert f"<code>{name}</code> of <code>{TINY}</code>" in shown
    assert "make demo" in shown


def damage_store(path: Path, how: str) -> None:
    """Spoil a store as crashes and bad copies do."""
    if how == "metadata":
        (path / "zarr.json").write_text("{ not json")
    elif how == "format":
        shutil.rmtree(path)
        with writing(path, layerscope_format=99):
            pass
    for shard in [file for file in path.rglob("c/**/*") if file.is_file()]:
        if how == "cut off":
            shard.write_bytes(shard.read_bytes()[:-5])
        elif how == "gone":
            shard.unlink()


@pytest.mark.parametrize("name", ["predictions", "tsne/30", "pca", "umap", "samples"])
@pytest.mark.parametrize("how", ["metadata", "format", "cut off", "gone"])
def test_a_broken_store_is_one_calm_message(tiny_run: Path, name: str, how: str) -> None:
    damage_store(tiny_run / f"{name}.zarr", how)
    shown = text_of(open_app(method=name if name in METHODS else "tsne"))
    assert shown.count("are damaged") == 1
    assert f"data/{TINY}/{name}.zarr" in shown
    assert "make demo" in shown
    assert "Traceback" not in shown


def test_broken_additions_leave_the_view(tiny_run: Path) -> None:
    for name in ("nearest", "cam"):
        (tiny_run / f"{name}.zarr" / "zarr.json").write_text("")
    (tiny_run / "layers.csv").write_bytes(b"\xff\xfe\0")
    app = open_app(sample="4")
    assert "Sample 0004" in text_of(app)
    assert "kNN accuracy <b>" not in text_of(app)


def test_a_figure_that_is_empty_has_the_reason_of_the_table(tiny_run: Path) -> None:
    path = tiny_run / "layers.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    cells = [row.split(",") for row in rows]
    for note, told in {
        "knn_accuracy: all samples are of one class; silhouette: x": "– all samples are of one class",
        "all samples are equal": "– all samples are equal",
        "silhouette: x": "",
    }.items():
        lines = [",".join([*row[:4], "", *row[5:], note]) for row in cells]
        path.write_text("\n".join([f"{head},note", *lines, ""]), encoding="utf-8")
        said = text_of(open_app())
        assert (told in said) if told else ("kNN accuracy <b>" not in said)


def test_an_embedding_of_another_size_is_refused(tiny_run: Path) -> None:
    with writing(tiny_run / "pca.zarr") as store:
        store.add("40/points", np.zeros((4, 39, 2), np.float32), ["layer", "sample", "component"])
    assert "are damaged" in text_of(open_app(method="pca"))


def test_a_rebuilt_store_is_read_again(tiny_run: Path) -> None:
    open_app(method="pca")
    shutil.rmtree(tiny_run / "pca.zarr")
    assert "have not been built yet" in text_of(open_app(method="pca"))


def test_without_any_run_the_page_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = text_of(open_app())
    assert "There is no run yet" in shown
    assert "make demo" in shown


def test_runs_that_are_wanted_but_not_built_are_offered(tiny_run: Path) -> None:
    shutil.move(tiny_run, tiny_run.with_name("birds-other"))
    app = open_app()
    assert address(app)["run"] == "birds-other"
    assert list(app.selectbox(key="run").options) == ["objects / tiny (not built)", "birds / other"]
    app.selectbox(key="run").set_value(TINY).run()
    assert not app.exception
    assert "have not been built yet" in text_of(app)
    assert list(read_params().runs) == [TINY]


def test_the_first_page_loads_no_heavy_library(tiny_run: Path) -> None:
    heavy = (
        "torch",
        "torchvision",
        "timm",
        "sklearn",
        "scipy",
        "umap",
        "openTSNE",
        "dvc",
    )
    script = (
        "import sys, runpy\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"runpy.run_path({str(ROOT / 'streamlit_app.py')!r})\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
