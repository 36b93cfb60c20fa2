"""How long an answer takes when a process dies in its middle: `python -m tests.chaos recovery [--tries N]`.

Seconds from SIGKILL to the answer's final edit, of a sandbox that thinks in no time, so beyond think time. The kill
comes while a step is held; the bot is killed as somebody asks. For the terminal it is until a new one shows the answer.
Tries alternate between Slack and Discord.
"""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Callable, Sequence

from bot.supervisor import HEALTHY_AFTER
from tests.bot.processes import eventually
from tests.chaos.case import Case
from tests.chaos.ledger import Asked
from tests.chaos.rig import PLATFORMS, Rig, rig
from tests.e2e.judging import answered_once

LIMITS = {
    "only worker": 5.0,
    "one of two workers": 3.0,
    "Temporal": 5.0,
    "bot": 5.0,
    "tool server": 3.0,
}
"""Seconds that 95 of 100 recoveries may take, on a machine that does nothing else."""

_IN_TERMINAL = "What is IBM's last close?"


def rested(made: Rig) -> None:
    """Wait until the next death counts as a first one: a crash loop is slowed down on purpose."""
    made.ready()
    made.whole.eventually(
        lambda: time.time() - max(part.started for part in made.whole.run.parts) > HEALTHY_AFTER, "a healthy life"
    )


def taken(case: Case, one: Asked, since: float) -> float:
    """Seconds from a moment to a question's outcome."""
    eventually(lambda: case.is_over(one), "an outcome", case.patience)
    return time.time() - since


def struck(case: Case, victim: Callable[[Asked], int]) -> float:
    """Kill who `victim` names while the step of a new thread is held."""
    rested(case.rig)
    sandbox = case.rig.whole.sandbox
    sandbox.arm(kind="hold", on="start", times=0)
    one = case.ask()
    case.until(lambda: sandbox.struck() > 0 and case.rig.doing(one, "run_step"), "the step runs")
    pid = victim(one)
    killed = time.time()
    os.kill(pid, signal.SIGKILL)
    sandbox.clear()
    return taken(case, one, killed)


def beside_another(case: Case) -> float:
    """Kill the worker that has the step, while another one is there."""
    extra = case.rig.whole.start_worker()
    try:
        return struck(case, lambda one: case.rig.worker_of(one, "run_step"))
    finally:
        extra.kill()
        extra.wait()


def deaf(case: Case) -> float:
    """Kill the bot, and ask before another one is there."""
    rested(case.rig)
    killed = time.time()
    case.rig.kill("bot")
    return taken(case, case.ask(), killed)


def reopened(case: Case) -> float:
    """Kill a terminal in the middle of its answer, and open the thread in another."""
    clew = case.rig.whole
    clew.ready()
    clew.sandbox.arm(kind="hold", on="start", holding="IBM")
    terminal = clew.terminal("ask", _IN_TERMINAL)
    thread, key = clew.question(_IN_TERMINAL)
    clew.eventually(lambda: clew.sandbox.struck() == 1, "the step")
    killed = time.time()
    terminal.kill()
    clew.sandbox.clear()
    chat = clew.terminal("chat", "--thread", thread)
    chat.shows("Not investment advice")
    seconds = time.time() - killed
    chat.end_input()
    assert chat.left() == 0
    answered_once(clew, thread, key)
    return seconds


def run_recovery(names: Sequence[str], tries: int) -> bool:
    """Measure these cases, or all, and print a table; whether all targets are met."""
    well = True
    with rig() as made:
        cases: dict[str, Callable[[Case], float]] = {
            "only worker": lambda case: struck(case, lambda _: case.rig.whole.pid("worker")),
            "one of two workers": beside_another,
            "Temporal": lambda case: struck(case, lambda _: case.rig.whole.pid("temporal")),
            "tool server": lambda case: struck(case, lambda _: case.rig.whole.pid("mcp")),
            "bot": deaf,
            "terminal": reopened,
        }
        print(f"{'killed':20} {'n':>3} {'p50':>6} {'p95':>6} {'target':>7}  all")
        for name, measured in cases.items():
            if names and name not in names:
                continue
            each = sorted(measured(Case(made, PLATFORMS[number % 2])) for number in range(tries))
            last = each[min(tries - 1, round(0.95 * (tries - 1)))]
            limit = LIMITS.get(name)
            well &= limit is None or last <= limit
            shown = " ".join(f"{seconds:.1f}" for seconds in each)
            target = "" if limit is None else f"{limit:.0f}"
            print(f"{name:20} {tries:>3} {statistics.median(each):>6.1f} {last:>6.1f} {target:>7}  {shown}", flush=True)
    return well
