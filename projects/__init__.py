"""Folders that Layerscope works in, and the command: what starts DVC and Streamlit.

`command` is what a shell calls, `notebook` what Python does. A project is a folder with ``params.yaml``,
which says what runs there are; a clone of the repository is one, and `folder` makes others, which lean on
the code that is installed.
"""
