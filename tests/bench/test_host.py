"""What a host pays is measured with visitors that do what browsers do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.host import LONG, Log, change_layer, describe_times, measure_host, pin, read_layers
from bench.projects import ROOT
from tests.shared.visitors import Visitor

RUN = {"run": "objects-vgg16_slim", "size": 100}


def test_times_are_told_by_kind_and_long_work_by_how_much_of_it_was_done() -> None:
    long = next(iter(LONG))
    log = Log({"pin": [0.1 * i for i in range(1, 12)], long: [2.0]})
    log.asked[long] = 3
    assert describe_times(log) == [
        {"event": "pin", "asked": 11, "n": 11, "p50": 600, "p95": 1050},
        {"event": long, "asked": 3, "n": 1, "p50": 2000, "p95": 2000},
    ]


@pytest.mark.slow
def test_a_visitor_waits_for_what_a_browser_would_ask_for(app_address: str) -> None:
    async def visit() -> None:
        async with Visitor(app_address) as visitor:
            await visitor.open("", **RUN)
            await pin(visitor, 7)
            await visitor.settle()
            assert visitor.read("explanation_tiles")["waits"] is False
            for key in read_layers(visitor)[:3]:
                await change_layer(visitor, key)
            await visitor.open("Network", **RUN, network_view="graph")
            await visitor.settle()
            assert visitor.read("network_graph")
            assert visitor.problems == []

    asyncio.run(visit())


@pytest.mark.slow
def test_a_small_crowd_is_measured(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    found = asyncio.run(measure_host(ROOT, log, rounds=0, crowds=(2,), seconds=12, rest=1))
    (crowd,) = found["crowds"]
    assert crowd["problems"] == []
    events = {event["event"]: event for event in crowd["events"]}
    assert events["first page"]["n"] == 2
    assert {"pin", "layer change"} & set(events)
    for event in events.values():
        assert 0 < event["p50"] <= event["p95"]
    for held in (found["started"], crowd["before"], crowd["peak"], crowd["after"]):
        assert 20 < held["server_rss"] <= held["resident"] <= held["rss"]
        assert 20 < held["pss"] <= held["rss"]
    assert crowd["peak"]["resident"] >= crowd["before"]["resident"]
    assert len(found["series"]) > 1
