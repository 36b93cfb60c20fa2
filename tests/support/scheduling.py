"""How tests are spread over processes: what shares fixtures stays together, and what takes longest begins first.

xdist's own marks for groups (`xdist_group`) change nothing under pytest 9.2, which keeps node ids to itself.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

WHOLE = "tests/e2e/"
"""Tests of whole sets of processes, which share one set."""

CHATS = f"{WHOLE}chats/"
"""Tests of one set in front of all chat platforms, which share that."""

_FIRST = (WHOLE, "tests/workflows/", "tests/bot/")


class Scheduling(LoadScopeScheduling):
    """One unit of work a module, and one for all tests that share a whole set."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return next((shared for shared in (CHATS, WHOLE) if module.startswith(shared)), module)


def begins(nodeid: str) -> int:
    """Where a test stands in the order; few tests need long, and must not be left to the end."""
    return next((place for place, start in enumerate(_FIRST) if nodeid.startswith(start)), len(_FIRST))
