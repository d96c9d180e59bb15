"""The page of runs: what is built of each, and to add, build, stop, rename and remove them."""
