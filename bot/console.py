"""What the terminal shows of the parts: while they start, while they run, and around a talk."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status
from rich.text import Text
from temporalio.client import Client
from temporalio.service import RPCError

from bot import admin_text
from bot.admin import WITHIN, collect, platforms_of
from bot.administering import Administering
from bot.background import Running, Seen, running_set, start, wait_ready
from bot.commands import Ask, parse
from bot.connect import UnreachableError, address_of, connect, ui_of
from bot.observed import observed
from bot.platforms.terminal_records import new_id
from bot.platforms.terminal_store import open_store
from bot.platforms.terminal_values import NAME
from bot.probes import listening
from bot.runtime import Run, read_run
from bot.settings import Settings
from bot.terminal import words
from bot.words import SLOW
from workflows.contracts import ThreadRef

if TYPE_CHECKING:
    from bot.terminal.session import TerminalSession

NAMES = {"temporal": "Temporal", "sandbox": "sandbox", "mcp": "tools", "worker": "worker"}
"""What people call the roles."""

STOPPED = "Clew was stopped. The question is kept: `clew chat --last` shows the answer once it runs again."

NOTHING_RUNS = "Nothing runs here; `clew ask`, `clew chat` or `clew up` start it."

STARTING = "Starting Clew in the background. It ends by itself when nobody needs it; `clew down` ends it now."

_PAGE = 100_000
"""Characters that a terminal takes at once."""

_COLOURS = ("cyan", "magenta", "yellow", "green", "blue")


class StartScreen:
    """Says on standard error what is being started, and on a screen of each part whether it is ready."""

    def __init__(self, note: str = "") -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._note = note

    def report(self, seen: tuple[Seen, ...]) -> None:
        """Show the parts; nothing at all where everything is ready at once."""
        if all(part.ready for part in seen):
            self.close()
            return
        if self._note:
            self._console.print(self._note, style="dim", soft_wrap=True)
            self._note = ""
        if self._console.is_terminal:
            line = Text("Starting: ")
            for part in seen:
                mark = "✓" if part.ready else "…" if part.note == "starting" else f"({part.note})"
                line.append(f" {NAMES.get(part.role, part.role)} {mark} ", style="green" if part.ready else "dim")
            if self._status is None:
                self._status = self._console.status(line)
                self._status.start()
            self._status.update(line)

    def close(self) -> None:
        """Take the line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None


async def show_start(settings: Settings, *, ui: bool = False) -> None:
    """Start a set that stays, wait until it is ready, and say how to stop it."""
    screen = StartScreen()
    start(settings, until_idle=False, ui=ui)
    try:
        await wait_ready(settings, screen.report)
    finally:
        screen.close()
    Console().print("Clew runs in the background. `clew status` shows it, `clew down` stops it.", highlight=False)


async def in_session(
    settings: Settings, talk: Callable[[TerminalSession], Awaitable[int]], *, question: str = ""
) -> int:
    """Hold a talk with a ready set. Returns the talk's exit code, or 1 where Clew was stopped meanwhile.

    A `question` is kept where there is no server to hand it to. Raises what `running_set` raises.
    """
    screen = StartScreen(STARTING)
    # A turn's trace begins where a person asks.
    with observed(settings, "clew-terminal", on_screen=True):
        try:
            async with running_set(settings, screen.report) as running:
                screen.close()
                return await _talk(running, talk)
        except UnreachableError as away:
            if thread := await asyncio.to_thread(_kept, settings.data_dir, question):
                raise UnreachableError(f"{away} {words.kept_here(thread)}") from None
            raise
        finally:
            screen.close()


def _kept(data_dir: Path, question: str) -> str:
    """Keep a question where the terminal finds it again; its thread. "" for a command, whose thread Temporal opens."""
    match parse(question):
        case Ask(text=text):
            with open_store(data_dir) as store:
                thread = store.new_thread()
                store.say(thread, new_id(), text)
                return thread
        case _:
            return ""


async def _talk(running: Running, talk: Callable[[TerminalSession], Awaitable[int]]) -> int:
    from bot.terminal.session import open_session  # noqa: PLC0415 - it pulls in everything that draws

    async with open_session(running.settings, running.client) as session:
        talking = asyncio.ensure_future(talk(session))
        stopped = asyncio.create_task(running.stopped.wait())
        try:
            await asyncio.wait([talking, stopped], return_when=asyncio.FIRST_COMPLETED)
            if talking.done():
                return talking.result()
        finally:
            stopped.cancel()
            talking.cancel()
            await asyncio.gather(talking, stopped, return_exceptions=True)
    Console(stderr=True).print(STOPPED, highlight=False)
    return 1


async def print_status(settings: Settings, *, as_json: bool) -> None:
    """Print what Temporal knows. Raises UnreachableError."""
    client = await _reached(settings)
    try:
        status = await collect(client, platforms=platforms_of(settings), ui=ui_of(settings))
    except RPCError:
        raise UnreachableError(f"Temporal at {address_of(settings)} does not answer.") from None
    if as_json:
        Console(soft_wrap=True).print_json(admin_text.as_json(status))
    else:
        admin_text.show(status, Console(highlight=False, markup=False, emoji=False))


async def print_replayed(settings: Settings, *, limit: int | None) -> bool:
    """Replay and print what does not fit; whether all fit. Raises UnreachableError."""
    from bot.replaying import replay_open  # noqa: PLC0415 - it pulls in all workflows

    client = await _reached(settings)
    try:
        replayed = await replay_open(client, limit=limit)
    except RPCError:
        raise UnreachableError(f"Temporal at {address_of(settings)} does not answer.") from None
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for workflow, failure in replayed.unfit.items():
        console.print(f"{workflow} does not fit: {failure}")
    console.print(f"{replayed.count - len(replayed.unfit)} of {replayed.count} histories fit this version.")
    return not replayed.unfit


async def administer(settings: Settings, text: str) -> None:
    """Do what an administrator says, and print what is told. Raises UnreachableError."""
    from bot.terminal.desk import logged_in  # noqa: PLC0415 - it pulls in everything that a talk needs

    client = await _reached(settings)
    user = logged_in()

    async def find(thread: str) -> ThreadRef | None:
        """One of this person's own threads in the terminal."""
        with open_store(settings.data_dir) as store:
            known = any(thread == one.id for one in store.threads())
        return ThreadRef(platform=NAME, workspace=user, channel=NAME, thread=thread) if known else None

    admin = Administering(client, platforms=platforms_of(settings), ui=ui_of(settings), within=WITHIN)
    told = await admin.run(text, by=f"{NAME}:{user}", find_thread=find, limit=_PAGE)
    if told == SLOW:
        raise UnreachableError(f"Temporal at {address_of(settings)} takes too long to answer.")
    lines = (line for line in told.splitlines() if line != "```")
    Console(soft_wrap=True).print("\n".join(lines), markup=False, highlight=False)


async def _reached(settings: Settings) -> Client:
    # An embedded server is one of a set's parts, or was started by hand.
    if settings.embedded_temporal and read_run(settings.data_dir) is None and not await listening(address_of(settings)):
        raise UnreachableError(NOTHING_RUNS)
    return await connect(settings)


def foreground_echo() -> Callable[[str, str], None]:
    """Lines of all roles, each behind its name, for `clew up` in the foreground."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    colours: dict[str, str] = {}
    wheel = itertools.cycle(_COLOURS)

    def echo(role: str, line: str) -> None:
        colour = colours.setdefault(role, next(wheel)) if role not in colours else colours[role]
        console.print(Text.assemble((f"{role:>8} ", colour), line))

    return echo


def foreground_notice(run: Run) -> None:
    """Say where everything listens, before the parts speak."""
    console = Console(stderr=True, highlight=False)
    if run.sandbox_url is not None:
        console.print("No MISTRAL_API_KEY: the sandbox stands in for Mistral. No model writes its answers.")
    where = [f"tools {run.mcp_url}"]
    if run.temporal_address is not None:
        where.insert(0, f"Temporal {run.temporal_address}")
    if run.temporal_ui is not None:
        where.insert(1, f"its web interface {run.temporal_ui}")
    console.print("; ".join(where) + ". Ctrl-C stops all. Ask in another terminal: clew ask …")
