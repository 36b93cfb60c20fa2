"""T: the tool server."""

from __future__ import annotations

import os
import signal

from tests.chaos.case import Case
from tests.chaos.rows.table import Rows

ROWS = Rows()


@ROWS.row("T1-before", "the tool server is killed as the model asks for a tool")
def killed_before(case: Case) -> None:
    case.step_fault(kind="kill", role="mcp", when="mid", on="start", events=-1)
    case.ask()


@ROWS.row("T1-during", "the tool server is killed during a call")
def killed_during(case: Case) -> None:
    with case.rig.stopped("mcp") as server:
        one = case.ask()
        case.hit("a call was under way", lambda: case.rig.doing(one, "call_tool"))
        case.struck()
        os.kill(server, signal.SIGKILL)
    case.hit("mcp was killed", lambda: case.rig.whole.pid("mcp") != server)


@ROWS.row("T1-after", "the tool server is killed when its results are sent to the model")
def killed_after(case: Case) -> None:
    case.step_fault(kind="kill", role="mcp", when="before", on="append")
    first = case.ask()
    case.over(first)
    case.follow(first)


@ROWS.row("T2", "a tool hangs until its time-out", slow=True)
def hangs(case: Case) -> None:
    with case.rig.stopped("mcp"):
        one = case.ask()
        case.until(lambda: case.rig.doing(one, "call_tool"), "a call is under way")
        case.until(lambda: case.rig.doing(one, "call_tool", attempt=2) or case.is_over(one), "the call is given up")
    case.hit("a call was given up", lambda: True)
    case.over(one)
