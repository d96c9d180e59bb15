"""Pages of the app without a browser."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.shared.project import ROOT


def open_app(page: str = "", **params: str) -> AppTest:
    """A page as a fresh session sees it under an address; the Explorer without a name."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    if page:
        app.switch_page(f"pages/{page}.py")
    for key, value in params.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def text_of(app: AppTest) -> str:
    """All HTML of a page."""
    return "\n".join(element.proto.body for element in app.get("html"))


def address(app: AppTest) -> dict[str, str]:
    """The query parameters, one value each."""
    return {
        key: value[0] if isinstance(value, list) else value
        for key, value in app.query_params.items()
    }
