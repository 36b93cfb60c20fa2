"""C9: the clock of one process is ten minutes ahead of everybody's, or behind. Temporal's own cannot be set."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from bot.gestures import LATE
from tests.chaos.case import Case
from tests.chaos.injected import faketime
from tests.chaos.ledger import Asked
from tests.chaos.rows.table import Rows

ROWS = Rows()

_OFF = 600

_ROUGHLY = 5.0
"""Seconds by which a platform's time is known."""

_SAYS_LATE = "This answer is late"


@contextmanager
def off(case: Case, role: str, seconds: int) -> Generator[bool]:
    """Let a role live with a clock that is ahead by so much; False where nothing is installed that sets it."""
    library = faketime()
    if library is None:
        case.hit("libfaketime is installed (apt-get install faketime)", lambda: False)
        yield False
        return
    case.rig.injected.clock(role, seconds, library)
    try:
        case.rig.started_anew(role)
        told = clock_of(case.rig.whole.pid(role))
        case.hit(f"the {role}'s clock is {seconds} s ahead", lambda: told == (f"{seconds:+}s", True))
        yield True
    finally:
        case.rig.injected.right()
        case.rig.started_anew(role)


def clock_of(pid: int) -> tuple[str, bool]:
    """What a process was told of the time, and whether the library is there that makes it believe so."""
    process = Path("/proc") / str(pid)
    told = [one for one in process.joinpath("environ").read_text("utf-8").split("\0") if one.startswith("FAKETIME=")]
    return "".join(told).removeprefix("FAKETIME="), "libfaketime" in process.joinpath("maps").read_text("utf-8")


@contextmanager
def deaf(case: Case) -> Generator[None]:
    """The bot lives, and nobody tells it anything, not afterwards either."""
    if case.platform == "slack":
        slack = case.rig.slack.slack
        slack.fault("apps.connections.open", "status", status=503, times=10_000)
        slack.cut_sockets()
        try:
            case.until(lambda: not slack.connections, "no socket is open")
            yield
        finally:
            slack.forget()
            slack.heal()
    else:
        discord = case.rig.discord.discord
        discord.down()
        try:
            discord.invalidate_session()
            yield
        finally:
            discord.down(on=False)


def says_late(case: Case, one: Asked) -> bool:
    """Whether its answer says that it is late."""
    return any(_SAYS_LATE in shown.text for shown in case.shown(one))


def missed(case: Case) -> Asked:
    """A question that nobody heard of in time: what still catches up reads on while the bot is deaf, and is let end."""
    with deaf(case):
        one = case.ask()
        case.until(lambda: case.is_over(one) or time.time() - one.at > LATE + _ROUGHLY, "it is late")
        in_time = case.is_over(one)
    case.over(one)
    return missed(case) if in_time else one


def bot_is_off(seconds: int) -> Callable[[Case], None]:
    """What is said while the bot listens, while it is deaf for a moment, and while it is for longer."""

    def run(case: Case) -> None:
        with off(case, "bot", seconds) as wrong:
            if not wrong:
                return
            live = case.ask()
            case.over(live)
            with deaf(case):
                soon = case.ask()
            case.over(soon)
            # How soon it hears again is the listener's: what took it long may say so.
            in_time = [live, case.follow(live), *([soon] if time.time() - soon.at < LATE else [])]
            case.over(*in_time)
            late = missed(case)
            case.must("C9", says_late(case, late), "an answer does not say that it is late")
            case.must("C9", not any(says_late(case, one) for one in in_time), "an answer says that it is late")

    return run


def worker_is_off(seconds: int) -> Callable[[Case], None]:
    """A wait until a date, and a death in mid-turn: nothing of it is measured by the worker's clock."""

    def run(case: Case) -> None:
        with off(case, "worker", seconds) as wrong:
            if not wrong:
                return
            # A date has whole seconds.
            case.step_fault(kind="status", status=429, retry_after=3.0, retry_after_form="date")
            case.wait = 2.0
            first = case.ask()
            case.struck()
            case.over(first)
            case.step_fault(kind="hold", times=0)
            case.follow(first)
            case.struck()
            case.rig.whole.replaced("worker", case.rig.kill("worker"))
            case.rig.whole.sandbox.clear()
            case.over(*case.asked, case.ask())
            case.must("C9", not any(says_late(case, one) for one in case.asked), "an answer says that it is late")

    return run


for _role, _run in (("bot", bot_is_off), ("worker", worker_is_off)):
    for _word, _sign in (("ahead", 1), ("behind", -1)):
        ROWS.row(f"C9-{_role}-{_word}", f"the {_role}'s clock is ten minutes {_word}", slow=True)(_run(_sign * _OFF))
