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


@ROWS.row("T1-lost", "a tool call is lost on its way")
def call_lost(case: Case) -> None:
    case.tool_fault("drop", when="before")
    case.ask()


@ROWS.row("T1-unheard", "a tool's answer is lost on its way")
def answer_lost(case: Case) -> None:
    case.tool_fault("drop", when="after")
    case.ask()


@ROWS.row("T1-cut", "half of a tool's answer comes")
def answer_cut(case: Case) -> None:
    case.tool_fault("truncate", when="reply")
    case.ask()


@ROWS.row("T1-503", "the tool server answers a call with 503, before it is carried out and after it")
def server_error(case: Case) -> None:
    case.tool_fault("status", status=503, when="before")
    case.tool_fault("status", status=503, when="after")
    case.ask()


@ROWS.row("T1-404", "the tool server knows the session no more")
def session_gone(case: Case) -> None:
    case.tool_fault("status", status=404)
    case.ask()


@ROWS.row("T1-list", "the list of tools is lost on its way")
def list_lost(case: Case) -> None:
    first = case.ask()
    case.over(first)
    # What was listed is believed for some seconds, by the worker that did: a new one lists it first.
    worker = case.killed("worker")
    case.rig.whole.replaced("worker", worker)
    case.rig.ready()
    case.tool_fault("drop", when="after", method="tools/list")
    case.follow(first)


@ROWS.row("T1-worker", "the worker is killed when a tool has answered, before it hears of it")
def worker_killed(case: Case) -> None:
    case.tool_fault("signal", when="after", role="worker")
    case.ask()


@ROWS.row("T4-seconds", "429 to a tool call, with Retry-After in seconds")
def wait_seconds(case: Case) -> None:
    case.tool_fault("status", status=429, retry_after=2.0)
    case.ask()


@ROWS.row("T4-date", "429 to a tool call, with Retry-After as a date")
def wait_until(case: Case) -> None:
    case.tool_fault("status", status=429, retry_after=2.0, date=True)
    case.ask()


@ROWS.row("T4-silent", "429 to a tool call without Retry-After")
def wait_unknown(case: Case) -> None:
    case.tool_fault("status", status=429)
    case.ask()


@ROWS.row("T4-late", "a tool's answer comes seconds late")
def answer_late(case: Case) -> None:
    case.tool_fault("delay", when="after", seconds=4.0)
    case.ask()


@ROWS.row("T4-401", "the tool server takes our token no more")
def refused(case: Case) -> None:
    case.tool_fault("status", status=401, always=True)
    one = case.ask(says=False)
    case.over(one)
    case.must("I1", "cannot be reached" in case.shown(one)[0].text, "it does not say what is missing")


@ROWS.row("T2", "a tool hangs until its time-out", slow=True)
def hangs(case: Case) -> None:
    one, server = asked_and_calling(case)
    try:
        case.hit("a call was given up", lambda: case.rig.doing(one, "call_tool", attempt=2) or case.is_over(one))
        case.struck()
    finally:
        os.kill(server, signal.SIGCONT)
    case.over(one)
