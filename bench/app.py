"""How fast the app is, in a real browser: ``make bench-app``.

Prints medians and 95th percentiles, and writes them to ``docs/bench-app.json``. Each figure is the time
from an event to the frame that shows its effect, on a real server in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from bench.app_project import EMBEDDED, LARGE, ROOT, WIDE, prepare_project
from tests.shared.browser import browsing, serving, settle

_SCRIPT = Path(__file__).with_name("app_actions.js")
_RESULTS = ROOT / "docs" / "bench-app.json"
_VIEW = "&method=tsne&perplexity=30"
Row = dict[str, object]


def describe(name: str, run: str, goal_ms: float, times: list[float]) -> Row:
    """A row of the table, in milliseconds."""
    median, late = np.percentile(times, [50, 95])
    row: Row = {"action": name, "run": run, "n": len(times), "goal_ms": round(goal_ms)}
    row |= {"median_ms": round(float(median), 1), "p95_ms": round(float(late), 1)}
    print(f"{name:44} {run:24} {len(times):4} {median:9.1f} {late:9.1f} {goal_ms:7.0f}", flush=True)
    return row


def open_view(page: Page, address: str, query: str) -> float:
    """Open a view; milliseconds from the navigation to the plot's first frame."""
    page.add_init_script(path=_SCRIPT)
    page.goto(f"{address}/?{query}", wait_until="commit")
    return float(
        page.evaluate(
            "async () => { while (!bench.painted()) await new Promise(requestAnimationFrame);"
            " return performance.now(); }"
        )
    )


def collect(count: int, act: Callable[[], float | None]) -> list[float]:
    """Times of `count` actions that hit something."""
    times: list[float] = []
    for _ in range(60 * count):
        if (took := act()) is not None:
            times.append(took)
        if len(times) == count:
            return times
    raise RuntimeError(f"only {len(times)} of {count} actions hit anything")


def measure_starts(folder: Path, run: str, count: int) -> Row:
    """First paint from a server that nobody has visited."""
    times = []
    for _ in range(count):
        with serving(folder) as address, browsing() as (page, _errors):
            times.append(open_view(page, address, f"run={run}{_VIEW}"))
    return describe("first paint, cold server", run, 3000, times)


def walk(rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """Places on the plot, in shares of its sides, denser in the middle."""
    while True:
        x, y = rng.beta(2.5, 2.5, 2)
        yield float(x), float(y)


def measure_views(folder: Path, run: str, count: int) -> list[Row]:
    """Layer changes, hovers and pins."""
    rng = np.random.default_rng(0)
    places = walk(rng)
    rows = []
    with serving(folder) as address, browsing() as (page, errors):
        sent: list[object] = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda f: sent.append(f)))
        open_view(page, address, f"run={run}{_VIEW}")
        settle(page)
        page.wait_for_timeout(6000)  # thumbnails, and the model in the background
        keys = page.evaluate("bench.layers()")

        def change_layer() -> float:
            current = page.locator(".plot-head p").inner_text().split(",")[0]
            key = str(rng.choice([key for key in keys if key != current]))
            took = float(page.evaluate("key => bench.layer(key)", key))
            settle(page)
            return took

        rows.append(describe("layer change", run, 300, collect(count, change_layer)))
        before = len(sent)
        hovers = collect(
            4 * count, lambda: page.evaluate("([x, y]) => bench.hover(x, y)", next(places))
        )
        rows.append(describe("hover to tooltip", run, 20, hovers))
        rows[-1]["messages_to_the_server"] = len(sent) - before
        print(f"{'':44} messages to the server while hovering: {len(sent) - before}")

        def pin() -> float | None:
            took = page.evaluate("([x, y]) => bench.pin(x, y)", next(places))
            settle(page)
            return took

        rows.append(describe("pin to inspector", run, 250, collect(count, pin)))
        if errors:
            raise RuntimeError(errors[0])
    return rows


def measure_grid(
    folder: Path, run: str, keys: tuple[str, str], channels: int, goal_ms: float, count: int
) -> list[Row]:
    """The grid of a sample never looked at before, of a second layer, and of the first one again."""
    opened: list[float] = []
    live: list[float] = []
    kept: list[float] = []
    with serving(folder) as address, browsing() as (page, errors):
        for uid in range(count + 1):
            open_view(page, address, f"run={run}{_VIEW}&layer={keys[0]}&sample={uid}")
            page.wait_for_function("key => bench.gridOf().startsWith(key + '/')", arg=keys[0])
            opened.append(float(page.evaluate("performance.now()")))
            for key, times in ((keys[1], live), (keys[0], kept)):
                settle(page)
                times.append(float(page.evaluate("key => bench.grid(key)", key)))
            settle(page)
        if errors:
            raise RuntimeError(errors[0])
    # The first one waits for torch, which a visitor's first click rarely does: it loads meanwhile.
    named = (
        (f"page with {channels} channels of a new sample", 3000, opened[1:]),
        (f"{channels} channels of another layer, live", goal_ms, live[1:]),
        (f"{channels} channels of a layer seen before", goal_ms, kept[1:]),
    )
    return [describe(name, run, goal, times) for name, goal, times in named]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actions", type=int, default=30, help="of each kind")
    parser.add_argument("--starts", type=int, default=30, help="cold servers")
    options = parser.parse_args()
    folder = prepare_project()
    started = time.time()
    print(f"{os.cpu_count()} cores, Chromium headless, software rendering; times in milliseconds")
    print(f"{'action':44} {'run':24} {'n':>4} {'median':>9} {'p95':>9} {'goal':>7}")
    rows: list[Row] = []
    for run in (EMBEDDED, LARGE):
        rows.append(measure_starts(folder, run, options.starts))
        rows += measure_views(folder, run, options.actions)
    layers = ("features.28", "features.27")
    rows += measure_grid(folder, EMBEDDED, layers, 128, 1000, options.actions)
    rows += measure_grid(folder, WIDE, layers, 512, 3000, options.actions)
    result = {"cores": os.cpu_count(), "seconds": round(time.time() - started), "rows": rows}
    _RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
