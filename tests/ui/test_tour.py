"""What is said around the Explorer: the tour's steps, the About page."""

from __future__ import annotations

import re
from html import unescape

import pytest

from layerscope.params import read_params
from tests.shared.project import ROOT
from ui.glossary import fill_terms
from ui.tour import STEPS, TourStep


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
        if file.suffix in {".ts", ".html"}
    )
    for name in re.findall(r"\.([\w-]+)", step.target):
        if name.startswith("st-key-"):
            assert f'key="{name.removeprefix("st-key-")}"' in pages
        else:
            assert re.search(rf'["\s`]{name}["\s`]', drawn), name


# --- About -----------------------------------------------------------------------------------

ABOUT = unescape(fill_terms((ROOT / "pages" / "About.html").read_text()))


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
    numbers = {10: "ten", 12: "twelvefold"}
    grid, tsne = params.activations.grid, params.tsne
    assert f"averaged to {grid} × {grid} cells" in said
    assert f"keep {100 * params.pca.variance:.0f} % of the variance" in said
    assert f"{numbers[int(tsne.early_exaggeration)]}, then until 100 steps lower" in said
    assert f"no more than {100 * tsne.tolerance:g} % of it, {tsne.n_iter} at most" in said
    assert f"{params.umap.n_neighbors} of them" in said
    assert f"majority of a sample's {numbers[params.metrics.n_neighbors]} nearest" in said
    assert f"the {numbers[params.channels.top_k]} top-activating images" in said
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
