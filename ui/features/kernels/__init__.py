"""The view of kernels: a layer's filters as pictures and figures."""
