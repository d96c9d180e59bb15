"""What a host pays for the app: ``make bench-host``.

One server in a process of its own, on the embedded data. A visitor goes through every view of every page
several times, then crowds are at work: most pin samples and change layers in the Explorer, every fifth has
something computed that takes long. Prints what was measured, and writes it to ``docs/bench-host.json``.

Visitors are no browsers but speak as these do (`tests.shared.visitors`). A time is that from a click to the
end of the script that it caused, on a machine where visitors run beside the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, groupby
from pathlib import Path
from subprocess import run as run_command

import numpy as np

from bench.machine import counting_cores, describe_machine
from bench.memory import Held, Meter
from bench.projects import ROOT
from tests.shared.browser import Server, running
from tests.shared.visitors import Visitor
from ui.bundle import EMBEDDED

_RESULTS = ROOT / "docs" / "bench-host.json"
_RUN = {"run": "objects-vgg16_slim"}
_SECOND = "objects-efficientnet_lite0"  # with ImageNet's 1000 classes
_MB = 2**20
_PATIENCE = 300.0  # seconds after which an answer counts as missing
_THINKING = (2.0, 6.0)  # seconds between an answer and the next click
_EVERY = 5  # one visitor of so many has long work done
_INTERVAL = 1.0  # seconds between two looks at what is held
_BUCKET = 10  # seconds of the series in the results
Row = dict[str, object]
UNITS = {
    "memory": "MB (2^20 bytes). resident: the server, and what its children hold beside it (rss, uss);"
    " pss, rss: sums over all of these (what others on the machine have loaded too counts in parts, and"
    " what they share counts twice); server_rss: without children",
    "times": "milliseconds from the click to the end of the script that it caused",
    "series": f"most in each {_BUCKET} seconds: [seconds, resident, pss, rss, server_rss]",
    "cores": "processor cores that were busy on average, own: with the visitors",
}


def _sum(rows: Sequence[tuple[float, list[Held]]]) -> np.ndarray:
    """Of each look, in MB, what `UNITS` says of memory. (n, 4)"""
    sizes = [
        (
            held[0].rss + sum(child.uss for child in held[1:]),
            sum(each.pss for each in held),
            sum(each.rss for each in held),
            held[0].rss,
        )
        for _, held in rows
    ]
    return np.array(sizes) / _MB


def _name(sizes: np.ndarray) -> Row:
    names = ("resident", "pss", "rss", "server_rss")
    return dict(zip(names, sizes.round(1).tolist(), strict=True))


async def level(meter: Meter) -> Row:
    """What is held now: the median of five looks."""
    await asyncio.sleep(5 * _INTERVAL)
    return _name(np.median(_sum(meter.rows[-5:]), axis=0))


@contextmanager
def watching_peak(meter: Meter) -> Iterator[Row]:
    """The most that is held within a context, known at its end."""
    first, found = len(meter.rows), Row()
    yield found
    found.update(_name(_sum(meter.rows[first:]).max(axis=0)))


def draw_series(meter: Meter) -> list[list[float]]:
    """All that was seen, coarsely."""
    buckets = groupby(meter.rows, key=lambda row: int(row[0]) // _BUCKET * _BUCKET)
    return [[second, *_sum([*rows]).max(axis=0).round(1).tolist()] for second, rows in buckets]


# --- all pages ---------------------------------------------------------------------------------


def list_views(seed: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Pages with what their addresses ask for, other things to compute with each seed; all views of all."""
    from ui.explain.address import VIEWS as EXPLAIN
    from ui.explain.pictures import PHOTOS
    from ui.features.address import VIEWS as FEATURES
    from ui.features.classes.choice import METHODS
    from ui.network.address import VIEWS as NETWORK
    from ui.performance.address import VIEWS as PERFORMANCE

    yield "UMAP_Tour", {}
    yield "UMAP_Tour", {"second": _SECOND}
    for view in EXPLAIN:
        yield "Explain", {"view": view, "sample": seed}
    yield "Explain", {"source": [*PHOTOS][seed % len(PHOTOS)]}
    for show in FEATURES:
        maps = METHODS if show == "classes" else [None]
        for method in maps:
            which = {"class_map": method, "run": _SECOND, "class_seed": seed} if method else {}
            yield "Features", {"show": show, "trial_seed": seed, **which}
    for view in PERFORMANCE:
        yield "Performance", {"perf": view}
    for view in NETWORK:
        yield "Network", {"network_view": view}
    yield "Experiments", {}
    yield "About", {}


async def visit_all(visitor: Visitor, seed: int) -> None:
    """See every view of every page, and wait for all that it computes."""
    for run in EMBEDDED:
        await visitor.open("", run=run)
        await pin(visitor, seed)
        await visitor.settle()
        for key in read_layers(visitor)[::5]:
            if visitor.params["layer"] != key:
                await change_layer(visitor, key)
            await visitor.settle()
    for page, params in list_views(seed):
        await visitor.open(page, **_RUN | params)
        await visitor.settle()
    assert await maximize(visitor, random.Random(seed))


async def pin(visitor: Visitor, uid: int) -> float:
    """Click a sample of the Explorer that is not pinned; seconds until it is."""
    took = await visitor.click("scatter", "pinned", uid, {"sample": str(uid)})
    assert visitor.read("scatter")["pinned"] == uid
    return took


async def change_layer(visitor: Visitor, key: str) -> float:
    """Click a layer of the Explorer that is not shown; seconds until it is."""
    took = await visitor.click("model_map", "pick", key, {"layer": key})
    assert visitor.read("model_map")["chosen"] == key
    return took


def read_layers(visitor: Visitor) -> list[str]:
    """Keys of the layers of the map on the page."""
    return [node["key"] for node in visitor.read("model_map")["nodes"]]


async def measure_rounds(server: Server, meter: Meter, rounds: int) -> list[Row]:
    """What is held after each round of one visitor."""
    rows: list[Row] = []
    async with Visitor(server.address) as visitor:
        for i in range(rounds):
            begun = time.perf_counter()
            with watching_peak(meter) as peak:
                async with asyncio.timeout(4 * _PATIENCE):
                    await visit_all(visitor, i)
            took, after = round(time.perf_counter() - begun), await level(meter)
            rows.append({"round": i + 1, "seconds": took, "peak": peak, "after": after})
            rows[-1]["problems"] = visitor.problems[:]
            said = f"{_tell(peak)} at most, {_tell(after)} after it"
            print(f"round {i + 1}: {took} s, {said}; problems {visitor.problems}", flush=True)
    return rows


# --- long work ---------------------------------------------------------------------------------


async def explain(method: str, visitor: Visitor, rng: random.Random) -> bool:
    """Have a method of the page Explain computed; whether it was."""
    await visitor.open("Explain", **_RUN, sample=rng.randrange(500))
    await visitor.click("method_tiles", "compute", method)
    await visitor.settle()
    tiles = {tile["key"]: tile["state"] for tile in visitor.read("method_tiles")["tiles"]}
    return tiles[method] == "done"


async def maximize(visitor: Visitor, rng: random.Random) -> bool:
    """Have a channel maximised."""
    channel = {"layer": "features.19", "channel": rng.randrange(64)}
    await visitor.open("Features", **_RUN, show="units", **channel)
    await visitor.click(
        "maximization_player", "start", visitor.read("maximization_player")["token"]
    )
    await visitor.settle()
    return visitor.read("maximization_player")["state"] == "done"


async def map_classes(visitor: Visitor, rng: random.Random) -> bool:
    """Have some of 1000 class weight vectors embedded by UMAP."""
    which = {"class_map": "umap", "class_seed": rng.randrange(100)}
    await visitor.open("Features", run=_SECOND, show="classes", **which)
    await visitor.settle()
    return "plotly_chart" in visitor.kinds


async def film(visitor: Visitor, rng: random.Random) -> bool:
    """Have a t-SNE filmed."""
    await visitor.open("Features", **_RUN, show="trial", trial_seed=rng.randrange(1000))
    await visitor.settle()
    return bool(visitor.read("embedding_film")["film"]["complete"])


LONG: dict[str, Callable[[Visitor, random.Random], Awaitable[bool]]] = {
    "Score-CAM": partial(explain, "score_cam"),
    "LIME": partial(explain, "lime"),
    "activation maximisation": maximize,
    "UMAP of class vectors": map_classes,
    "playground film": film,
}


# --- crowds ------------------------------------------------------------------------------------


@dataclass
class Log:
    """What a crowd lived through: seconds by kind of event, long work that was asked for, and problems."""

    times: dict[str, list[float]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    async def time(self, kind: str, event: Awaitable[float]) -> None:
        """Wait for an event."""
        async with asyncio.timeout(_PATIENCE):
            self.times.setdefault(kind, []).append(await event)


async def look_around(visitor: Visitor, rng: random.Random, log: Log, until: float) -> None:
    """Pin samples and change layers in the Explorer."""
    await log.time("first page", visitor.open("", **_RUN))
    keys, count = read_layers(visitor), int(visitor.params["size"])
    while await think(rng, until):
        here = visitor.params
        if rng.random() < 0.5:
            uid = rng.choice([i for i in range(count) if str(i) != here.get("sample")])
            await log.time("pin", pin(visitor, uid))
        else:
            key = rng.choice([key for key in keys if key != here["layer"]])
            await log.time("layer change", change_layer(visitor, key))


async def work_long(
    visitor: Visitor, rng: random.Random, log: Log, until: float, first: int
) -> None:
    """Have one thing after another computed that takes long; what is not done at the end is left."""
    kinds = cycle([*LONG][first:] + [*LONG][:first])
    while await think(rng, until):
        kind = next(kinds)
        log.asked[kind] += 1
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(until - begun):
                if await LONG[kind](visitor, rng):
                    log.times.setdefault(kind, []).append(time.perf_counter() - begun)
        except TimeoutError:
            return


async def think(rng: random.Random, until: float) -> bool:
    """Let some seconds pass; whether there is time left."""
    await asyncio.sleep(rng.uniform(*_THINKING))
    return time.perf_counter() < until


async def live(number: int, size: int, address: str, log: Log, until: float) -> None:
    """A visitor of a crowd, from coming to leaving."""
    rng = random.Random(f"{number} of {size}")  # what another crowd had computed is kept
    async with Visitor(address, log.problems) as visitor:
        try:
            if number % _EVERY == _EVERY - 1:
                await work_long(visitor, rng, log, until, number // _EVERY % len(LONG))
            else:
                await look_around(visitor, rng, log, until)
        except (TimeoutError, ConnectionError) as error:
            log.problems.append(f"visitor {number}: {type(error).__name__} {error}")


async def measure_crowd(
    server: Server, meter: Meter, size: int, seconds: float, rest: float
) -> Row:
    """What a crowd has to wait for, and what the server holds meanwhile and when all have left."""
    log = Log()
    before = await level(meter)
    with watching_peak(meter) as peak, counting_cores(server.pid) as cores:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(live(i, size, server.address, log, until) for i in range(size)))
    await asyncio.sleep(rest)
    events, after = describe_times(log), await level(meter)
    held = f"{_tell(before)} before, {_tell(peak)} at most, {_tell(after)} {rest:.0f} s after"
    print(f"{size} visitors: {held}; cores busy {cores}; problems {log.problems}")
    for event in events:
        print(
            "  {event:26} {n:4} of {asked:4} {p50!s:>9} {p95!s:>9} ms".format(**event), flush=True
        )
    memory = {"before": before, "peak": peak, "after": after, "rest_seconds": rest}
    work = {"seconds": seconds, "events": events, "cores": cores, "problems": log.problems}
    return {"visitors": size, **memory, **work}


def describe_times(log: Log) -> list[Row]:
    """Medians and 95th percentiles; none where nothing came to its end."""
    rows: list[Row] = []
    for kind in ("first page", "pin", "layer change", *LONG):
        times = log.times.get(kind, [])
        if asked := log.asked[kind] or len(times):
            p50, p95 = (round(1000 * np.percentile(times, q)) if times else None for q in (50, 95))
            rows.append({"event": kind, "asked": asked, "n": len(times), "p50": p50, "p95": p95})
    return rows


# --- one run -----------------------------------------------------------------------------------


async def measure_host(
    code: Path, log: Path, rounds: int, crowds: Sequence[int], seconds: float, rest: float
) -> Row:
    """All figures of one server.

    Parameters
    ----------
    code : Path
        The checkout that is served, from its own folder.
    log : Path
        Where the server's output goes.
    rounds : int
    crowds : sequence of int
        Numbers of visitors at the same time, one crowd after another.
    seconds : float
        That each crowd is at work.
    rest : float
        Seconds from the last visitor's leaving to the look at what is held.
    """
    script = code / "streamlit_app.py"
    with running(code, script, code, log) as server:
        async with Visitor(server.address) as visitor:  # unpacks the embedded data, if need be
            await visitor.open("", **_RUN)
            await visitor.settle()
            read_layers(visitor)
    with running(code, script, code, log) as server, Meter(server.pid, _INTERVAL) as meter:
        result: Row = {"started": await level(meter)}
        if rounds:
            result["rounds"] = await measure_rounds(server, meter, rounds)
            await asyncio.sleep(rest)
            result["rested"] = await level(meter)
            print(f"{_tell(result['rested'])} {rest:.0f} s after the visitor has left", flush=True)
        result["crowds"] = [
            await measure_crowd(server, meter, size, seconds, rest) for size in crowds
        ]
    return result | {"series": draw_series(meter)}


def _tell(held: object) -> str:
    assert isinstance(held, dict)
    return f"{held['resident']:.0f} MB (pss {held['pss']:.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="of all pages")
    parser.add_argument("--crowds", default="1,10,30", help="numbers of visitors at once")
    parser.add_argument("--seconds", type=float, default=90, help="that a crowd is at work")
    parser.add_argument("--rest", type=float, default=60, help="seconds after the last has left")
    parser.add_argument("--code", type=Path, default=ROOT, help="checkout to measure")
    parser.add_argument("--output", type=Path, default=_RESULTS, help="JSON file to write")
    options = parser.parse_args()
    crowds = [int(size) for size in options.crowds.split(",") if size]
    code = options.code.resolve()
    asked = ["git", "-C", str(code), "describe", "--always", "--dirty"]
    revision = run_command(asked, capture_output=True, encoding="utf-8").stdout.strip()
    about = {"date": datetime.now(UTC).isoformat(timespec="minutes"), "revision": revision}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        found = asyncio.run(
            measure_host(code, log, options.rounds, crowds, options.seconds, options.rest)
        )
    result = {**about, **describe_machine(), "units": UNITS, **found}
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
