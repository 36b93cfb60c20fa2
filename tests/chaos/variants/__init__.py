"""Broken variants of the product: each has to be found out, and by the invariant that it breaks."""
