"""`clew ask` and `clew chat` start what they need: one set of parts in the background, shared by all terminals."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from bot.connect import UnreachableError, connect
from bot.errors import PlainError
from bot.probes import healthy, worker_polls
from bot.runtime import Run, attach, lease, read_run, supervisor_alive
from bot.settings import Settings
from bot.up import fingerprint

START_PATIENCE = 90.0
"""Seconds until a set that does not become ready is a problem. A cold start takes four on two cores."""

CRASHES_TOLERATED = 4
_POLL = 0.1
_STOP_PATIENCE = 40.0
_KEEPER_SECONDS = 1.0


class NotReadyError(PlainError):
    """The set did not come up. Its text is a plain sentence that names the part and its log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is known of one part while we wait. `note` in words."""

    role: str
    ready: bool
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A ready set: settings with its addresses, a client, and an event for the case that somebody stops it."""

    settings: Settings
    client: Client
    stopped: asyncio.Event


Report = Callable[[tuple[Seen, ...]], None]


def _silent(_: tuple[Seen, ...]) -> None:
    """Nobody watches."""


@asynccontextmanager
async def running_set(settings: Settings, report: Report = _silent) -> AsyncGenerator[Running, None]:
    """A ready set for as long as the block runs: found, or started.

    A set whose supervisor dies meanwhile is started again on the same ports, so that a question is answered still.

    Raises:
        UnreachableError: a Temporal server is named and does not answer.
        NotReadyError: a part does not come up.
    """
    data_dir = settings.data_dir
    if not settings.embedded_temporal:
        # Said before anything is started: without that server nothing else is of use.
        await connect(settings)
    await _leave_other_settings(settings)
    with lease(data_dir) as held:
        await asyncio.to_thread(held.take, shared=True, wait=True)
        start(settings, until_idle=True)
        attached, client = await wait_ready(settings, report)
        stopped = asyncio.Event()
        keeper = asyncio.create_task(_keep(settings, stopped))
        try:
            yield Running(settings=attached, client=client, stopped=stopped)
        finally:
            keeper.cancel()


def start(settings: Settings, *, until_idle: bool, ui: bool = False) -> None:
    """Start a detached supervisor unless one runs. Two at once are harmless: one of them leaves again."""
    data_dir = settings.data_dir
    if supervisor_alive(data_dir):
        return
    logs = data_dir / "logs"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bot.cli", "up", "--detached"]
    command += [flag for flag, wanted in (("--until-idle", until_idle), ("--ui", ui)) if wanted]
    with (logs / "up.log").open("ab") as log:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "CLEW_DATA_DIR": str(data_dir)},
        )


async def wait_ready(settings: Settings, report: Report = _silent) -> tuple[Settings, Client]:
    """Wait until Temporal serves, the worker asks for work, and tools and sandbox are healthy. Raises NotReadyError."""
    deadline = time.monotonic() + START_PATIENCE
    client: Client | None = None
    seen: tuple[Seen, ...] = ()
    while time.monotonic() < deadline:
        run = read_run(settings.data_dir)
        if run is not None and run.parts:
            attached = attach(settings, run)
            if client is None:
                with suppress(UnreachableError):
                    client = await connect(attached, patience=0.3)
            seen = await _look(run, client)
            report(seen)
            if client is not None and all(part.ready for part in seen):
                return attached, client
            broken = next((part for part in run.parts if part.crashes >= CRASHES_TOLERATED), None)
            if broken is not None:
                log = settings.data_dir / "logs" / f"{broken.role}.log"
                raise NotReadyError(f"{broken.role} keeps ending; {_last_words(log)}")
        await asyncio.sleep(_POLL)
    waiting = ", ".join(part.role for part in seen if not part.ready) or "the supervisor"
    raise NotReadyError(f"Not ready after {START_PATIENCE:.0f} s: {waiting}. Logs: {settings.data_dir / 'logs'}")


async def stop(data_dir: Path, patience: float = _STOP_PATIENCE) -> bool:
    """Stop the set of a data directory and wait for its end. False if none ran."""
    if not supervisor_alive(data_dir):
        return False
    deadline = time.monotonic() + patience
    signalled = 0
    while supervisor_alive(data_dir):
        run = read_run(data_dir, even_stale=True)
        late = time.monotonic() >= deadline
        if run is not None and (run.supervisor != signalled or late):
            with suppress(ProcessLookupError):
                os.kill(run.supervisor, signal.SIGKILL if late else signal.SIGTERM)
            signalled = run.supervisor
        await asyncio.sleep(_POLL)
    return True


async def _leave_other_settings(settings: Settings) -> None:
    """Stop a set that was started in the background with other settings, where no terminal needs it."""
    run = read_run(settings.data_dir)
    if run is None or not run.until_idle or run.fingerprint == fingerprint(settings, run.mcp_token):
        return
    with lease(settings.data_dir) as held:
        if held.take():
            await stop(settings.data_dir)


async def _keep(settings: Settings, stopped: asyncio.Event) -> None:
    """Watch over the set. One that was stopped in order took its `run.json` along; one that was killed left it."""
    while True:
        await asyncio.sleep(_KEEPER_SECONDS)
        if supervisor_alive(settings.data_dir):
            stopped.clear()
        elif read_run(settings.data_dir, even_stale=True) is not None:
            start(settings, until_idle=True)
        else:
            stopped.set()


async def _look(run: Run, client: Client | None) -> tuple[Seen, ...]:
    worker = run.part("worker")
    looks = {
        "temporal": _ready(client is not None),
        "sandbox": healthy(run.sandbox_url) if run.sandbox_url else None,
        "mcp": healthy(run.mcp_url) if run.part("mcp") else None,
        "worker": worker_polls(client, pid=worker.pid, since=worker.started)
        if client is not None and worker is not None
        else _ready(False),
    }
    wanted = {role: look for role, look in looks.items() if look is not None}
    answers = await asyncio.gather(*wanted.values())
    return tuple(
        Seen(role=role, ready=ready, note=_note(run, role, ready=ready))
        for role, ready in zip(wanted, answers, strict=True)
    )


async def _ready(value: bool) -> bool:  # noqa: FBT001 - a look that needs no waiting
    return value


def _note(run: Run, role: str, *, ready: bool) -> str:
    part = run.part(role)
    if ready:
        return "ready"
    if part is not None and part.restarts:
        return f"ended {part.restarts} times, starting again"
    return "starting"


def _last_words(log: Path) -> str:
    """Where the log is, with its last line where that is a sentence of ours (exit code 2 prints one)."""
    with suppress(OSError):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("clew: ")]
        if lines:
            return f"it says: {lines[-1].removeprefix('clew: ')}"
    return f"its log is {log}"
