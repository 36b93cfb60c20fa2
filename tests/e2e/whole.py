"""A whole Clew on free ports and a directory of its own, started as a person starts it, and looked at from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from temporalio.client import Client

from bot.background import wait_ready
from bot.connect import connect
from bot.platforms.terminal_store import TerminalStore, open_store
from bot.platforms.terminal_values import NAME
from bot.probes import worker_polls
from bot.runtime import Run, attach, free_port, read_run, write_run
from bot.settings import Settings, load_settings
from bot.terminal.desk import logged_in, open_session
from tests.bot.processes import ROOT, alive, clean_environment, descendants, end, eventually, stop_set
from tests.e2e.sandbox import FaultySandbox, faulty_sandbox
from tests.e2e.terminal import Terminal
from workflows.contracts import ThreadRef
from workflows.identity import conversation_id

PATIENCE = 60.0
"""Seconds until something that has to happen counts as lost."""


@dataclass(kw_only=True)
class Whole:
    """One set of parts under its supervisor, its sandbox beside it, and the terminals that were opened."""

    directory: Path
    environment: dict[str, str]
    settings: Settings
    sandbox: FaultySandbox
    store: TerminalStore
    known: set[str] = field(default_factory=set[str])
    terminals: list[Terminal] = field(default_factory=list[Terminal])
    others: list[subprocess.Popen[bytes]] = field(default_factory=list["subprocess.Popen[bytes]"])

    # --- The parts ---------------------------------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        """The running set."""
        run = read_run(self.settings.data_dir)
        assert run is not None, "no set runs"
        return run

    def up(self) -> None:
        """Start the set as `clew up` does, and wait until it is ready."""
        if read_run(self.settings.data_dir, even_stale=True) is None:
            # As after a set that was killed, which takes its ports again: at the usual ones others' sets come and go.
            before = Run(
                supervisor=0,
                started=0.0,
                until_idle=False,
                fingerprint="",
                mcp_url=f"http://127.0.0.1:{free_port()}/mcp",
                mcp_token="",
                temporal_address=f"127.0.0.1:{free_port()}",
            )
            self.settings.data_dir.mkdir(parents=True, exist_ok=True)
            write_run(self.settings.data_dir, before)
        self.start("up", "--detached")
        self.ready()

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a `clew` command that belongs to the set; its output goes to a file."""
        with (self.directory / "others.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", *arguments],
                env={**self.environment, **(environment or {})},
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.others.append(process)
        return process

    def ready(self) -> None:
        """Wait until every part is ready."""
        asyncio.run(self._ready())

    async def _ready(self) -> Client:
        _, client = await wait_ready(self.settings)
        return client

    def attached(self) -> Settings:
        """Settings with the addresses of the running set."""
        return attach(self.settings, self.run)

    def pid(self, role: str) -> int:
        """The process that plays a role now."""
        part = self.run.part(role)
        assert part is not None
        assert part.pid, f"{role} does not run"
        return part.pid

    def start_worker(self, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start one more worker by hand, and wait until it asks for work."""
        worker = self.start("worker", environment=environment)
        self.eventually(lambda: asyncio.run(self._polls(worker.pid)), "one more worker asks for work")
        return worker

    async def _polls(self, pid: int) -> bool:
        return await worker_polls(await connect(self.attached()), pid=pid)

    def stepping(self, thread: str) -> int:
        """The worker in which a thread's step runs."""
        return asyncio.run(self._stepping(thread))

    async def _stepping(self, thread: str) -> int:
        client = await connect(self.attached())
        description = await client.get_workflow_handle(conversation_id(self.reference(thread))).describe()
        pending = description.raw_description.pending_activities
        [step] = [item for item in pending if item.activity_type.name == "run_step"]
        return int(step.last_worker_identity.partition("@")[0])

    def replaced(self, role: str, pid: int) -> None:
        """Wait until process `pid` is dead and another one plays its role."""
        self.eventually(lambda: not alive(pid), f"{role} was hit")

        def again() -> bool:
            part = self.run.part(role)
            return part is not None and part.pid not in (0, pid)

        self.eventually(again, f"{role} runs again")

    # --- The terminals -----------------------------------------------------------------------------------------------

    def terminal(self, *arguments: str, pty: bool = False) -> Terminal:
        """Run `clew ask …` or `clew chat …`, on a pipe or on a screen."""
        terminal = Terminal(arguments, environment=self.environment, cwd=self.directory, screen=pty)
        self.terminals.append(terminal)
        return terminal

    def ask(self, text: str, thread: str | None = None) -> tuple[str, str]:
        """Ask as a terminal does that ends once the question is handed over; returns thread and question."""
        where = thread or self.store.new_thread()
        message = asyncio.run(self._say(where, text))
        self.known.add(message)
        return where, message

    async def _say(self, thread: str, text: str) -> str:
        async with open_session(self.settings, await connect(self.attached())) as session:
            return await session.say(thread, text)

    def reference(self, thread: str) -> ThreadRef:
        """The thread as the workflow knows it."""
        return ThreadRef(platform=NAME, workspace=logged_in(), channel=NAME, thread=thread)

    def question(self, text: str) -> tuple[str, str]:
        """Wait until a question that was not found before is handed over; returns its thread and id."""

        def look() -> tuple[str, str] | None:
            for thread in reversed(self.store.threads()):
                for message in self.store.messages(thread.id):
                    new = message.author == "person" and message.id not in self.known
                    if new and message.body["text"] == text and message.accepted:
                        return thread.id, message.id
            return None

        self.eventually(lambda: look() is not None, f"accepted: {text}")
        found = look()
        assert found is not None
        self.known.add(found[1])
        return found

    def eventually(self, condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Wait until a condition holds."""
        eventually(condition, what, patience)

    # --- The end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Kill everything that is left."""
        for terminal in self.terminals:
            terminal.close()
        families = [member for process in self.others for member in descendants(process.pid)]
        stop_set(self.settings.data_dir)
        for process in self.others:
            # A stopped one takes no other signal.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.wait()
        end(families)


@contextmanager
def whole(
    directory: Path, bytecode: Path, environment: Mapping[str, str] | None = None, /, **extra: str
) -> Generator[Whole]:
    """A set that is ready, for as long as the block runs. `bytecode` is where its processes share compiled modules.

    `environment` is for its processes alone; `extra` are settings.
    """
    data_dir = directory / "data"
    shared = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONDONTWRITEBYTECODE": ""}
    shared |= environment or {}
    with faulty_sandbox(directory / "mistral", _environment(shared)) as sandbox, open_store(data_dir) as store:
        named = {
            "CLEW_DATA_DIR": str(data_dir),
            "MISTRAL_SERVER_URL": sandbox.url,
            "CLEW_MARKET_DATA": "sample",
            **extra,
        }
        made = Whole(
            directory=directory,
            environment=_environment(shared | named),
            settings=load_settings(_env_file=None, **{name.lower(): value for name, value in named.items()}),
            sandbox=sandbox,
            store=store,
        )
        try:
            made.up()
            yield made
        finally:
            made.close()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return clean_environment(**more)


def stopped(pid: int) -> bool:
    """Whether a process was stopped, and could be continued."""
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED
