"""Keeps child processes running: restart with back-off, one log file each, stop in reverse order."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from bot.parent import SUPERVISOR_PID
from bot.redaction import Redactor
from bot.runtime import Part

FIRST_RESTART = 0.2
"""Seconds before the first restart; each quick death after that doubles it."""

SLOWEST_RESTART = 30.0
HEALTHY_AFTER = 5.0
"""Seconds of life after which a death counts as the first one again."""

LOG_LIMIT = 5_000_000
"""Bytes of a log file before it becomes `<role>.log.1`."""

_LINE_LIMIT = 16_384
_DRAIN_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """One process to keep running. `grace` in seconds between SIGTERM and SIGKILL."""

    role: str
    command: Sequence[str]
    environment: Mapping[str, str]
    grace: float = 5.0


@dataclass(kw_only=True)
class _Child:
    spec: Spec
    part: Part
    process: asyncio.subprocess.Process | None = None
    keeper: asyncio.Task[None] | None = None
    quick_deaths: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Runs the given processes in order until told to stop.

    Args:
        specs: in order of start; stopped in reverse.
        logs: directory of the log files.
        redactor: takes secrets out of every line before it is written or shown.
        echo: called with role and line, for the terminal in the foreground.
        changed: called with the state of all parts after each change.
    """

    def __init__(
        self,
        specs: Sequence[Spec],
        *,
        logs: Path,
        redactor: Redactor,
        echo: Callable[[str, str], None] = lambda _role, _line: None,
        changed: Callable[[tuple[Part, ...]], None] = lambda _parts: None,
    ) -> None:
        self._children = [_Child(spec=spec, part=Part(role=spec.role)) for spec in specs]
        self._logs = logs
        self._redactor = redactor
        self._echo = echo
        self._changed = changed
        self._hurry = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """The state of all parts, in order of start."""
        return tuple(child.part for child in self._children)

    def hurry(self) -> None:
        """Cut every grace period short: a second Ctrl-C."""
        self._hurry = True
        for child in self._children:
            _signal(child.process, signal.SIGKILL)

    async def run(self, until: asyncio.Event) -> None:
        """Start all parts, keep them running until the event is set, then stop them."""
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            for child in self._children:
                child.keeper = asyncio.create_task(self._keep(child), name=f"keep {child.spec.role}")
            await until.wait()
        finally:
            for child in reversed(self._children):
                await self._stop(child)

    async def _keep(self, child: _Child) -> None:
        while not child.stopping.is_set():
            began = time.monotonic()
            code = await self._live(child)
            if child.stopping.is_set():
                break
            if time.monotonic() - began >= HEALTHY_AFTER:
                child.quick_deaths = 0
            delay = min(SLOWEST_RESTART, FIRST_RESTART * 2**child.quick_deaths)
            child.quick_deaths += 1
            self._set(
                child,
                state="waiting",
                pid=0,
                exit_code=code,
                restarts=child.part.restarts + 1,
                crashes=child.quick_deaths,
            )
            self._say(child, f"{child.spec.role} ended ({_ending(code)}); starting it again in {delay:.1f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(child.stopping.wait(), delay)
        self._set(child, state="stopped", pid=0)

    async def _live(self, child: _Child) -> int | None:
        """One life of a process, from start to end. Returns its exit code, None if it could not be started."""
        spec = child.spec
        try:
            process = await asyncio.create_subprocess_exec(
                *spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**spec.environment, SUPERVISOR_PID: str(os.getpid())},
                # Ctrl-C reaches a whole process group; who stops when is the supervisor's decision.
                start_new_session=True,
            )
        except OSError as error:
            self._say(child, f"{spec.role} could not be started ({type(error).__name__})")
            return None
        child.process = process
        self._set(child, state="running", pid=process.pid, started=time.time())
        assert process.stdout is not None  # noqa: S101 - it was asked for
        pump = asyncio.create_task(self._pump(child, process.stdout))
        try:
            code = await process.wait()
        finally:
            # A grandchild may still hold the pipe: its lines are not waited for.
            _, late = await asyncio.wait([pump], timeout=_DRAIN_SECONDS)
            for task in late:
                task.cancel()
            child.process = None
        return code

    async def _stop(self, child: _Child) -> None:
        child.stopping.set()
        process = child.process
        if process is not None:
            self._say(child, f"stopping {child.spec.role}")
            _signal(process, signal.SIGKILL if self._hurry else signal.SIGTERM)
        if child.keeper is None:
            return
        done, _ = await asyncio.wait([child.keeper], timeout=child.spec.grace)
        if not done:
            self._say(child, f"{child.spec.role} did not stop in {child.spec.grace:.0f} s; ending it")
            _signal(child.process, signal.SIGKILL)
            await asyncio.wait([child.keeper], timeout=_DRAIN_SECONDS + 1)

    def _set(self, child: _Child, **changes: object) -> None:
        child.part = child.part.model_copy(update=changes)
        self._changed(self.parts)

    def _say(self, child: _Child, line: str) -> None:
        self._echo(child.spec.role, line)
        with suppress(OSError), (self._logs / f"{child.spec.role}.log").open("ab") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} supervisor: {line}\n".encode())

    async def _pump(self, child: _Child, stream: asyncio.StreamReader) -> None:
        """Copy lines to the log file and the terminal. Very long ones are cut rather than kept in memory."""
        rest = b""
        log = _Log(self._logs / f"{child.spec.role}.log")
        try:
            while chunk := await stream.read(65_536):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > _LINE_LIMIT:
                    lines, rest = [*lines, rest], b""
                for line in lines:
                    self._line(child, log, line)
            if rest:
                self._line(child, log, rest)
        finally:
            log.close()

    def _line(self, child: _Child, log: _Log, line: bytes) -> None:
        text = self._redactor.text(line[:_LINE_LIMIT].decode(errors="replace").rstrip("\r"))
        log.write(text.encode() + b"\n")
        self._echo(child.spec.role, text)


class _Log:
    """A log file with one predecessor. A full or vanished disk never stops the process that writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def write(self, line: bytes) -> None:
        with suppress(OSError):
            if self._file is None:
                self._file = self._path.open("ab", buffering=0)
            if self._file.tell() > LOG_LIMIT:
                self.close()
                self._path.replace(self._path.with_suffix(".log.1"))
                self._file = self._path.open("ab", buffering=0)
            self._file.write(line)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _signal(process: asyncio.subprocess.Process | None, number: signal.Signals) -> None:
    if process is not None and process.returncode is None:
        with suppress(ProcessLookupError):
            process.send_signal(number)


def _ending(code: int | None) -> str:
    if code is None:
        return "not started"
    if code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"
