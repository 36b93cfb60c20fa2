"""Commands for those who work on Clew."""
