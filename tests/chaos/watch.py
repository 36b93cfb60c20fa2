"""Which questions are over, seen in the order in which outcomes are written; cheaper than looking at every thread."""

from __future__ import annotations

import time

from bot.platforms.discord.messages import mark_of, read_mark
from tests.chaos.ledger import OVER, Asked
from tests.chaos.rig import Rig


class Watch:
    """Follows both platforms' ledgers."""

    def __init__(self, rig: Rig) -> None:
        self._slack = rig.slack.slack
        self._discord = rig.discord.discord
        self._read = [0, 0]
        self._marks: dict[str, str] = {}
        self.open: dict[str, Asked] = {}
        """Questions without an outcome, by their keys."""
        self.over: dict[str, float] = {}
        """When each of the others had its own, in seconds since 1970."""

    def expect(self, one: Asked) -> None:
        """Somebody has asked."""
        self.open[one.key] = one
        self._marks[mark_of(one.thread, one.key)] = one.key

    def look(self) -> None:
        """Read what was written since the last look."""
        slack = self._slack.ledger[self._read[0] :]
        discord = self._discord.ledger[self._read[1] :]
        self._read = [self._read[0] + len(slack), self._read[1] + len(discord)]
        for one in slack:
            payload = (one.metadata or {}).get("event_payload", {})
            if payload.get("state") in OVER:
                self._over(str(payload.get("key")))
        for other in discord:
            its = next((found for ident in other.custom_ids if (found := read_mark(ident)) is not None), None)
            if its is not None and its.state in OVER:
                self._over(self._marks.get(its.mark, ""))

    def _over(self, key: str) -> None:
        if self.open.pop(key, None) is not None:
            self.over[key] = time.time()
