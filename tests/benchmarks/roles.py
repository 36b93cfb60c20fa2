"""Clew's roles as processes of their own, without a supervisor and with a sandbox that takes no time to think."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
from temporalio.client import Client

from bot.connect import connect
from bot.probes import healthy, worker_polls
from bot.runtime import free_port
from bot.settings import Settings, load_settings
from tests.bot.processes import clean_environment

_TOKEN = "a-token-for-benchmarks-only"  # it opens nothing but this run's tool server
_CALM = ("--token-delay", "0", "--think-time", "0", "--faults")
_PATIENCE = 90.0


@dataclass(kw_only=True)
class Roles:
    """The running processes by role, and how to reach them."""

    settings: Settings
    client: Client
    sandbox_url: str
    environment: dict[str, str]
    directory: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, "subprocess.Popen[bytes]"])

    def start(self, role: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process; its output goes to a file."""
        process = self.processes[role] = _start(self.environment, self.directory / f"{role}.log", *command)
        return process

    async def start_worker(self) -> None:
        """Start a worker and wait until it asks for work."""
        started = time.time()
        process = self.start("worker", "bot.cli", "worker")
        await _until(lambda: worker_polls(self.client, pid=process.pid, since=started))

    def kill(self, role: str) -> None:
        """SIGKILL, and wait until it is gone."""
        process = self.processes.pop(role)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def memory(self) -> dict[str, int]:
        """Resident bytes of each role."""
        return {role: psutil.Process(process.pid).memory_info().rss for role, process in self.processes.items()}

    async def hold_next_step(self) -> None:
        """Let the sandbox keep its next answer back. `holding` tells when it was asked."""
        async with httpx2.AsyncClient() as http:
            await http.delete(f"{self.sandbox_url}/_sandbox/faults")
            (await http.post(f"{self.sandbox_url}/_sandbox/faults", json={"kind": "hold"})).raise_for_status()

    async def holding(self) -> bool:
        """Whether a step is being held."""
        async with httpx2.AsyncClient() as http:
            armed = (await http.get(f"{self.sandbox_url}/_sandbox/faults")).json()
        return any(fault["struck"] for fault in armed)

    async def steps(self) -> list[dict[str, Any]]:
        """Every step that the sandbox was sent, oldest first; `size` in bytes."""
        async with httpx2.AsyncClient() as http:
            records: list[dict[str, Any]] = (await http.get(f"{self.sandbox_url}/_sandbox/ledger")).json()
        return [record for record in records if record["kind"] in ("start", "append", "restart")]


@asynccontextmanager
async def running_roles() -> AsyncGenerator[Roles]:
    """All roles for as long as the block runs, in a directory of their own."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ports = {role: free_port() for role in ("temporal", "sandbox", "mcp")}
        handed = {
            "CLEW_DATA_DIR": name,
            "CLEW_EMBEDDED_TEMPORAL": f"127.0.0.1:{ports['temporal']}",
            "CLEW_SANDBOX_URL": f"http://127.0.0.1:{ports['sandbox']}",
            "MCP_SERVER_URL": f"http://127.0.0.1:{ports['mcp']}/mcp",
            "MCP_AUTH_TOKEN": _TOKEN,
        }
        commands = {
            "temporal": ("bot.cli", "temporal", "--port", str(ports["temporal"])),
            "mcp": ("bot.cli", "mcp", "--port", str(ports["mcp"])),
            "sandbox": ("bot.sandbox", "--port", str(ports["sandbox"]), "--data-dir", name, *_CALM),
        }
        environment = clean_environment(**handed)
        settings = load_settings(_env_file=None, **{name.lower(): value for name, value in handed.items()})
        processes: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for role, command in commands.items():
                processes[role] = _start(environment, directory / f"{role}.log", *command)
            client = await connect(settings, long_lived=True, patience=_PATIENCE)
            await _until(lambda: healthy(handed["CLEW_SANDBOX_URL"]))
            await _until(lambda: healthy(handed["MCP_SERVER_URL"]))
            roles = Roles(
                settings=settings,
                client=client,
                sandbox_url=handed["CLEW_SANDBOX_URL"],
                environment=environment,
                directory=directory,
                processes=processes,
            )
            await roles.start_worker()
            yield roles
        finally:
            for process in processes.values():
                process.kill()
                process.wait()


def _start(environment: dict[str, str], log: Path, *command: str) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *command], env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not await look():
        if time.monotonic() > deadline:
            raise TimeoutError("a role did not come up")
        await asyncio.sleep(0.05)
