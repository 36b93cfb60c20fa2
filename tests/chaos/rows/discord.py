"""D: Discord's gateway and its interactions."""

from __future__ import annotations

from dataclasses import replace

from tests.chaos.case import Case
from tests.chaos.rows.table import Rows
from tests.discord.server import Interaction

ROWS = Rows()

_DISCORD = ("discord",)
_CALLBACK = "POST /interactions/*"


def command(case: Case, *, accepted: bool = True) -> Interaction:
    """Alice gives the command; what it asks counts once it is acknowledged."""
    seat = case.rig.discord
    made, symbol = case.compose("")
    given = seat.discord.command(seat.channel, seat.alice, "research", ticker=symbol, question="Is it expensive?")
    if accepted:
        case.until(lambda: given.acked and given.response is not None, "acknowledged")
        assert given.response is not None
        case.accepted(replace(made, thread=given.response.id, key=given.id, canary="", says=symbol, plain=False))
    return given


@ROWS.row("D1", "the bot is killed right after it was told of a message", platforms=_DISCORD)
def killed_when_told(case: Case) -> None:
    case.event_fault("MESSAGE_CREATE", "signal", role="bot")
    case.ask()


@ROWS.row("D1-deaf", "the bot is killed before it is told of a message", platforms=_DISCORD)
def killed_before_told(case: Case) -> None:
    with case.rig.stopped("bot"):
        case.ask()
        case.killed("bot")


@ROWS.row("D2", "the gateway breaks after a message was told of, and replays it", platforms=_DISCORD)
def replayed(case: Case) -> None:
    before = case.rig.discord.discord.resumes
    case.event_fault("MESSAGE_CREATE", "drop")
    case.ask()
    case.hit("the session was resumed", lambda: case.rig.discord.discord.resumes > before)


@ROWS.row("D3", "the session is invalid, and what was said meanwhile told by nobody", platforms=_DISCORD)
def session_lost(case: Case) -> None:
    discord = case.rig.discord.discord
    before = discord.identifies
    discord.down()
    discord.invalidate_session()
    case.ask()
    discord.down(on=False)
    case.hit("another session was begun", lambda: discord.identifies > before)
    case.struck()


@ROWS.row("D4", "the bot dies again and again", platforms=_DISCORD, slow=True)
def crash_loop(case: Case) -> None:
    discord = case.rig.discord.discord
    before = discord.identifies
    deaths = 4
    for _ in range(deaths):
        connected = discord.connected
        case.killed("bot")
        case.until(lambda connected=connected: discord.connected > connected, "it listens again")
    case.must("I12", discord.identifies - before <= deaths, f"{discord.identifies - before} times IDENTIFY")
    case.ask()


@ROWS.row("D5", "the bot is killed after a command was handed over, before it was answered", platforms=_DISCORD)
def command_unanswered(case: Case) -> None:
    seat = case.rig.discord
    struck = seat.discord.fault(_CALLBACK, "signal", when="before", pid=case.victim("bot"))
    case.hit("the answer was cut", lambda: struck.hits > 0)
    before = {one.id for one in seat.discord.messages(seat.channel)}
    given = command(case, accepted=False)
    case.until(lambda: given.failed, "the command is shown as failed")
    case.rig.ready()
    standing = [one for one in seat.discord.messages(seat.channel) if one.id not in before]
    case.must("I1", not standing, "a command that failed was answered all the same")


@ROWS.row("D6", "the command's token expires before the answer is there", platforms=_DISCORD)
def token_expired(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    command(case)
    case.struck()
    case.rig.discord.discord.expire_interactions()


@ROWS.row("D7", "an answer to a command is taken, and then refused as already given", platforms=_DISCORD)
def answered_already(case: Case) -> None:
    struck = case.rig.discord.discord.fault(_CALLBACK, "error", when="after", status=400, code=40060)
    case.hit("it was refused", lambda: struck.hits > 0)
    asked = case.rig.discord.discord.asked
    before = len(asked(_CALLBACK))
    command(case)
    case.must("I10", len(asked(_CALLBACK)) == before + 1, "answered again")
