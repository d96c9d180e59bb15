"""What a session remembers of an address, when its pages are left and come to."""

from __future__ import annotations

import asyncio

import pytest

from tests.shared.visitors import Visitor

pytestmark = pytest.mark.slow
RUN = {"run": "objects-vgg16_slim", "size": "100", "layer": "features.23"}
SECOND = {"second": "objects-efficientnet_lite0"}


def test_a_second_run_under_the_address_of_arrival_forgets_nothing(app_address: str) -> None:
    """As where a component of the page that was left has sent something on its way out."""

    async def visit() -> list[dict[str, str]]:
        async with Visitor(app_address) as visitor:
            seen = []
            await visitor.open("UMAP_Tour", **RUN, **SECOND)
            await visitor.open("", **RUN)
            for _ in range(3):
                await visitor.open("UMAP_Tour", **RUN)
                seen.append(visitor.params)
            assert visitor.problems == []
            return seen

    for params in asyncio.run(visit()):
        assert params["second"] == SECOND["second"]


def test_what_was_seen_and_is_missing_later_was_taken_away(app_address: str) -> None:
    async def visit() -> dict[str, str]:
        async with Visitor(app_address) as visitor:
            await visitor.open("UMAP_Tour", **RUN, **SECOND)
            await visitor.open("", **RUN)
            await visitor.open("UMAP_Tour", **RUN)
            await visitor.open("UMAP_Tour", **visitor.params)
            await visitor.open("UMAP_Tour", **RUN)
            return visitor.params

    assert "second" not in asyncio.run(visit())


def test_a_choice_outlives_what_the_page_sends_before_it_hears_of_it(app_address: str) -> None:
    """As where a page asks how far a computation is, in the moment after the visitor chose something."""

    async def visit() -> list[str | None]:
        async with Visitor(app_address) as visitor:
            before = {"run": RUN["run"], "size": "100", "sample": "3", "explain": "saliency"}
            await visitor.open("Explain", **before)
            await visitor.settle()
            seen = []
            for method in ("lime", "saliency", "hires_cam"):
                await visitor.click("method_tiles", "open", method, shown={"explain": method})
                await visitor.open("Explain", **before)  # the script runs under the address before
                seen.append(visitor.params.get("explain"))
            assert visitor.problems == []
            return seen

    assert asyncio.run(visit()) == ["lime", "saliency", "hires_cam"]


def test_who_goes_back_undoes_a_choice(app_address: str) -> None:
    async def visit() -> str | None:
        async with Visitor(app_address) as visitor:
            before = {"run": RUN["run"], "size": "100", "sample": "3", "explain": "saliency"}
            await visitor.open("Explain", **before)
            await visitor.click("method_tiles", "open", "lime", shown={"explain": "lime"})
            await visitor.go_back("Explain", **before)
            return visitor.params.get("explain")

    assert asyncio.run(visit()) == "saliency"
