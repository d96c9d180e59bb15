"""Visitors of the app without a browser: they speak what Streamlit's front end speaks.

A visitor opens pages and clicks in components as their scripts would, or as no browser does.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

_LARGEST = 64 << 20  # bytes of a message


@dataclass(frozen=True)
class _Mounted:
    """A component on the page: its widget, and the fragment that it belongs to."""

    widget: str
    fragment: str


@dataclass
class Visitor:
    """One session of the app.

    Attributes
    ----------
    address : str
        Of the server, ``http://host:port``.
    problems : list of str
        Exceptions that pages showed.
    """

    address: str
    problems: list[str] = field(default_factory=list)
    _socket: ClientConnection | None = None
    _reader: asyncio.Task[None] | None = None
    _mounted: dict[str, _Mounted] = field(default_factory=dict)
    _pages: dict[str, str] = field(default_factory=dict)
    _query: str = ""
    _page: str = ""
    _finished: int = 0  # scripts and fragments
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Visitor:
        url = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await connect(
            url, subprotocols=["streamlit"], max_size=_LARGEST, ping_timeout=None, open_timeout=None
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None and self._reader is not None
        await self._socket.close()
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader

    @property
    def params(self) -> dict[str, str]:
        """Query parameters of the address that the visitor sees."""
        return {key: values[0] for key, values in parse_qs(self._query).items()}

    async def open(self, page: str, **params: object) -> float:
        """Open a page, by its title in the address; seconds until its script is done."""
        self._mounted.clear()
        self._query = urlencode({key: str(value) for key, value in params.items()})
        self._page = page
        begun, before = time.perf_counter(), self._finished
        await self._send(self._rerun())
        await self._until(lambda: self._finished > before)
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
            Query parameters that the address has then.
        forgotten : bool
            As if the page had been left meanwhile: components have no state any more.
        """
        found = self._mounted[component]
        message = self._rerun(found.fragment)
        # The front end sends the state of every component with each message; this app's have none.
        for mounted in () if forgotten else self._mounted.values():
            message.rerun_script.widget_states.widgets.add(id=mounted.widget, json_value="{}")
        state = message.rerun_script.widget_states.widgets.add()
        state.id = _make_trigger_id(found.widget, "events")
        state.json_trigger_value = json.dumps([{"event": event, "value": value}])
        begun = time.perf_counter()
        wanted = (shown or {}).items()
        before = self._finished
        await self._send(message)
        await self._until(lambda: self._finished > before and wanted <= self.params.items())
        return time.perf_counter() - begun

    def _rerun(self, fragment: str = "") -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id = self._query, fragment
        # A page is named until its hash is known, as after a reload.
        state.page_script_hash = self._pages.get(self._page, "")
        if not state.page_script_hash:
            state.page_name = self._page
        return message

    async def _send(self, message: BackMsg) -> None:
        assert self._socket is not None
        await self._socket.send(message.SerializeToString())

    async def _until(self, is_there: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(is_there)

    async def _read(self) -> None:
        assert self._socket is not None
        async for content in self._socket:
            message = ForwardMsg()
            message.ParseFromString(content)  # type: ignore[arg-type]
            self._take(message)
            async with self._news:
                self._news.notify_all()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            session = message.new_session
            self._pages = {each.url_pathname: each.page_script_hash for each in session.app_pages}
            self._pages[""] = session.main_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "script_finished":
            if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._finished += 1
        elif kind == "delta":
            self._take_delta(message)

    def _take_delta(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.problems.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "bidi_component":
            drawn = element.bidi_component
            name = drawn.component_name.rpartition(".")[2]
            self._mounted[name] = _Mounted(drawn.id, message.delta.fragment_id)
