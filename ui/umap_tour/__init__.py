"""The UMAP Tour: the 15-dimensional UMAP of a layer in motion, one network or two side by side."""
