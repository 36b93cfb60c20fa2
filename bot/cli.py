"""The command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.errors import PlainError
from bot.parent import die_with_supervisor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.settings import Settings
    from bot.terminal.session import TerminalSession

app = typer.Typer(
    name="clew",
    help="Clew: a research bot whose every accepted question gets exactly one answer, or one plain failure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ASKING = "Asking"
RUNNING = "Running"
ROLES = "Single parts"

PROBLEM = 1
UNUSABLE = 2


def main() -> NoReturn:
    """Entry point. A problem that a person can act on is one plain sentence and exit code 2."""
    # Before anything takes time: a part whose supervisor dies during its start is no orphan either.
    die_with_supervisor()
    # Logfire registers itself as a plugin of pydantic, and would be loaded, for most of a second, by every command.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "logfire-plugin")
    code: object = 0
    try:
        app()
    except PlainError as problem:
        _say(str(problem))
        code = UNUSABLE
    except SystemExit as end:
        code = end.code
    _leave(code if isinstance(code, int) else PROBLEM if code else 0)


@app.command(rich_help_panel=ASKING)
def ask(
    question: Annotated[list[str], typer.Argument(help="What you want to know, e.g. `Is NVDA expensive?`")],
) -> None:
    """Ask one question and wait for its answer. Starts what it needs in the background."""
    from bot.terminal.session import ask as ask_session

    text = " ".join(question)

    async def talk(session: TerminalSession) -> int:
        return await ask_session(session, text)

    _in_session(talk, question=text)


@app.command(rich_help_panel=ASKING)
def chat(
    thread: Annotated[str | None, typer.Option(help="Go on in this thread.")] = None,
    last: Annotated[bool, typer.Option("--last", help="Go on in the last thread.")] = False,
) -> None:
    """Talk in a thread. Starts what it needs in the background."""
    from bot.terminal.session import chat as chat_session

    async def talk(session: TerminalSession) -> int:
        return await chat_session(session, thread=thread, last=last)

    _in_session(talk)


@app.command(rich_help_panel=RUNNING)
def up(
    background: Annotated[bool, typer.Option("--background", help="Return when ready; `clew down` stops it.")] = False,
    ui: Annotated[bool, typer.Option("--ui", help="Serve Temporal's web interface too.")] = False,
    detached: Annotated[bool, typer.Option("--detached", hidden=True)] = False,
    until_idle: Annotated[bool, typer.Option("--until-idle", hidden=True)] = False,
) -> None:
    """Run all parts, each a supervised process, until Ctrl-C."""
    import asyncio

    settings = _settings()
    if background:
        from bot.console import show_start

        asyncio.run(show_start(settings, ui=ui))
        return
    from bot.up import run_set

    if detached:
        asyncio.run(run_set(settings, until_idle=until_idle, ui=ui))
        return
    from bot.console import foreground_echo, foreground_notice

    asyncio.run(run_set(settings, until_idle=False, ui=ui, echo=foreground_echo(), ready=foreground_notice))


@app.command(rich_help_panel=RUNNING)
def down() -> None:
    """Stop what `clew up`, `ask` or `chat` started. Unfinished answers go on at the next start."""
    import asyncio

    from bot.background import stop

    settings = _settings()
    typer.echo("Stopped." if asyncio.run(stop(settings.data_dir)) else "Nothing runs here.")


@app.command(rich_help_panel=RUNNING)
def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show what Temporal knows: server, queues, conversations, running turns."""
    import asyncio

    from bot.console import print_status

    asyncio.run(print_status(_attached(), as_json=as_json))


@app.command(rich_help_panel=RUNNING)
def admin(
    words: Annotated[
        list[str],
        typer.Argument(help="status, show, retry or stop and a thread, pause and a reason, resume, drain."),
    ],
) -> None:
    """Do what administrators do in chat: `clew admin pause Mistral is down`, `clew admin resume`."""
    import asyncio

    from bot.console import administer

    asyncio.run(administer(_attached(), " ".join(words)))


@app.command(rich_help_panel=RUNNING)
def replay(
    limit: Annotated[int | None, typer.Option(help="So many workflows, the newest; all by default.")] = None,
) -> None:
    """Try this version's workflow code on the histories of all open workflows, before it is let at them."""
    import asyncio

    from bot.console import print_replayed

    if not asyncio.run(print_replayed(_attached(), limit=limit)):
        raise typer.Exit(PROBLEM)


@app.command(rich_help_panel=RUNNING)
def doctor() -> None:
    """Check every setting and part, and say in words what to do."""
    import asyncio

    from bot.doctor import examine

    if not asyncio.run(examine()):
        raise typer.Exit(PROBLEM)


@app.command(rich_help_panel=RUNNING)
def version() -> None:
    """Print the version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        typer.echo(f"clew {version_of('clew')}")
    except PackageNotFoundError:
        typer.echo("clew (not installed)")


@app.command(rich_help_panel=ROLES)
def worker() -> None:
    """Run workflows, agent steps, tool calls and delivery."""
    from bot.roles.harness import until_signal
    from bot.roles.worker import run

    settings = _attached()
    _play("worker", until_signal(run, settings), settings)


@app.command(rich_help_panel=ROLES)
def bot() -> None:
    """Listen to the chat platforms that are set up, and hand over what people do."""
    from bot.roles.bot import run
    from bot.roles.harness import until_signal

    settings = _attached()
    _play("bot", until_signal(run, settings), settings)


@app.command(rich_help_panel=ROLES)
def mcp(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A name, as `tools:9000` or `tools:*`, under which clients may call; repeat it for more."),
    ] = None,
) -> None:
    """Serve market-data tools and prompts over MCP."""
    from bot.roles.mcp import work

    settings = _settings()
    _play("mcp", work(settings, host=host, port=port, allowed_hosts=tuple(allow_host or ())), settings)


@app.command(rich_help_panel=ROLES)
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9100,
) -> None:
    """Serve the local stand-in for Mistral. No model writes its answers."""
    from bot.roles.sandbox import work

    settings = _settings()
    _play("sandbox", work(settings, host=host, port=port), settings)


@app.command(rich_help_panel=ROLES)
def temporal(
    host: Annotated[
        str, typer.Option(help="Address to listen on. The server has no authentication: keep others away from it.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port to listen on; 7233 by default.")] = None,
    ui_port: Annotated[int | None, typer.Option(help="Serve the web interface on this port.")] = None,
) -> None:
    """Run the embedded Temporal server."""
    from bot.roles.temporal import run

    raise typer.Exit(run(_settings(), host=host, port=port, ui_port=ui_port))


def _settings() -> Settings:
    from bot.parent import supervisor_pid
    from bot.settings import load_settings

    # A supervisor hands each part what it needs; the rest of `.env` is not for every part.
    return load_settings() if supervisor_pid() is None else load_settings(_env_file=None)


def _attached() -> Settings:
    """Settings with the addresses of a running set, where one runs."""
    from bot.parent import supervisor_pid
    from bot.runtime import attach, read_run

    settings = _settings()
    # A supervisor hands its children everything.
    return settings if supervisor_pid() is not None else attach(settings, read_run(settings.data_dir))


def _play(name: str, work: Callable[[], int], settings: Settings) -> NoReturn:
    from bot.roles.harness import play

    sys.exit(play(name, work, settings))


def _in_session(talk: Callable[[TerminalSession], Awaitable[int]], *, question: str = "") -> None:
    import asyncio

    from bot.console import in_session

    code = asyncio.run(in_session(_settings(), talk, question=question))
    if code:
        raise typer.Exit(code)


def _say(sentence: str) -> None:
    for line in sentence.splitlines():
        typer.echo(f"clew: {line}", err=True)


def _leave(code: int) -> NoReturn:
    """End the process."""
    if "temporalio.bridge.temporal_sdk_bridge" in sys.modules:
        # The SDK's threads may call into an interpreter that is being taken down, which aborts the process.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
