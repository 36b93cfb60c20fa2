"""Crash tests: a matrix of faults, broken variants that must be found out, a random campaign, and who judges them."""
