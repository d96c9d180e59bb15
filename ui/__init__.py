"""The Streamlit side: the shell around pages, the selection, cached arrays, components."""
