"""Clew: chat platforms, composition roots, the command line."""
