"""Visitors of the app without a browser: they speak what Streamlit's front end speaks.

A visitor opens pages and clicks in components as their scripts would, or as no browser does. What a browser
asks for by itself while something is computed, a visitor asks for too.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any
from urllib.parse import parse_qs, urlencode

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

_LARGEST = 64 << 20  # bytes of a message
_CACHED = 2  # scripts for which a browser keeps a large message that has not come again
_AGAIN = (0.5,)  # seconds between two questions of a component
_CALM = 0.3  # seconds; a script that asks for another one has it by then


def _tell_frames(data: dict[str, Any]) -> object:
    is_open = data["state"] in {"waiting", "running"}
    return is_open and {"token": data["token"], "have": data["first"] + len(data["frames"])}


# What scripts of components ask again and again: under which name, after which pauses, the last of which
# goes on, and with which value of their data, false where nothing is waited for.
_QUESTIONS: dict[str, tuple[str, tuple[float, ...], Callable[[dict[str, Any]], object]]] = {
    "embedding_film": ("tick", _AGAIN, lambda data: data["waits"] and data["film"]["token"]),
    "embedding_trials": ("tick", _AGAIN, lambda data: data["waits"] and data["token"]),
    "explanation_tiles": (
        "ask",
        (0.0, 0.5, 0.7, 1.0, 1.5),
        lambda data: data["waits"] and data["token"],
    ),
    "maximization_player": ("tick", _AGAIN, _tell_frames),
    "method_tiles": ("tick", _AGAIN, lambda data: data["waits"] and data["token"]),
    "occlusion_probe": ("tick", _AGAIN, lambda data: data["running"] and data["token"]),
}


@dataclass(frozen=True)
class _Mounted:
    """A component on the page: its widget, the fragment that it belongs to, and its data."""

    widget: str
    fragment: str
    data: str


@dataclass
class Visitor:
    """One session of the app.

    Attributes
    ----------
    address : str
        Of the server, ``http://host:port``.
    problems : list of str
        Exceptions that pages showed.
    kinds : set of str
        Of elements, by Streamlit's names, that were drawn since a page was opened.
    """

    address: str
    problems: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    _socket: ClientConnection | None = None
    _reader: asyncio.Task[None] | None = None
    _mounted: dict[str, _Mounted] = field(default_factory=dict)
    _repeated: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _asked: dict[str, object] = field(default_factory=dict)
    _cached: dict[str, tuple[ForwardMsg, int]] = field(default_factory=dict)
    _pages: dict[str, str] = field(default_factory=dict)
    _main: str = ""  # hash of the app's script
    _query: str = ""
    _page: str = ""
    _begun: int = 0  # scripts and fragments
    _finished: int = 0  # the same, but for those that were given up for another run
    _scripts: int = 0  # of them, whole pages
    _running: str = ""  # hash of the page whose script runs, or ran last
    _drawn: tuple[str, int] = ("", 0)  # the page that was finished last, and which run that was
    _moved: int = 0  # how many were finished when the address last changed
    _is_running: bool = False
    _is_closed: bool = False
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Visitor:
        url = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await connect(
            url,
            subprotocols=[Subprotocol("streamlit")],
            max_size=_LARGEST,
            ping_timeout=None,
            open_timeout=None,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None and self._reader is not None
        self._stop_asking()
        await self._socket.close()
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader

    @property
    def params(self) -> dict[str, str]:
        """Query parameters of the address that the visitor sees."""
        return {key: values[0] for key, values in parse_qs(self._query).items()}

    def read(self, component: str) -> dict[str, Any]:
        """The data of a component on the page, without tables of bytes."""
        return dict(json.loads(self._mounted[component].data))

    async def open(self, page: str, **params: object) -> float:
        """Open a page, by its title in the address; seconds until its script is done."""
        return await self._visit(page, params, is_history=False)

    async def go_back(self, page: str, **params: object) -> float:
        """Come to a page by the browser's button."""
        return await self._visit(page, params, is_history=True)

    async def _visit(self, page: str, params: dict[str, object], is_history: bool) -> float:
        self._stop_asking()
        self._mounted.clear()
        self.kinds.clear()
        self._query = urlencode({key: str(value) for key, value in params.items()})
        self._page = page
        begun, before = time.perf_counter(), self._begun
        message = self._rerun()
        message.rerun_script.is_history_navigation = is_history
        await self._send(message)
        await self._until(lambda: self._drawn[1] > before and self._drawn[0] == self._pages[page])
        return time.perf_counter() - begun

    async def click(
        self,
        component: str,
        event: str,
        value: object,
        shown: dict[str, str] | None = None,
        forgotten: bool = False,
    ) -> float:
        """Send what a component's script would; seconds until what follows from it is drawn.

        Parameters
        ----------
        component : str
            Name of its folder in ``ui/components``.
        event : str
            Of one of its triggers.
        value : object
            JSON.
        shown : dict, optional
            Query parameters that the address has then, and not before: what was under way ends without them.
        forgotten : bool
            As if the page had been left meanwhile: components have no state any more.
        """
        self._stop_asking(component)  # of two triggers that come while a script runs, one is kept
        begun, before = time.perf_counter(), self._finished
        wanted = (shown or {}).items()
        await self._send(self._trigger(component, event, value, forgotten))
        await self._until(
            lambda: (
                wanted <= self.params.items()
                and self._finished > max(before, self._moved if wanted else 0)
            )
        )
        return time.perf_counter() - begun

    async def settle(self) -> None:
        """Wait until nothing runs, and nothing is waited for on the page."""
        begun = -1
        while begun != self._begun or self._is_running or self._repeated:
            await self._until(lambda: not (self._is_running or self._repeated))
            begun = self._begun
            await asyncio.sleep(_CALM)

    def _trigger(
        self, component: str, event: str, value: object, forgotten: bool = False
    ) -> BackMsg:
        found = self._mounted[component]
        message = self._rerun(found.fragment)
        if forgotten:  # by the address of the app, which is none of its pages'
            message.rerun_script.page_script_hash = self._main
        # The front end sends the state of every component with each message; this app's have none.
        for mounted in () if forgotten else self._mounted.values():
            message.rerun_script.widget_states.widgets.add(id=mounted.widget, json_value="{}")
        state = message.rerun_script.widget_states.widgets.add()
        state.id = _make_trigger_id(found.widget, "events")
        state.json_trigger_value = json.dumps([{"event": event, "value": value}])
        return message

    def _rerun(self, fragment: str = "", is_auto_rerun: bool = False) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id = self._query, fragment
        state.is_auto_rerun = is_auto_rerun
        state.cached_message_hashes.extend(
            key for key, (_, used) in self._cached.items() if used + _CACHED >= self._scripts
        )
        # A page is named until its hash is known, as after a reload.
        state.page_script_hash = self._pages.get(self._page, "")
        if not state.page_script_hash:
            state.page_name = self._page
        return message

    async def _send(self, message: BackMsg) -> None:
        assert self._socket is not None
        await self._socket.send(message.SerializeToString())

    def _ask_again(self, name: str, pauses: tuple[float, ...], make: Callable[[], BackMsg]) -> None:
        """Send a message again and again, after pauses in seconds, until it is stopped by its name."""

        async def ask() -> None:
            with suppress(ConnectionClosed):
                for pause in chain(pauses, repeat(pauses[-1])):
                    await asyncio.sleep(pause)
                    await self._send(make())

        self._stop_asking(name)
        self._repeated[name] = asyncio.create_task(ask())

    def _stop_asking(self, *names: str) -> None:
        """By default whatever is asked."""
        for name in names or tuple(self._repeated):
            if task := self._repeated.pop(name, None):
                task.cancel()

    async def _until(self, is_there: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self._is_closed or is_there())
        if not is_there():
            raise ConnectionError(f"{self.address} closed the connection")

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for content in self._socket:
                message = ForwardMsg()
                message.ParseFromString(content)
                self._take(message)
                async with self._news:
                    self._news.notify_all()
        finally:
            self._is_closed = True
            async with self._news:
                self._news.notify_all()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            message = self._cached[message.ref_hash][0]
            kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._cached[message.hash] = message, self._scripts
        if kind == "new_session":
            self._main = message.new_session.main_script_hash
            self._begun += 1
            self._is_running = True
            if not message.metadata.run.fragment_ids:
                self._stop_asking()  # what is on the page again, asks again
        elif kind == "navigation":
            found = message.navigation
            self._pages = {each.url_pathname: each.page_script_hash for each in found.app_pages}
            self._running = found.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
            self._moved = self._finished
        elif kind == "script_finished":
            self._finish(message)
        elif kind == "auto_rerun":
            fragment = message.auto_rerun.fragment_id
            if fragment not in self._repeated:
                pause = message.auto_rerun.interval
                self._ask_again(fragment, (pause,), lambda: self._rerun(fragment, True))
        elif kind == "stop_auto_rerun":
            self._stop_asking(*message.stop_auto_rerun.fragment_ids)
        elif kind == "delta":
            self._take_delta(message)

    def _finish(self, message: ForwardMsg) -> None:
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self._is_running = False
        self._finished += 1
        if message.script_finished != ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            self._scripts += 1
            self._drawn = self._running, self._begun
            self._cached = {
                key: (kept, used)
                for key, (kept, used) in self._cached.items()
                if used + 2 * _CACHED >= self._scripts  # a run under way may still refer to it
            }

    def _take_delta(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type") or ""
        self.kinds.add(kind)
        if kind == "exception":
            self.problems.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "bidi_component":
            drawn = element.bidi_component
            name = drawn.component_name.rpartition(".")[2]
            data = drawn.mixed.json if drawn.WhichOneof("data") == "mixed" else drawn.json
            self._mounted[name] = _Mounted(drawn.id, message.delta.fragment_id, data)
            if name in _QUESTIONS:
                self._follow(name)

    def _follow(self, name: str) -> None:
        """Ask on, where a component that was drawn waits for something."""
        event, pauses, find = _QUESTIONS[name]
        value = find(self.read(name))
        if name in self._repeated and value == self._asked[name]:
            return
        self._stop_asking(name)
        self._asked[name] = value
        if value:
            self._ask_again(name, pauses, lambda: self._trigger(name, event, value))
