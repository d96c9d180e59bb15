"""Coarse classes: ImageNet's 1000 in some 80 groups, taken from WordNet; see the README beside."""

from layerscope.coarse.table import Coarse, coarse_of, list_groups

__all__ = ["Coarse", "coarse_of", "list_groups"]
