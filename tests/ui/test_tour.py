"""What is said around the Explorer: the tour's steps, the About page; and the JavaScript of others."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from layerscope.coarse import npm
from layerscope.errors import InputError
from layerscope.params import read_params
from tests.shared.project import ROOT
from ui.tour import STEPS, TourStep
from ui.vendor import FOLDER, fetch, read_vendored

PACKAGES = json.loads((FOLDER / "vendor.json").read_text())["packages"]


def name_of(step: TourStep) -> str:
    return step.title


# --- steps -----------------------------------------------------------------------------------


def test_there_are_some_eight_steps_each_about_another_part() -> None:
    assert 7 <= len(STEPS) <= 10
    assert len({step.target for step in STEPS}) == len(STEPS)
    assert len({step.title for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize("step", STEPS, ids=name_of)
def test_a_step_is_short_and_its_marks_are_closed(step: TourStep) -> None:
    assert len(step.title) <= 32
    assert len(step.text) <= 240
    assert len(re.findall(r"[.?!](?= |$)", step.text)) <= 2
    assert step.text.count("`") % 2 == 0
    assert step.side in {"top", "right", "bottom", "left"}
    assert not re.search(r"[<>&]", step.text)


@pytest.mark.parametrize("step", STEPS, ids=name_of)
def test_what_a_step_points_at_is_in_the_app(step: TourStep) -> None:
    """A container that is renamed, or a class in a component, must not silently lose its step."""
    pages = "".join(
        file.read_text() for file in [ROOT / "streamlit_app.py", *ROOT.glob("ui/**/*.py")]
    )
    drawn = "".join(
        file.read_text()
        for file in ROOT.glob("ui/components/*/*")
        if file.suffix in {".js", ".html"}
    )
    for name in re.findall(r"\.([\w-]+)", step.target):
        if name.startswith("st-key-"):
            assert f'key="{name.removeprefix("st-key-")}"' in pages
        else:
            assert re.search(rf'["\s`]{name}["\s`]', drawn), name


# --- About -----------------------------------------------------------------------------------

ABOUT = (ROOT / "pages" / "About.html").read_text()


def test_links_of_the_about_page_lead_somewhere() -> None:
    ids = re.findall(r'id="([^"]+)"', ABOUT)
    assert len(set(ids)) == len(ids)
    for link, rest in re.findall(r'<a (?:class="\w+" )?href="([^"]+)"([^>]*)>', ABOUT):
        if link.startswith("#"):
            assert link[1:] in ids, link
        else:
            assert link.startswith("https://"), link
            assert 'target="_blank" rel="noopener"' in rest, link
    cited = set(re.findall(r'class="cite" href="#(ref-\w+)"', ABOUT))
    assert cited == {each for each in ids if each.startswith("ref-")}


def test_the_contents_of_the_about_page_are_its_sections() -> None:
    contents = re.findall(r'<li><a href="#([^"]+)"', ABOUT)
    assert contents == re.findall(r'<section id="([^"]+)"', ABOUT)


def test_figures_of_the_about_page_are_those_of_params_yaml() -> None:
    said = " ".join(re.sub(r"<[^>]+>|&nbsp;", " ", ABOUT).split())
    params = read_params(ROOT / "params.yaml")
    numbers = {10: "ten", 12: "twelvefold", 4: "a quarter", 8: "an eighth"}
    settings = params.activations
    assert f"{numbers[settings.pool]} of their side" in said
    assert f"{numbers[settings.pool_large]} from {settings.large:,} samples on" in said
    assert f"keep {100 * params.pca.variance:.0f} % of the variance" in said
    assert f"{numbers[int(params.tsne.early_exaggeration)]}, then {params.tsne.n_iter}" in said
    assert f"{params.umap.n_neighbors} of them" in said
    assert f"majority of a picture's {numbers[params.metrics.n_neighbors]} nearest" in said
    assert f"the {numbers[params.channels.top_k]} strongest pictures" in said
    assert f"{numbers[params.clusters.n_clusters]} groups" in said
    assert f"its {params.umap.n_components}-dimensional UMAP" in said
    assert f"{params.app.activation_cache_mb} MB" in said
    assert params.prepare.split == "val" and "validation split" in said


def test_figures_of_the_about_page_are_those_of_the_models() -> None:
    import torch

    from layerscope.models.registry import vgg16_slim
    from layerscope.vision import torchvision

    with torch.device("meta"):
        slim, full = vgg16_slim(20), torchvision.models.vgg16(init_weights=False)
    counts = [sum(each.numel() for each in model.parameters()) / 1e6 for model in (slim, full)]
    assert "{:.1f} million parameters instead of {:.1f} million".format(*counts) in " ".join(
        ABOUT.split()
    )
    dense = sum(not isinstance(each, torch.nn.Dropout) for each in full.classifier)
    assert (len(full.features), dense) == (31, 5)
    assert len(full.features) + dense + 2 == 38  # with the input and the probabilities
    assert "38 nodes" in ABOUT and "the 31 of" in ABOUT and "five of the classifier" in ABOUT


# --- vendored files --------------------------------------------------------------------------


@pytest.mark.parametrize("entry", PACKAGES, ids=lambda entry: entry["name"])
def test_vendored_files_are_those_that_were_fetched(entry: dict[str, Any]) -> None:
    folder = FOLDER / entry["name"]
    assert {file.name for file in folder.iterdir()} == set(entry["files"])
    assert "LICENSE" in entry["files"]
    assert entry["integrity"].startswith("sha512-")
    for name, file in entry["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"], name


def test_vendored_text_is_read() -> None:
    assert "Permission is hereby granted" in read_vendored("driver.js", "LICENSE")


def pack(files: dict[str, bytes]) -> bytes:
    """A tarball as npm makes them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def entry_for(tarball: bytes, source: str) -> dict[str, Any]:
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    files = {"a.js": {"from": source, "sha256": ""}}
    return {"name": "@scope/a", "version": "1.0.0", "integrity": integrity, "files": files}


def answer_with(monkeypatch: pytest.MonkeyPatch, tarball: bytes) -> list[str]:
    """Let the registry answer with a tarball; returns the addresses that are asked for."""
    asked: list[str] = []

    def open_address(address: str, timeout: float) -> io.BytesIO:
        asked.append(address)
        return io.BytesIO(tarball)

    monkeypatch.setattr(npm, "urlopen", open_address)
    return asked


def test_fetching_writes_the_named_files_and_notes_their_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball = pack({"dist/a.min.js": b"let a;\r\n", "other.js": b"let b;"})
    entry = entry_for(tarball, "dist/a.min.js")
    asked = answer_with(monkeypatch, tarball)
    fetch.fetch_package(entry, tmp_path / "a")
    assert asked == ["https://registry.npmjs.org/@scope/a/-/a-1.0.0.tgz"]
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["a.js"]
    assert (tmp_path / "a" / "a.js").read_bytes() == b"let a;\r\n"
    assert entry["files"]["a.js"]["sha256"] == hashlib.sha256(b"let a;\r\n").hexdigest()


def test_a_tarball_that_is_not_the_published_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entry_for(pack({"a.js": b"let a;"}), "a.js")
    answer_with(monkeypatch, pack({"a.js": b"let evil;"}))
    with pytest.raises(InputError, match="integrity"):
        fetch.fetch_package(entry, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_file_that_the_package_lacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball = pack({"a.js": b"let a;"})
    answer_with(monkeypatch, tarball)
    with pytest.raises(InputError, match=r"dist/a\.js"):
        fetch.fetch_package(entry_for(tarball, "dist/a.js"), tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_integrity_is_that_of_the_standard() -> None:
    # SHA-512 of the empty string, FIPS 180-4, in base64.
    empty = (
        "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
    )
    npm.check_integrity(b"", f"sha512-{empty}")
    with pytest.raises(InputError):
        npm.check_integrity(b"", f"sha1-{empty}")
