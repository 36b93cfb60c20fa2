"""L: Mistral. The moments are chosen by the sandbox that plays it."""

from __future__ import annotations

import httpx2

from tests.chaos.case import Case
from tests.chaos.rows.table import Rows
from tests.chaos.witness import steps_of, threads_of

ROWS = Rows()

_FAILED = ("failed",)
_MOST_STEPS = 14
"""The question, twelve rounds of tools, and the one in which there are no more."""


@ROWS.row("L1", "the worker is killed in the middle of a stream")
def killed_mid_stream(case: Case) -> None:
    case.step_fault(kind="kill", role="worker", when="mid", on="append", events=2)
    case.ask()


@ROWS.row("L2", "the worker is killed when a first step is stored, before its answer")
def killed_after_start(case: Case) -> None:
    case.step_fault(kind="kill", role="worker", when="after", on="start")
    case.ask()


@ROWS.row("L2-append", "the worker is killed when a follow-up is stored, before its answer")
def killed_after_append(case: Case) -> None:
    first = case.ask()
    case.over(first)
    case.step_fault(kind="kill", role="worker", when="after", on="append")
    case.follow(first)


@ROWS.row("L2-lost", "a follow-up is stored, and its answer lost")
def answer_lost(case: Case) -> None:
    first = case.ask()
    case.over(first)
    case.step_fault(kind="reset", when="after", on="append")
    case.follow(first)


@ROWS.row("L3-seconds", "429 with Retry-After in seconds")
def limited(case: Case) -> None:
    case.step_fault(kind="status", status=429, retry_after=2.0)
    case.wait = 2.0
    case.ask()


@ROWS.row("L3-date", "429 with Retry-After as a date")
def limited_until(case: Case) -> None:
    # A date has whole seconds.
    case.step_fault(kind="status", status=429, retry_after=3.0, retry_after_form="date")
    case.wait = 2.0
    case.ask()


@ROWS.row("L3-silent", "429 without Retry-After")
def limited_silently(case: Case) -> None:
    case.step_fault(kind="status", status=429)
    case.wait = 2.0
    case.ask()


@ROWS.row("L4-500", "500 before anything is stored")
def broken(case: Case) -> None:
    case.step_fault(kind="status", status=500)
    case.ask()


@ROWS.row("L4-503", "503 after all was stored")
def stored_and_unavailable(case: Case) -> None:
    first = case.ask()
    case.over(first)
    case.step_fault(kind="status", status=503, when="after", on="append")
    case.follow(first)


@ROWS.row("L4-cut", "the stream is cut, with half of it stored")
def cut(case: Case) -> None:
    case.step_fault(kind="partial", on="append")
    case.ask()


@ROWS.row("L4-open", "the stream ends without its last event")
def no_end(case: Case) -> None:
    case.step_fault(kind="no_done", on="append")
    case.ask()


@ROWS.row("L4-silent", "the stream goes silent", slow=True)
def silent(case: Case) -> None:
    case.step_fault(kind="stall", on="append")
    case.over(case.ask())


@ROWS.row("L5", "the conversation is deleted behind our back")
def deleted(case: Case) -> None:
    first = case.ask()
    case.over(first)
    sandbox = case.rig.whole.sandbox
    for branch in sandbox.branches(first.thread):
        url = f"{sandbox.url}/v1/conversations/{branch['id']}"
        httpx2.delete(url, headers={"Authorization": "Bearer any"}, verify=False).raise_for_status()
    case.hit("it was deleted", lambda: not sandbox.branches(first.thread))
    case.struck()
    case.gone = len(list(steps_of(sandbox, threads_of([first]))))
    case.over(case.follow(first))


@ROWS.row("L6", "401: the key is worth nothing")
def unauthorised(case: Case) -> None:
    case.step_fault(kind="status", status=401, times=1)
    case.ask(expected=_FAILED, says=False)


@ROWS.row("L7-400", "400: the context is too long")
def refused(case: Case) -> None:
    case.step_fault(kind="status", status=400)
    case.ask(expected=_FAILED, says=False)


@ROWS.row("L7-422", "422: something is wrong with the request")
def unprocessable(case: Case) -> None:
    case.step_fault(kind="status", status=422)
    case.ask(expected=_FAILED, says=False)


@ROWS.row("L7-empty", "answers without text, again and again")
def empty(case: Case) -> None:
    case.step_fault(kind="empty", times=3)
    case.ask(expected=_FAILED, says=False)


@ROWS.row("L8", "the model wants tools without end")
def endless(case: Case) -> None:
    case.step_fault(kind="endless_tools")
    one = case.ask(says=False)
    # The branch is left where it was, since whoever comes next could not go on with open calls.
    one = case.change(one, plain=False)
    case.over(one)
    steps = list(steps_of(case.rig.whole.sandbox, threads_of([one])))
    case.must("I8", len(steps) <= _MOST_STEPS, f"{len(steps)} steps")
