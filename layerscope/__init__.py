"""Layerscope: a look inside convolutional classifiers, layer by layer, down to a neuron.

The library takes arrays and returns arrays. It imports neither Streamlit nor DVC.
"""

__version__ = "0.1.0"
