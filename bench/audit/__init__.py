"""Recompute what is stored, by others' code: ``python -m bench.audit [RUN ...] [--part PART ...] [--half]``.

Nothing here calls what the pipeline calls to compute a figure: activations come from plain forward hooks,
explanations from Captum and pytorch-grad-cam, the rest from scikit-learn, openTSNE, SciPy and NumPy. Shared
with it are the models, the pictures, the stores, the parameters, and the names of layers. Intervals are the
exception: what they cover is simulated, and so they are asked.

Each line has what would have been said in a former way of measuring, where there was one, what is said now,
and the largest difference between what is stored and what is found here. Layers are stored as float16, which
exchanges neighbours that are nearly as near as each other: with ``--half`` they are rounded so here as well,
and only what is due to something else is left.
"""
