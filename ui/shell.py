"""What surrounds every page: its configuration, the one style sheet, and the navigation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from threading import Lock

import streamlit as st

from layerscope.errors import InputError
from projects.folder import is_made
from projects.state import read_state
from ui.address import note_page
from ui.arrays import Unavailable
from ui.assets import read_asset
from ui.build import draw_build
from ui.bundle import ensure_bundle
from ui.components.page_actions import draw_page_actions
from ui.library import command_for
from ui.markup import escape_markdown
from ui.memory import keep_small
from ui.rights import is_editable
from ui.selection import KEYS, recall_selection
from ui.tour import TourStep

NAME = "Layerscope"


@dataclass(frozen=True)
class Page:
    """An entry of the navigation."""

    title: str
    file: str


PAGES = (
    Page("Explorer", "streamlit_app.py"),
    Page("UMAP Tour", "pages/UMAP_Tour.py"),
    Page("Explain", "pages/Explain.py"),
    Page("Features", "pages/Features.py"),
    Page("Performance", "pages/Performance.py"),
    Page("Network", "pages/Network.py"),
    Page("Experiments", "pages/Experiments.py"),
    Page("Runs", "pages/Runs.py"),
    Page("About", "pages/About.py"),
)


_unpacking = Lock()  # one session unpacks, the others wait for it


def _unpack_bundle() -> str | None:
    """Fetch the embedded data, showing how far it is; outside the project's folder there is none.

    Each session tries once: where it failed, a reload tries again.
    """
    place = st.empty()
    if not Path("dvc.yaml").is_file():
        return None

    def show(done: int, total: int) -> None:
        text = f"Unpacking the embedded data: {done / 1e6:.0f} of {total / 1e6:.0f} MB"
        place.progress(done / total if total else 0.0, text)

    if "unpacked" not in st.session_state:
        if _unpacking.locked():
            place.text("Another window unpacks the embedded data …")
        with _unpacking:
            st.session_state["unpacked"] = ensure_bundle(show)
        place.empty()
    problem: str | None = st.session_state["unpacked"]
    return problem


def open_page(title: str, tour: Sequence[TourStep] | None = None, style: str = "") -> str | None:
    """Begin a page. Each page calls this first.

    Parameters
    ----------
    title : str
        Of an entry in `PAGES`.
    tour : sequence of TourStep, optional
        Of the page's guided tour.
    style : str, optional
        What the page adds to the one style sheet.

    Returns
    -------
    str or None
        One line to show where the embedded data could not be unpacked.
    """
    keep_small()
    st.set_page_config(page_title=f"{NAME}: {title}", layout="wide")
    st.html(f"<style>{read_asset(__file__, 'shell.css')}{style}</style>")
    note_page(title)
    recall_selection()
    carried = _carry_selection()
    with st.container(key="topbar", horizontal=True, vertical_alignment="center", gap=None):
        st.html(f'<span class="brand">{NAME}</span>', width="content")
        for page in PAGES:
            if page.title == "Runs" and not is_editable():
                continue
            name = "here" if page.title == title else f"to-{page.title.lower().replace(' ', '-')}"
            with st.container(key=f"nav-{name}", width="content"):
                st.page_link(page.file, label=page.title, query_params=carried)
        with st.container(key="page-actions", width="content"):
            draw_page_actions(tour, key="page_actions")
    draw_build(shows_arrays=title not in {"Runs", "About"})
    return _unpack_bundle()


def _carry_selection() -> dict[str, str]:
    return {key: st.query_params[key] for key in KEYS if key in st.query_params}


def draw_link(title: str, label: str, **changes: object) -> None:
    """A link to another page, with the selection as it is but for some values.

    Parameters
    ----------
    title : str
        Of an entry in `PAGES`.
    label : str
    changes
        Query parameters; None takes one away.
    """
    file = next(page.file for page in PAGES if page.title == title)
    params = _carry_selection() | {
        key: str(each) for key, each in changes.items() if each is not None
    }
    for key in [key for key, each in changes.items() if each is None]:
        params.pop(key, None)
    st.page_link(file, label=escape_markdown(label), query_params=params)


def show_notices(refused: Sequence[str], *problems: str | None) -> None:
    """Say quietly what a link asked for in vain, and once a session what is wrong with files."""
    if refused:
        names = " or ".join(refused)
        st.toast(f"The link asks for a {names} that is not here. You see the usual one instead.")
    told = st.session_state.setdefault("told", set())
    for problem in problems:
        if problem and problem not in told:
            told.add(problem)
            st.toast(escape_markdown(problem), duration="long")


def show_no_runs(*problems: str | None) -> None:
    """The whole page, where there is nothing to choose from."""
    said = "".join(f"<p>{escape(problem)}</p>" for problem in problems if problem)
    command, does = (
        ("layerscope open FOLDER", "looks at pictures of your own")
        if is_made(Path())
        else ("make demo", "builds the first ones")
    )
    st.html(
        '<div class="unavailable"><div class="glyph"></div><h3>There is no run yet</h3>'
        f'{said}<p class="command"><code>{command}</code></p>'
        f"<p>{does}. Then reload this page.</p></div>"
    )
    _link_to_runs("Or add one here")


def _link_to_runs(label: str) -> None:
    """Where runs are changed, a link to the page that does it."""
    if is_editable():
        with st.container(key="to-runs-page", horizontal=True, horizontal_alignment="center"):
            draw_link("Runs", label)


def show_unavailable(problem: Unavailable) -> None:
    """One calm message in the place of what cannot be shown, with the command that builds it."""
    build = read_state()
    if build and build.is_at_work and not problem.broken:
        st.html(
            '<div class="unavailable"><div class="glyph"></div><h3>These arrays are being built</h3>'
            f"<p><code>{escape(problem.name)}</code> of <code>{escape(problem.run)}</code></p>"
            "<p>They appear here as soon as they are there.</p></div>"
        )
        return
    state = "are damaged" if problem.broken else "have not been built yet"
    hint = (
        f"Delete <code>data/{escape(problem.run)}/{escape(problem.name)}.zarr</code> first, so that"
        " it is made anew."
        if problem.broken
        else "What is finished is kept, however it ends."
    )
    st.html(
        '<div class="unavailable"><div class="glyph"></div>'
        f"<h3>These arrays {state}</h3>"
        f"<p><code>{escape(problem.name)}</code> of <code>{escape(problem.run)}</code></p>"
        f'<p class="command"><code>{escape(command_for(problem.run))}</code></p>'
        f"<p>{hint} Then reload this page.</p></div>"
    )
    if not problem.broken:
        _link_to_runs("Or build them here")


def tell_unavailable(problem: Unavailable) -> str:
    """The same as one line of HTML, in the place of what a view can do without."""
    command = f"<code>{escape(command_for(problem.run))}</code>"
    if not problem.broken:
        return f"Not built yet: {command}"
    return (
        f"<b><code>{escape(problem.name)}</code> of <code>{escape(problem.run)}</code> is damaged.</b> "
        f"Delete <code>data/{escape(problem.run)}/{escape(problem.name)}.zarr</code>, run {command} "
        "and reload this page."
    )


def show_problem(text: str) -> None:
    """One line on what is wrong and what to do, in the place of what cannot be shown."""
    st.html(f'<div class="unavailable"><div class="glyph"></div><p>{escape(text)}</p></div>')


@contextmanager
def explained() -> Iterator[None]:
    """What a panel cannot show is said in the panel; the others live on."""
    try:
        yield
    except Unavailable as unavailable:
        show_unavailable(unavailable)
    except InputError as problem:
        show_problem(str(problem))


@contextmanager
def optional() -> Iterator[None]:
    """What a view can do without is left out where it is missing; where it is damaged, a line says so."""
    try:
        yield
    except Unavailable as problem:
        if problem.broken:
            st.html(f'<p class="failure">{tell_unavailable(problem)}</p>')
