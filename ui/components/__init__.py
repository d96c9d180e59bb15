"""Components that run in the browser: each a folder with a typed wrapper, its script and style."""
