"""The Explain page in a real browser: its parts together, with pictures of anyone's."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from browser import PATIENCE, browsing, check_edges, params_of, settle
from PIL import Image
from playwright.sync_api import Page, expect

from ui.explain.pictures import MAX_BYTES

pytestmark = pytest.mark.slow

RUN = "run=objects-vgg16_slim"


@pytest.fixture(scope="module")
def address(app_address: str) -> str:
    return f"{app_address}/Explain"


def show(page: Page, address: str, query: str) -> None:
    page.goto(f"{address}?{RUN}&{query}")
    expect(page.locator(".st-key-subject-panel .bars li").first).to_be_visible(timeout=PATIENCE)
    settle(page)


def tile(method: str) -> str:
    return f"figure[data-method={method}]"


def wait_until(page: Page, method: str, state: str) -> None:
    expect(page.locator(tile(method))).to_have_attribute("data-state", state, timeout=PATIENCE)


def select(page: Page, label: str, name: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type(name)
    page.get_by_role("option", name=name, exact=True).click()
    settle(page)


def picture_file(color: str = "red") -> bytes:
    stored = io.BytesIO()
    Image.new("RGB", (300, 200), color).save(stored, "PNG")
    return stored.getvalue()


def color_of(page: Page) -> np.ndarray:
    """Mean colour of the picture that is explained, which is of one."""
    frame = page.get_by_role("application", name="The picture: the frame")
    pixels = frame.locator("img").evaluate(
        """async (image) => {
            await image.decode();
            const canvas = new OffscreenCanvas(8, 8);
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0, 8, 8);
            return [...context.getImageData(0, 0, 8, 8).data];
        }"""
    )
    return np.array(pixels).reshape(-1, 4)[:, :3].mean(axis=0)


def test_a_photograph_is_explained_class_against_class(page: Page, address: str) -> None:
    show(page, address, "network=vgg16_slim&source=coffee")
    select(page, "Target class", "church")
    select(page, "Contrast class", "golf ball")
    assert "church rather than golf ball" in page.locator(".explained").inner_text()
    assert (params_of(page)["target"], params_of(page)["rival"]) == ("4", "8")
    wait_until(page, "saliency", "done")
    page.locator(f"{tile('hires_cam')} .open").click()
    settle(page)
    assert params_of(page)["explain"] == "hires_cam"
    panel = page.locator(".st-key-method-panel")
    expect(panel.locator(".katex").first).to_be_visible()
    assert "Known limitation" in panel.inner_text()
    wait_until(page, "hires_cam", "done")
    before = page.locator(f"{tile('hires_cam')} .layer:not([hidden])").get_attribute("src")
    page.get_by_role("combobox", name="Layer").click()
    page.keyboard.type("features.10")
    page.get_by_role("option", name="features.10 ").first.click()
    settle(page)
    assert params_of(page)["at"] == "features.10"
    wait_until(page, "hires_cam", "done")
    layer = page.locator(f"{tile('hires_cam')} .layer:not([hidden])")
    expect(layer).not_to_have_attribute("src", str(before), timeout=PATIENCE)
    page.reload()
    wait_until(page, "hires_cam", "done")
    assert "church rather than golf ball" in page.locator(".explained").inner_text()


def test_a_long_method_is_computed_on_demand_and_cancelled(page: Page, address: str) -> None:
    show(page, address, "sample=3&explain=lime&options=lime.n_samples-2000")
    wait_until(page, "lime", "idle")
    act = page.locator(f"{tile('lime')} .over button")
    act.click()
    wait_until(page, "lime", "running")
    expect(act).to_have_text("Cancel")
    act.click()
    wait_until(page, "lime", "idle")
    page.goto(f"{address}?{RUN}&sample=3&explain=lime&options=lime.n_samples-20")
    wait_until(page, "lime", "idle")
    act.click()
    wait_until(page, "lime", "done")
    expect(page.locator(".enlarged .layer")).to_be_visible(timeout=PATIENCE)


def test_a_patch_is_dragged_and_swept(page: Page, address: str) -> None:
    show(page, address, "sample=7&view=probe")
    box = page.locator(".probe .box").bounding_box()
    assert box is not None
    whole = float(page.locator(".whole").inner_text())
    covered = page.locator(".covered:not(.asking)")
    for place in (0.3, 0.4, 0.5):
        page.mouse.move(box["x"] + place * box["width"], box["y"] + 0.5 * box["height"])
        page.wait_for_timeout(60)
    expect(covered).to_have_text(re.compile(r"0\.\d{3}"), timeout=PATIENCE)
    there = float(covered.inner_text())
    change = float(page.locator(".change").inner_text().replace("−", "-"))
    assert change == pytest.approx(there - whole, abs=0.0011)
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    expect(page.locator(".covered.asking")).to_have_count(0, timeout=PATIENCE)
    assert float(covered.inner_text()) != there
    start = page.locator(".probe .start")
    start.click()
    expect(page.locator(".count")).to_have_text(re.compile(r"\d+ of 169"), timeout=PATIENCE)
    expect(page.locator(".heat")).to_be_visible()
    start.click()
    expect(start).to_have_text("Sweep the whole picture", timeout=PATIENCE)


def test_arrows_move_the_patch(page: Page, address: str) -> None:
    show(page, address, "sample=7&view=probe&options=probe.fill-black")
    left = "(patch) => parseFloat(patch.style.left)"
    before = page.locator(".probe .patch").evaluate(left)
    page.locator(".probe .box").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator(".probe .patch").evaluate(left) == pytest.approx(before + 100 * 20 / 224)


def expect_title(page: Page, name: str) -> None:
    """A picture of one's own is shown, with its crop to move."""
    told = f"{name}drag the frame"
    expect(page.locator(".subject h3")).to_have_text(told, timeout=PATIENCE)


def test_a_picture_of_ones_own_is_explained_and_a_wrong_one_refused(
    page: Page, address: str
) -> None:
    page.goto(f"{address}?{RUN}&source=upload&network=vgg16_slim")
    field = page.locator("[data-testid=stFileUploader] input")
    field.wait_for(state="attached", timeout=PATIENCE)
    settle(page)
    field.set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": picture_file()})
    expect_title(page, "red.png")
    np.testing.assert_allclose(color_of(page), (255, 0, 0), atol=6)
    # For a moment the field that comes stands beside the one that goes.
    settle(page)
    expect(field).to_have_count(1, timeout=PATIENCE)
    field.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"<script>"})
    expect(page.locator(".refusal")).to_contain_text("x.png: not a picture", timeout=PATIENCE)
    assert page.locator(".subject").count() == 0


def test_what_the_browser_refused_goes_with_the_next_picture(page: Page, address: str) -> None:
    page.goto(f"{address}?{RUN}&source=upload&network=vgg16_slim")
    field = page.locator("[data-testid=stFileUploader]")
    field.wait_for(timeout=PATIENCE)
    settle(page)
    large = {"name": "large.png", "mimeType": "image/png", "buffer": bytes(MAX_BYTES + 1)}
    for color in ("lime", "blue"):
        field.locator("input").set_input_files(large)
        expect(field).to_contain_text("large.png", timeout=PATIENCE)
        name = f"{color}.png"
        good = {"name": name, "mimeType": "image/png", "buffer": picture_file(color)}
        field.locator("input").set_input_files(good)
        expect_title(page, name)
        # For a moment the field that comes stands beside the one that goes.
        expect(field.filter(has_text="large.png")).to_have_count(0, timeout=PATIENCE)
    np.testing.assert_allclose(color_of(page), (0, 0, 255), atol=6)


def test_a_picture_is_pasted(page: Page, address: str) -> None:
    page.goto(f"{address}?{RUN}&source=upload&network=vgg16_slim")
    page.locator(".paste kbd").first.wait_for(timeout=PATIENCE)
    settle(page)
    page.evaluate(
        """(text) => {
            const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        }""",
        base64.b64encode(picture_file("blue")).decode(),
    )
    expect_title(page, "The pasted image")
    np.testing.assert_allclose(color_of(page), (0, 0, 255), atol=6)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
@pytest.mark.parametrize("view", ["methods", "probe", "trust"])
def test_nothing_reaches_over_the_edge(address: str, width: int, height: int, view: str) -> None:
    with browsing(width, height) as (page, errors):
        show(page, address, f"sample=7&view={view}")
        panels = ("subject", "trust") if view == "trust" else ("subject", "methods", "method")
        check_edges(page, (f"{panel}-panel" for panel in panels))
        assert errors == []
        assert page.locator("[data-testid=stException]").all_inner_texts() == []


def test_two_classes_stand_side_by_side(page: Page, address: str) -> None:
    show(page, address, "sample=3&why=3&against=4&both=1")
    wait_until(page, "saliency", "done")
    layers = page.locator(f"{tile('saliency')} .layer")
    sources = [layers.nth(i).get_attribute("src") for i in range(2)]
    assert layers.count() == 2 and sources[0] != sources[1]
    assert page.locator(".sides").inner_text().count("|") == 1
    assert page.locator(".enlarged").count() == 2
    page.get_by_role("radio", name="Difference").click()
    settle(page)
    expect(page.locator(".enlarged")).to_have_count(1, timeout=PATIENCE)
    assert "both" not in params_of(page)
