"""Attention of a transformer's block in a channel's dialog, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import serving, settle
from playwright.sync_api import Page, expect

from stages import activations, channels, neighbors, pca, tsne
from tests.layerscope.explanation.test_attention import small_vit
from tests.stages.test_values import RUN, N, make_project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("vit")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        make_project(root, small_vit)
        activations.main(RUN)
        pca.main(RUN)
        neighbors.main(RUN)
        tsne.main(RUN, "5")
        channels.main(RUN)
    with serving(root) as found:
        yield found


def test_a_block_shows_what_the_class_token_and_a_clicked_place_attend_to(
    page: Page, address: str
) -> None:
    view = f"run={RUN}&size={N}&method=pca&sample=3&channel=5"
    page.goto(f"{address}/?{view}&layer=blocks.1")
    settle(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("of the class token").wait_for()
    assert dialog.get_by_role("radio").all_inner_texts()[:4] == ["Mean of heads", "0", "1", "2"]
    shown = dialog.locator("[class*=st-key-attention_map] .js-plotly-plot")
    settle(page)
    expect(shown).to_have_count(1)
    before = shown.locator("image").get_attribute("href")
    dialog.get_by_role("radio", name="2", exact=True).click()
    expect(shown.locator(f"image[href='{before}']")).to_have_count(0)
    settle(page)
    expect(shown).to_have_count(1)
    area = shown.locator(".nsewdrag")
    box = area.bounding_box()
    assert box is not None
    corner = {"x": box["width"] * 7 / 8, "y": box["height"] / 8}
    area.click(position=corner)  # type: ignore[arg-type]
    dialog.get_by_text("of row 0, column 3").wait_for()
    dialog.get_by_role("button", name="Leave this place").click()
    dialog.get_by_text("of the class token").wait_for()
    page.goto(f"{address}/?{view}&layer=patch_embed")
    settle(page)
    dialog.get_by_text("Statistics").wait_for()
    assert dialog.get_by_text("Attention").count() == 0
