"""Tests of the rules by themselves, without a server."""
