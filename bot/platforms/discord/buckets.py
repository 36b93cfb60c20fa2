"""Discord's rate limits as discord.py counts them, for whoever does not want to wait long within a call.

Where `max_ratelimit_timeout` is set, discord.py 2.7 refuses a call as soon as its bucket is further from its reset than
that, however much is left in it; and it forgets that a bucket is used up. Here a call is only refused where nothing is
left. https://github.com/Rapptz/discord.py/blob/v2.7.1/discord/http.py
"""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord.http import Ratelimit


class Bucket(Ratelimit):
    """What is left of one limit."""

    __slots__ = ()

    async def acquire(self) -> None:
        """Take a turn. Raises discord.RateLimited where none is left for longer than the patience."""
        if self.is_expired():
            self.reset()
        if self.remaining <= 0:
            await super().acquire()
            return
        self._last_request = asyncio.get_running_loop().time()
        self.remaining -= 1
        self.outgoing += 1

    async def _refresh(self) -> None:
        left = 0.0 if self.expires is None else self.expires - asyncio.get_running_loop().time()
        if self._max_ratelimit_timeout and left > self._max_ratelimit_timeout:
            # Used up. It stays so until its time is over.
            return
        await super()._refresh()


def keep_buckets(client: discord.Client, patience: float) -> None:
    """Let a client wait at most so many seconds within a call, which is below discord.py's own least."""
    http: Any = client.http
    known = http.get_ratelimit
    http.max_ratelimit_timeout = patience

    def bucket_of(key: str) -> Ratelimit:
        if key not in http._buckets:  # noqa: SLF001 - there is no other way to say what a bucket is
            http._buckets[key] = Bucket(patience)  # noqa: SLF001
            http._try_clear_expired_ratelimits()  # noqa: SLF001
        return known(key)

    http.get_ratelimit = bucket_of
