"""How smoothly the Grand Tour runs, on a generated cloud: ``python -m bench.grand_tour``.

Prints medians and 95th percentiles in milliseconds, at 1000, 7000 and 50,000 points in 15 dimensions, in a
plot of 1000 x 640 pixels. Without a graphics card Chromium draws on the processor, which is what is
measured then.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np

from tests.browser import browsing

ROOT = Path(__file__).parent.parent
_PAGE = Path(__file__).with_name("grand_tour.html")
_SCRIPTS = ("core.js", "renderer.js", "handles.js")
_SIZES = (1000, 7000, 50_000)
_NAMES = {
    "shown": "between two frames",
    "script": "of which the page's own work",
    "work": "a frame, until its last pixel",
    "travelling": "the same between two layers",
    "layer": "layer change to its first frame",
    "pick": "point under the pointer",
}
Row = dict[str, object]


def measure_size(n: int, seconds: float, picture: Path | None) -> list[Row]:
    """Times on a page of its own; a picture of its last frame if a path is given."""
    with browsing() as (page, errors):
        page.goto(_PAGE.as_uri())
        folder = ROOT / "ui/components/grand_tour"
        page.add_script_tag(content="\n".join((folder / name).read_text() for name in _SCRIPTS))
        times = page.evaluate("([n, seconds]) => measure(n, seconds)", [n, seconds])
        if picture:
            page.screenshot(path=picture)
        if errors:
            raise RuntimeError(errors[0])
    return [describe(n, name, times[name]) for name in _NAMES]


def describe(n: int, name: str, times: list[float]) -> Row:
    """A row of the table, in milliseconds."""
    median, late = (round(float(v), 2) for v in np.percentile(times, [50, 95]))
    rate = f"{1000 / median:6.1f} a second" if name == "shown" else ""
    print(f"{n:7} {_NAMES[name]:34} {len(times):5} {median:9.2f} {late:9.2f} {rate}", flush=True)
    return {"points": n, "what": _NAMES[name], "n": len(times), "median_ms": median, "p95_ms": late}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4, help="that frames are watched for")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    parser.add_argument("--picture", type=Path, help="PNG file of the largest cloud to write")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Chromium headless, software rendering; times in milliseconds")
    print(f"{'points':>7} {'':34} {'n':>5} {'median':>9} {'p95':>9}")
    rows: list[Row] = []
    for n in _SIZES:
        picture = options.picture if n == _SIZES[-1] else None
        rows += measure_size(n, options.seconds, picture)
    if options.output:
        options.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
