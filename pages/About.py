"""What the app shows, how it was made, and how far to trust it."""

from __future__ import annotations

import streamlit as st

from ui.assets import read_asset
from ui.glossary import fill_terms
from ui.shell import open_page

open_page("About")
st.html(f"<style>{read_asset(__file__, 'About.css')}</style>")
with st.container(key="about"):
    st.html(fill_terms(read_asset(__file__, "About.html")))
