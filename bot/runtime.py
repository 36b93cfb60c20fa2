"""The running set of parts of one data directory: who runs, where, and since when.

`run.json` says it; the lock beside it proves it: a process id may be stale or taken over, a lock dies with its holder.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from bot.settings import Settings

PartState = Literal["starting", "running", "waiting", "stopped"]


class Part(BaseModel):
    """One supervised process. `state` is `waiting` between two starts; `started` in seconds since the epoch.

    `restarts` counts all, `crashes` those in a row that came soon after a start.
    """

    model_config = ConfigDict(frozen=True)

    role: str
    pid: int = 0
    state: PartState = "starting"
    started: float = 0.0
    restarts: int = 0
    crashes: int = 0
    exit_code: int | None = None


class Run(BaseModel):
    """What other commands need to find a running set. The file is readable by its owner alone."""

    model_config = ConfigDict(frozen=True)

    supervisor: int
    started: float
    until_idle: bool
    fingerprint: str
    mcp_url: str
    mcp_token: str
    temporal_address: str | None = None
    temporal_ui: str | None = None
    sandbox_url: str | None = None
    parts: tuple[Part, ...] = ()

    def part(self, role: str) -> Part | None:
        """The part that plays `role`, if any."""
        return next((part for part in self.parts if part.role == role), None)


class Lock:
    """An advisory lock on a file, released by the kernel when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, *, shared: bool = False, wait: bool = False) -> bool:
        """Take the lock; False if somebody else holds it (never with `wait`)."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        """Give the lock back. Harmless without one."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def supervisor_lock(data_dir: Path) -> Lock:
    """Held, exclusively, by the one supervisor of a data directory."""
    return Lock(data_dir / "run.lock")


def lease(data_dir: Path) -> Lock:
    """Shared by every terminal that needs the set; whoever takes it exclusively knows that nobody does."""
    return Lock(data_dir / "lease.lock")


def supervisor_alive(data_dir: Path) -> bool:
    """Whether a supervisor runs on this data directory."""
    if not (data_dir / "run.lock").exists():
        return False
    with supervisor_lock(data_dir) as lock:
        return not lock.take(shared=True)


def read_run(data_dir: Path, *, even_stale: bool = False) -> Run | None:
    """The running set, or None where there is none. A file that a dead supervisor left counts as none."""
    if not even_stale and not supervisor_alive(data_dir):
        return None
    with suppress(OSError, ValidationError):
        return Run.model_validate_json((data_dir / "run.json").read_bytes())
    return None


def write_run(data_dir: Path, run: Run) -> None:
    """Replace `run.json` at once; a reader sees the old or the new one. It holds the MCP token: mode 0600."""
    target = data_dir / "run.json"
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(run.model_dump_json(indent=1))
    temporary.replace(target)


def attach(settings: Settings, run: Run | None) -> Settings:
    """`settings` with the addresses of a running set, where they name none themselves."""
    if run is None:
        return settings
    found: dict[str, object] = {}
    if settings.embedded_temporal and run.temporal_address is not None:
        found["clew_embedded_temporal"] = run.temporal_address
        if settings.clew_temporal_ui is None and run.temporal_ui is not None:
            found["clew_temporal_ui"] = run.temporal_ui
    if settings.sandboxed and run.sandbox_url is not None:
        found["clew_sandbox_url"] = run.sandbox_url
    if settings.mcp_server_url is None:
        found["mcp_server_url"] = run.mcp_url
    if settings.mcp_auth_token is None:
        found["mcp_auth_token"] = SecretStr(run.mcp_token)
    return settings.model_copy(update=found)


_OWN_PORTS = range(20_000, 30_000)
"""Below what systems hand out to outgoing connections: one of those could take a part's port while the part is away."""

_GUESSES = 100


def free_port(*wanted: int, but: Collection[int] = ()) -> int:
    """The first of `wanted` (0: no wish) that nothing on loopback uses, else some free one; none of `but`.

    Raises OSError.
    """
    guesses = (secrets.choice(_OWN_PORTS) for _ in range(_GUESSES))
    for port in (*(port for port in wanted if port), *guesses):
        if port in but:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port on loopback")
