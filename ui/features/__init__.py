"""What the network learned: kernels, what units look for, class weight vectors, the t-SNE playground."""
