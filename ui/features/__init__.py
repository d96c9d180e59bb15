"""What the network learned: its kernels, what units look for, classes as vectors, t-SNE on trial."""
