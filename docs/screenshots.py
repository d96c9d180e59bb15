"""Take the README's pictures of the app, on the embedded data: ``python -m docs.screenshots [NAME ...]``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.shared.browser import ROOT, browsing, serving, settle

_SMALL, _LARGE = (1280, 800), (1920, 1080)
_TOUR = "UMAP_Tour?size=1000"
_BIRDS = "?run=birds-vgg16_slim&size=1000&method=tsne&perplexity=30&sample=12"
# Size, address, and the buttons to press before.
VIEWS: dict[str, tuple[tuple[int, int], str, tuple[str, ...]]] = {
    "explorer-1280": (_SMALL, f"{_BIRDS}&layer=features.28", ()),
    "explorer-1920": (_LARGE, f"{_BIRDS}&layer=features.28", ()),
    "channel-1280": (_SMALL, f"{_BIRDS}&layer=features.23&channel=64", ()),
    "objects-1920": (
        _LARGE,
        "?run=objects-vgg16_slim&size=1000&method=umap&layer=features.28&sample=560&marks=pictures"
        "&against=7",
        (),
    ),
    "tour-1280": (
        _SMALL,
        f"{_TOUR}&run=birds-vgg16_slim&layer=features.23&step=1840&sample=12&marks=pictures",
        (),
    ),
    "tour-1920": (
        _LARGE,
        f"{_TOUR}&run=objects-vgg16_slim&layer=features.23&second=objects-efficientnet_lite0"
        "&second_layer=blocks.5.3&step=1500&sample=40",
        (),
    ),
    "explain-1280": (
        _SMALL,
        "Explain?run=birds-vgg16_slim&sample=12&against=14&both=1&explain=guided_grad_cam",
        (),
    ),
    "units-1280": (
        _SMALL,
        "Features?run=objects-vgg16_slim&layer=features.29&channel=79",
        ("Start",),
    ),
    "classes-1280": (_SMALL, "Features?run=objects-efficientnet_lite0&show=classes", ()),
    "trial-1280": (_SMALL, "Features?run=objects-vgg16_slim&layer=features.23&show=trial", ()),
    "performance-1280": (_SMALL, "Performance?run=birds-vgg16_slim&perf=layers", ()),
    "network-1920": (
        _LARGE,
        "Network?run=objects-efficientnet_lite0&layer=blocks.1.1&level=operators",
        (),
    ),
    "experiments-1920": (_LARGE, "Experiments?run=objects-vgg16_slim&layer=features.16", ()),
}


def main() -> None:
    folder = Path(__file__).parent
    wanted = set(sys.argv[1:]) or set(VIEWS)
    with serving(ROOT) as address:
        for name, ((width, height), query, buttons) in VIEWS.items():
            if name not in wanted:
                continue
            with browsing(width, height) as (page, errors):
                page.goto(address + "/" + query)
                settle(page)
                page.wait_for_timeout(6000)  # thumbnails, torch, explanations
                for button in buttons:
                    page.get_by_role("button", name=button).first.click()
                    page.wait_for_timeout(20_000)
                page.screenshot(path=folder / f"{name}.png")
                assert not errors, errors
    (ROOT / "server.log").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
