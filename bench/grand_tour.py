"""How smoothly the Grand Tour runs, on a generated cloud: ``make bench-tour``.

In a real browser, on a page with the tour alone, 1280 x 800 pixels: the time between two frames while
it plays, and from the click on a layer to the first frame in which samples have set out. Without a
graphics card Chromium draws on the processor, which is what is measured then.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from tests.shared.browser import browsing, serving, settle

ROOT = Path(__file__).parent.parent
_SCRIPT = Path(__file__).with_name("grand_tour_app.py")
_RESULTS = ROOT / "docs" / "bench-tour.json"
_CASES = ((1000, 1), (7000, 1), (50_000, 1), (1000, 2), (7000, 2))
_TOUR = """
    const hosts = (root) => [...root.querySelectorAll("*")].filter((each) => each.shadowRoot);
    const roots = (root) => [root, ...hosts(root).flatMap((each) => roots(each.shadowRoot))];
    const tour = roots(document).map((root) => root.querySelector(".grand-tour")).find(Boolean);
    const frame = () => new Promise(requestAnimationFrame);
"""
# Milliseconds between frames that show another view.
_PLAY = f"""async (seconds) => {{ {_TOUR}
    const [times, end] = [[], performance.now() + 1000 * seconds];
    for (let known = tour.dataset.frames; performance.now() < end; await frame()) {{
      if (tour.dataset.frames !== known) times.push(performance.now());
      known = tour.dataset.frames;
    }}
    return times.slice(1).map((time, i) => time - times[i]);
}}"""
# Milliseconds from the click to the first frame with samples on their way.
_TRAVEL = f"""async (key) => {{ {_TOUR}
    const began = performance.now();
    tour.querySelector(`.track [data-key="${{key}}"]`).click();
    while (!(Number(tour.dataset.moved) >= began)) await frame();
    return Number(tour.dataset.moved) - began;
}}"""
Row = dict[str, object]


def measure(page: Page, n: int, networks: int, seconds: float, clicks: int) -> list[Row]:
    """Rows of one cloud."""
    page.wait_for_timeout(3000)  # all layers are there, the first figures made
    between = page.evaluate(_PLAY, seconds)
    travels = []
    for i in range(clicks):
        travels.append(page.evaluate(_TRAVEL, f"layer {i % 5}"))
        page.wait_for_timeout(1200)  # it has arrived, and the page has heard of it
    return [
        describe(n, networks, "between two frames", between),
        describe(n, networks, "layer click to first moved frame", travels),
    ]


def describe(n: int, networks: int, what: str, times: list[float]) -> Row:
    """A row of the table, in milliseconds."""
    median, late = (round(float(v), 1) for v in np.percentile(times, [50, 95]))
    rate = f"{1000 / np.mean(times):6.1f} a second" if what.startswith("between") else ""
    print(f"{n:7} {networks:3} {what:34} {len(times):5} {median:9} {late:9} {rate}", flush=True)
    facts = {"median_ms": median, "p95_ms": late, "mean_ms": round(float(np.mean(times)), 1)}
    return {"points": n, "networks": networks, "what": what, "n": len(times), **facts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6, help="that frames are watched for")
    parser.add_argument("--clicks", type=int, default=15, help="on layers")
    parser.add_argument("--output", type=Path, default=_RESULTS, help="JSON file to write")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Chromium headless, software rendering; times in milliseconds")
    print(f"{'points':>7} {'':3} {'':34} {'n':>5} {'median':>9} {'p95':>9}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), _SCRIPT) as address:
        for n, networks in _CASES:
            with browsing() as (page, errors):
                page.goto(f"{address}/?n={n}&networks={networks}")
                settle(page)
                rows += measure(page, n, networks, options.seconds, options.clicks)
                if errors:
                    raise RuntimeError(errors[0])
    options.output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
