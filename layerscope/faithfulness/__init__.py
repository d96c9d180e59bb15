"""Are explanations right? Measures of it, for any method of `layerscope.explanation`.

All take relevance (S, S), a number per pixel, higher where more speaks for the explained output, and
break ties at random, in expectation where that can be had: a map that says nothing does as well as
chance, however it says nothing. A map that is the same everywhere is what chance means here.
"""
