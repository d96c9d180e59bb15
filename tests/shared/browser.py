"""A real server and a real browser, for what only these two show."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.shared.project import ROOT as ROOT  # tests take it from here

PATIENCE = 120_000  # milliseconds: other work may hold the machine
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str:
    """Where Chromium is; skips the test where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on this machine: install Debian's package `chromium`")


@dataclass(frozen=True)
class Server:
    """A server of the app: its address, and its process."""

    address: str
    pid: int


@contextmanager
def serving(folder: Path, script: Path = ROOT / "streamlit_app.py") -> Iterator[str]:
    """The app's address while it is served from a project folder; or that of another script."""
    with running(folder, script, ROOT, folder / "server.log") as server:
        yield server.address


@contextmanager
def running(folder: Path, script: Path, code: Path, log: Path) -> Iterator[Server]:
    """A server of a script in a project folder, with the code that is found in another.

    Parameters
    ----------
    folder, script, code : Path
    log : Path
        Where its output goes.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--server.headless", "true", "--server.fileWatcherType", "none"]
    command += ["--theme.base", "dark", "--client.showErrorDetails", "full"]
    address = f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(code)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_up(address, server)
        yield Server(address, server.pid)
    finally:
        server.terminate()
        server.wait()


def _wait_until_up(address: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=PATIENCE / 1000):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not come up")


@contextmanager
def browsing(width: int = 1280, height: int = 800) -> Iterator[tuple[Page, list[str]]]:
    """A page of a fresh browser, and the errors that are thrown on it."""
    executable = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            yield page, errors
        finally:
            browser.close()


def settle(page: Page) -> None:
    """Wait until the script has run and nothing is on its way any more."""
    page.wait_for_timeout(150)  # a click needs a moment to reach the server
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(550)  # points travel to their new places


def drag(page: Page, *stations: tuple[float, float], steps: int = 6) -> None:
    """Press at the first place, move to the others, let go at the last."""
    page.mouse.move(*stations[0])
    page.mouse.down()
    for station in stations[1:]:
        page.mouse.move(*station, steps=steps)
    page.mouse.up()


def check_edges(page: Page, panels: Iterable[str]) -> None:
    """Panels, by their keys, lie on the screen as a whole, and the page has nothing to scroll to."""
    size = page.viewport_size
    assert size is not None
    for panel in panels:
        box = page.locator(f".st-key-{panel}").bounding_box()
        assert box is not None
        assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
        assert box["y"] >= 0 and box["y"] + box["height"] <= size["height"]
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate(
        "(e) => e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth"
    )


def params_of(page: Page) -> dict[str, str]:
    """The query parameters of the page's address, one value each."""
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


@cache
def expose(*modules: str) -> str:
    """A script that puts all exports of modules of `ui/components` on a page's `globalThis`."""
    folder = ROOT / "ui/components"
    node = shutil.which("node")
    if node is None or not (folder / "node_modules").exists():
        pytest.skip("no Node.js with this project's packages here: `make components`")
    command = [node, "build.js", "--expose", *modules]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
