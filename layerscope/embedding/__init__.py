"""From features to a layout, and how far to trust it: PCA, neighbours, t-SNE and its gradient, UMAP,
alignment, quality, similarity of layers.
"""
