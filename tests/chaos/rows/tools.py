"""T: the tool server."""

from __future__ import annotations

import os
import signal

from tests.bot.processes import alive
from tests.chaos.case import Case
from tests.chaos.ledger import Asked
from tests.chaos.rows.table import Rows

ROWS = Rows()


@ROWS.row("T1-before", "the tool server is killed as the model asks for a tool")
def killed_before(case: Case) -> None:
    case.step_fault(kind="kill", role="mcp", when="mid", on="start", events=-1)
    case.ask()


def asked_and_calling(case: Case) -> tuple[Asked, int]:
    """A question that has begun, and whose tool call hangs in a server that was stopped; and that server."""
    case.step_fault(kind="hold", on="start")
    one = case.ask()
    case.struck()
    case.until(lambda: case.rig.doing(one, "run_step"), "the step runs")
    server = case.rig.whole.pid("mcp")
    case.rig.note("mcp", away=case.patience)
    os.kill(server, signal.SIGSTOP)
    case.rig.whole.sandbox.clear()
    case.hit("a call was under way", lambda: case.rig.doing(one, "call_tool"))
    case.struck()
    return one, server


@ROWS.row("T1-during", "the tool server is killed during a call")
def killed_during(case: Case) -> None:
    _, server = asked_and_calling(case)
    os.kill(server, signal.SIGKILL)
    case.hit("mcp was killed", lambda: not alive(server))


@ROWS.row("T1-after", "the tool server is killed when its results are sent to the model")
def killed_after(case: Case) -> None:
    case.step_fault(kind="kill", role="mcp", when="before", on="append")
    first = case.ask()
    case.over(first)
    case.follow(first)


@ROWS.row("T2", "a tool hangs until its time-out", slow=True)
def hangs(case: Case) -> None:
    one, server = asked_and_calling(case)
    try:
        case.hit("a call was given up", lambda: case.rig.doing(one, "call_tool", attempt=2) or case.is_over(one))
        case.struck()
    finally:
        os.kill(server, signal.SIGCONT)
    case.over(one)
