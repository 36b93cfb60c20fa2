"""Clew as people run it: every part a process of its own, and processes killed in the middle of turns."""
