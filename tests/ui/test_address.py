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
