"""The app, in a process of its own, on a project."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from layerscope.errors import InputError
from layerscope.home import find_home

_LOOK = 0.1  # seconds between two looks whether it answers


class Closing:
    """What is closed at the end of a ``with``."""

    def close(self) -> None:
        """End it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


class App(Closing):
    """A Streamlit server whose pages read the project in `folder`, until it is closed.

    Parameters
    ----------
    folder : Path
    host : str
        The address that it listens at.
    port : int
        0 for any that is free.

    Attributes
    ----------
    address : str
        Of the Explorer: ``http://localhost:8501``.
    """

    def __init__(self, folder: Path, *, host: str = "localhost", port: int = 0) -> None:
        self._log = folder / ".cache" / "app.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        port = port or _find_port(host)
        self.address = f"http://{host}:{port}"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(
                        sys.executable,
                        "-m",
                        "streamlit",
                        "run",
                        str(find_home() / "streamlit_app.py"),
                    ),
                    *("--server.port", str(port), "--server.address", host),
                    *("--browser.serverAddress", host, "--server.headless", "true"),
                ],
                cwd=folder,
                env=os.environ | {"PYTHONUTF8": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        atexit.register(self.close)

    def wait(self) -> None:
        """Until it answers. Raises `InputError` where it ends instead."""
        while True:
            try:
                with urlopen(f"{self.address}/_stcore/health"):
                    return
            except (URLError, ConnectionError, TimeoutError):
                if self.process.poll() is not None:
                    lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
                    said = next(
                        (line for line in reversed(lines) if line.strip()), "it said nothing"
                    )
                    raise InputError(f"the app did not start: {said.strip()}") from None
                time.sleep(_LOOK)

    def page(self, **selection: str) -> str:
        """The address of the Explorer with a selection."""
        return f"{self.address}/?{urlencode(selection)}" if selection else self.address

    def close(self) -> None:
        """End it. Does nothing where it has ended."""
        atexit.unregister(self.close)
        self.process.terminate()
        self.process.wait()


def _find_port(host: str) -> int:
    with socket.socket() as place:
        place.bind((host, 0))
        port: int = place.getsockname()[1]
        return port
