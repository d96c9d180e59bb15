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
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from pathlib import Path
from subprocess import run as run_command

import numpy as np
import psutil

from bench.machine import describe_machine
from bench.memory import measure_tree
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
_BUCKET = 10  # seconds of the series in the results
Row = dict[str, object]
UNITS = {
    "memory": "MB (2^20 bytes): pss of the server and its children, each page of memory counted once,"
    " and rss; those of the server's process alone under server_",
    "times": "milliseconds from the click to the end of the script that it caused",
    "series": f"most in each {_BUCKET} seconds: [seconds, pss, rss, server_pss, server_rss]",
    "cores": "mean number of processor cores that were busy",
}


class Meter:
    """A thread that looks once a second at what a server holds, for as long as the context lasts."""

    def __init__(self, pid: int) -> None:
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._begun = time.monotonic()
        self.rows: list[tuple[float, int, int, int, int]] = []

    def __enter__(self) -> Meter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(1.0):
            if held := measure_tree(self._pid):
                pss, rss = (sum(sizes) for sizes in zip(*held, strict=True))
                self.rows.append((time.monotonic() - self._begun, pss, rss, *held[0]))

    async def level(self) -> Row:
        """What is held now: the median of five seconds."""
        await asyncio.sleep(5.0)
        return _name(np.median(self.rows[-5:], axis=0))

    @contextmanager
    def peak(self) -> Iterator[Row]:
        """The most that is held within a context, known at its end."""
        first, found = len(self.rows), Row()
        yield found
        found.update(_name(np.max(self.rows[first:], axis=0)))

    def series(self) -> list[list[float]]:
        """All of it, coarsely."""
        buckets: dict[int, list[tuple[float, ...]]] = {}
        for row in self.rows:
            buckets.setdefault(int(row[0]) // _BUCKET, []).append(row[1:])
        return [
            [bucket * _BUCKET, *(np.max(rows, axis=0) / _MB).round(1).tolist()]
            for bucket, rows in buckets.items()
        ]


def _name(row: np.ndarray) -> Row:
    names = ("pss", "rss", "server_pss", "server_rss")
    return {name: round(float(size) / _MB, 1) for name, size in zip(names, row[1:], strict=True)}


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
    await maximize(visitor, random.Random(seed))


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


async def measure_rounds(server: Server, meter: Meter, rounds: int) -> Iterable[Row]:
    """What is held after each round of one visitor."""
    rows: list[Row] = []
    async with Visitor(server.address) as visitor:
        for i in range(rounds):
            begun = time.perf_counter()
            with meter.peak() as peak:
                async with asyncio.timeout(4 * _PATIENCE):
                    await visit_all(visitor, i)
            row = {"round": i + 1, "seconds": round(time.perf_counter() - begun), "peak": peak}
            rows.append(row | {"after": await meter.level(), "problems": len(visitor.problems)})
            print(f"round {i + 1}: {row['seconds']} s, {_tell(peak)} at most, ", end="")
            print(
                f"{_tell(rows[-1]['after'])} after it, {len(visitor.problems)} problems", flush=True
            )
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
    return True


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


async def live(number: int, address: str, log: Log, until: float) -> None:
    """A visitor of a crowd, from coming to leaving."""
    rng = random.Random(number)
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
    log, before = Log(), await meter.level()
    with meter.peak() as peak, counting_cores(server.pid) as cores:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(live(i, server.address, log, until) for i in range(size)))
    await asyncio.sleep(rest)
    row: Row = {"visitors": size, "seconds": seconds, "events": describe_times(log)}
    row |= {"before": before, "peak": peak, "after": await meter.level(), "rest_seconds": rest}
    row |= {"cores": cores, "problems": log.problems}
    print(f"{size} visitors: {_tell(before)} before, {_tell(peak)} at most, ", end="")
    print(f"{_tell(row['after'])} {rest:.0f} s after, {len(log.problems)} problems; cores {cores}")
    for event in describe_times(log):
        print("  {event:26} {n:4} of {asked:4} {p50:9} ms {p95:9} ms".format(**event), flush=True)
    return row


def describe_times(log: Log) -> list[Row]:
    """Medians and 95th percentiles; none where nothing came to its end."""
    rows: list[Row] = []
    for kind in ("first page", "pin", "layer change", *LONG):
        times = log.times.get(kind, [])
        p50, p95 = np.percentile(times, [50, 95]) * 1000 if times else (np.nan, np.nan)
        asked = log.asked[kind] if kind in LONG else len(times)
        if asked:
            row: Row = {"event": kind, "asked": asked, "n": len(times)}
            rows.append(row | {"p50": _round(p50), "p95": _round(p95)})
    return rows


def _round(milliseconds: float) -> int | None:
    return None if np.isnan(milliseconds) else round(milliseconds)


@contextmanager
def counting_cores(pid: int) -> Iterator[Row]:
    """How many cores the server, the visitors and others kept busy within a context, known at its end."""
    found = Row()
    begun, before = time.perf_counter(), _read_busy(pid)
    yield found
    spent = (_read_busy(pid) - before) / (time.perf_counter() - begun)
    busy, server, visitors = spent.round(2).tolist()
    found |= {"server": server, "visitors": visitors}
    found["others"] = round(max(0.0, busy - server - visitors), 2)


def _read_busy(pid: int) -> np.ndarray:
    """Seconds of processor time by now: of the machine, of a server with its children, of this process."""
    machine = psutil.cpu_times()
    server = psutil.Process(pid)
    times = [server.cpu_times(), *(child.cpu_times() for child in server.children(recursive=True))]
    ended = times[0].children_user + times[0].children_system
    held = ended + sum(each.user + each.system for each in times)
    return np.array([sum(machine[:3]) + sum(machine[5:7]), held, time.process_time()])


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
    with running(code, script, code, log) as server, Meter(server.pid) as meter:
        result: Row = {"started": await meter.level()}
        if rounds:
            result["rounds"] = await measure_rounds(server, meter, rounds)
            await asyncio.sleep(rest)
            result["rested"] = await meter.level()
            print(f"{_tell(result['rested'])} {rest:.0f} s after the visitor has left", flush=True)
        result["crowds"] = [
            await measure_crowd(server, meter, size, seconds, rest) for size in crowds
        ]
    return result | {"series": meter.series()}


def _tell(held: object) -> str:
    assert isinstance(held, dict)
    return f"{held['pss']:.0f} MB"


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
