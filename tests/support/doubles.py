"""What the loopback doubles of chat platforms have in common: a thread of their own, and faults that strike."""

from __future__ import annotations

import asyncio
import os
import signal as signals
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web

T = TypeVar("T")
Kind = Literal["drop", "status", "error", "delay", "hang", "truncate", "hold", "signal"]
When = Literal["before", "after", "reply"]
Pid = int | Callable[[], int]


@dataclass(kw_only=True, slots=True)
class Fault:
    """One fault. `hits` says how often it struck, `held` how many requests wait in it."""

    kind: Kind
    when: When = "before"
    nth: int = 1
    times: int = 1
    status: int = 503
    seconds: float = 0.0
    pid: Pid | None = None
    signal: int = signals.SIGKILL
    event: str | None = None
    matching: Callable[[dict[str, Any]], bool] | None = None
    hits: int = 0
    held: int = 0
    seen: int = 0
    loop: asyncio.AbstractEventLoop
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let those that wait go on."""
        self.loop.call_soon_threadsafe(self.released.set)

    def strikes(self, arguments: dict[str, Any], event: str | None) -> bool:
        """Whether it strikes one that is addressed as it asks; it counts those that it could have met."""
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


F = TypeVar("F", bound=Fault)


class Faults(Generic[F]):
    """The faults of one server, in the order in which they were switched on."""

    def __init__(self) -> None:
        self.faults: list[F] = []

    def first(self, meets: Callable[[F], bool]) -> F | None:
        """The fault that meets something, if there is one; it has struck then."""
        for fault in self.faults:
            if meets(fault):
                fault.hits += 1
                return fault
        return None

    def heal(self) -> None:
        """No further faults; what is held goes on."""
        self.let_go()
        self.faults.clear()

    def let_go(self) -> None:
        """What is held goes on."""
        for fault in self.faults:
            fault.released.set()


def kill(fault: Fault) -> None:
    """Send the fault's signal; a process that is gone already is as good as killed."""
    pid = fault.pid() if callable(fault.pid) else fault.pid
    assert pid is not None, "a signal needs a pid"
    try:
        os.kill(pid, fault.signal)
    except ProcessLookupError:
        return


class InLoop:
    """Something that lives in an event loop's thread. Its methods may be called from any other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def _do(self, job: Callable[[], T]) -> T:
        """Run a job in that thread, and wait for it."""

        async def run() -> T:
            return job()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)


@contextmanager
def loop_thread(name: str) -> Generator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def listening(routes: Iterable[web.AbstractRouteDef], port: int, *, most: int) -> tuple[web.AppRunner, str]:
    """Serve routes on loopback, requests of `most` bytes at the most; gives the address, which ends with a slash."""
    app = web.Application(client_max_size=most)
    app.add_routes(routes)
    # A client that goes away does not take back what it asked for.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    host, bound = runner.addresses[0][:2]
    return runner, f"http://{host}:{bound}/"
