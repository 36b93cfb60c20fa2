"""A running sandbox for tests: in this process on a free port, or as a process of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from bot.sandbox.behaviour import Behaviour
from bot.sandbox.brain.protocol import Brain
from bot.sandbox.faults import Fault, FaultBoard
from bot.sandbox.ledger import Record
from bot.sandbox.records import Conversation
from bot.sandbox.runs import Engine
from bot.sandbox.server import Faults, Server, build_app, sandbox_of, server_for
from bot.sandbox.store import Store
from bot.sandbox.thinking import rule_brain

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningSandbox:
    """A sandbox that listens at `url` (no path), told to fail with `fault`; its parts can be looked at too."""

    url: str
    app: Starlette
    switches: Faults

    @property
    def store(self) -> Store:
        """All that it keeps."""
        return sandbox_of(self.app).store

    @property
    def engine(self) -> Engine:
        """What runs its steps."""
        return sandbox_of(self.app).engine

    @property
    def board(self) -> FaultBoard:
        """The faults that are armed; lets go of what they hold."""
        return self.switches.board

    async def fault(self, **spec: Any) -> None:
        """Arm one fault: the fields of `Fault`, `kind` first of all."""
        self.board.arm(Fault.model_validate(spec))

    async def clear(self) -> None:
        """Switch all faults off, and let go of what they hold."""
        self.board.clear()

    async def ledger(self) -> list[Json]:
        """Every writing request so far, as the control endpoint shows it: the fields of `Record`."""
        return [asdict(record) for record in self.switches.ledger.records]

    async def conversations(self) -> list[Json]:
        """Every branch as the control endpoint shows it: id, agent (its name), metadata, entries and more."""
        return self.store.shown()

    def behave(self, **changes: Any) -> None:
        """Change pace or open questions: fields of Behaviour."""
        self.engine.behaviour = Behaviour.model_validate(self.engine.behaviour.model_dump() | changes)

    def steps(self, kind: str | None = None, *, agent: str | None = None) -> list[Record]:
        """The steps received, oldest first, of one kind or one agent if asked."""
        kinds = ("start", "append", "restart") if kind is None else (kind,)
        return [record for record in self.switches.ledger.of(*kinds) if agent is None or record.agent == agent]

    def branches(self, *, agent: str | None = None, **metadata: Any) -> list[Conversation]:
        """Conversations that are stored, oldest first, by their agent's name and what stands in their metadata."""
        return [
            found
            for found in self.store.conversations.values()
            if all(found.metadata.get(key) == value for key, value in metadata.items())
            and (agent is None or self.store.agent_name(found) == agent)
        ]

    def entries(self, conversation: str, kind: str | None = None) -> list[Json]:
        """A branch's entries, oldest first, of one type if asked."""
        return [e for e in self.store.conversation(conversation).entries if kind is None or e["type"] == kind]

    def questions(self, conversation: str) -> list[str]:
        """What was said to the agent on this branch, oldest first."""
        return [str(entry["content"]) for entry in self.entries(conversation, "message.input")]

    def open_calls(self, conversation: str) -> list[str]:
        """Ids of the branch's function calls that nothing answers."""
        return self.store.conversation(conversation).open_calls()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; the test's own time-out is the limit."""
    while not condition():  # noqa: ASYNC110 - what is waited for is state of a server, which sets no event
        await asyncio.sleep(0.005)


class AbruptServer(Server):
    """Ends at once: what is still open when a test is over is of no interest, and uvicorn always waits 0.1 s."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Give up everything that is open."""
        for listening in self.servers:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.lifespan.shutdown()


@asynccontextmanager
async def running_sandbox(
    brain: Brain | None = None,
    *,
    gullible: bool = False,
    token_delay: float = 0.0,
    think_time: float = 0.0,
    behaviour: Behaviour | None = None,
    data_file: Path | None = None,
    port: int = 0,
) -> AsyncGenerator[RunningSandbox]:
    """Serve a sandbox from this event loop for as long as the block runs, by the rules unless a brain is given."""
    faults = Faults()
    app = build_app(
        brain or rule_brain(gullible=gullible),
        store=Store(data_file),
        faults=faults,
        token_delay=token_delay,
        think_time=think_time,
        behaviour=behaviour,
    )
    server = server_for(app, make=AbruptServer)
    listening = socket.create_server(("127.0.0.1", port))
    address = listening.getsockname()
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await until(lambda: server.started or serving.done())
        if serving.done():
            serving.result()
        yield RunningSandbox(url=f"http://{address[0]}:{address[1]}", app=app, switches=faults)
    finally:
        faults.board.clear()
        server.stop()
        await serving
        listening.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxProcess:
    """A sandbox in a process of its own; its control endpoints are mounted."""

    url: str
    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """SIGKILL it, and wait until it is gone."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def sandbox_process(data_dir: Path, *options: str, port: int = 0) -> AsyncGenerator[SandboxProcess]:
    """Run `python -m bot.sandbox` with faults and without delays for as long as the block runs."""
    chosen = port or _free_port()
    flags = ["--port", str(chosen), "--data-dir", str(data_dir), "--faults", "--token-delay", "0", "--think-time", "0"]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot.sandbox", *flags, *options)
    url = f"http://127.0.0.1:{chosen}"
    try:
        async with httpx2.AsyncClient(verify=False) as client:
            while not await _healthy(client, url):
                if process.returncode is not None:
                    raise RuntimeError(f"the sandbox ended with {process.returncode}")
                await asyncio.sleep(0.02)
        yield SandboxProcess(url=url, process=process)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _healthy(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/healthz")).status_code == 200
    except httpx2.TransportError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
