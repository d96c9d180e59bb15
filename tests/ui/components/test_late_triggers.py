"""What a component sends when Streamlit has forgotten it is no error."""

from __future__ import annotations

import asyncio

import pytest

from tests.shared.visitors import Visitor

pytestmark = pytest.mark.slow


def test_a_trigger_of_a_component_without_state_is_dropped(app_address: str) -> None:
    async def visit() -> Visitor:
        async with Visitor(app_address) as visitor:
            await visitor.open("", run="objects-vgg16_slim", size=100)
            before = visitor.params
            await visitor.click("model_map", "pick", "features.23", forgotten=True)
            assert visitor.params == before
            await visitor.click("model_map", "pick", "features.23", {"layer": "features.23"})
            return visitor

    assert asyncio.run(visit()).problems == []
