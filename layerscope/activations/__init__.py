"""What each layer of a network gives: averaged over cells for the reductions, in full for the eye, and the
maxima of its channels.
"""
