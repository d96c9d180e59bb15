"""What the network learned: its kernels, what units look for, classes as weight vectors, the t-SNE playground."""
