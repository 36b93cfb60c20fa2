"""Errors whose text is for people."""

from __future__ import annotations


class PlainError(Exception):
    """Something a person can act on. Its text is one or more plain sentences: no secret, no exception text."""
