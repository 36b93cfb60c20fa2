"""Faults that can be switched on: which request or event they meet, when they strike, and what then happens."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from tests.discord.values import Json

Kind = Literal["drop", "status", "error", "delay", "hang", "truncate", "hold", "signal"]
When = Literal["before", "after", "reply"]
Pid = int | Callable[[], int]
GATEWAY = "gateway"


@dataclass(kw_only=True, slots=True)
class Fault:
    """One fault. `hits` says how often it struck, `held` how many requests wait in it."""

    route: str
    kind: Kind
    when: When = "before"
    nth: int = 1
    times: int = 1
    status: int = 503
    code: int = 0
    retry_after: float | None = None
    is_global: bool = False
    via: bool = True
    seconds: float = 0.0
    pid: Pid | None = None
    signal: int = signal.SIGKILL
    event: str | None = None
    matching: Callable[[Json], bool] | None = None
    hits: int = 0
    held: int = 0
    seen: int = 0
    loop: asyncio.AbstractEventLoop
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let those that wait go on."""
        self.loop.call_soon_threadsafe(self.released.set)

    def meets(self, routes: tuple[str, ...], arguments: Json, event: str | None) -> bool:
        """Whether it strikes this one; it counts those that it could have met."""
        if (self.route == GATEWAY) != (event is not None):
            return False
        if event is None and not any(fnmatchcase(route, self.route) for route in routes):
            return False
        if self.event is not None and self.event != event:
            return False
        if self.matching is not None and not self.matching(arguments):
            return False
        self.seen += 1
        return self.seen >= self.nth and self.hits < self.times

    async def pause(self) -> None:
        """Wait as a delay, a hold or a hang does."""
        if self.kind == "delay":
            await asyncio.sleep(self.seconds)
            return
        self.held += 1
        try:
            await self.released.wait()
        finally:
            self.held -= 1


class Board:
    """The faults of one server, in the order in which they were switched on."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def take(self, *routes: str, arguments: Json, event: str | None = None) -> Fault | None:
        """The fault that meets this, if there is one. A route may go by several names."""
        for fault in self.faults:
            if fault.meets(routes, arguments, event):
                fault.hits += 1
                return fault
        return None


def kill(fault: Fault) -> None:
    """Send the fault's signal; a process that is gone already is as good as killed."""
    pid = fault.pid() if callable(fault.pid) else fault.pid
    assert pid is not None, "a signal needs a pid"
    try:
        os.kill(pid, fault.signal)
    except ProcessLookupError:
        return
