"""SIGKILL of the only worker while turns stand at every moment of theirs.

The services choose the moments: each holds one turn where it is, and the last one's step kills the worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.judging import answered_once, linear
from tests.e2e.terminal import Terminal
from tests.e2e.whole import Whole

FIRST = "What is AAPL's last close?"
HOLD = 120.0


@dataclass(kw_only=True)
class Struck:
    """The turns that one kill hit: their threads, questions and keys, by the moment they stood at."""

    whole: Whole
    terminal: Terminal
    turns: dict[str, tuple[str, list[str], list[str]]]

    def judged(self, moment: str) -> None:
        """Answered once, on a branch that holds each question once."""
        thread, questions, keys = self.turns[moment]
        answered_once(self.whole, thread, *keys)
        linear(self.whole, thread, *questions)


@pytest.fixture(scope="module")
def struck(shared: Whole) -> Iterator[Struck]:
    whole, turns = shared, dict[str, tuple[str, list[str], list[str]]]()
    whole.ready()

    def begin(moment: str, text: str) -> str:
        thread, key = whole.ask(text)
        turns[moment] = (thread, [text], [key])
        return thread

    def follow(moment: str, text: str) -> str:
        thread, questions, keys = turns[moment]
        key = whole.ask(text, thread)[1]
        turns[moment] = (thread, [*questions, text], [*keys, key])
        return key

    def applied(kind: str, key: str) -> None:
        whole.eventually(
            lambda: any(entry.kind == kind and entry.key == key for entry in whole.store.ledger()), f"{kind} {key}"
        )

    def met(fault: str) -> None:
        whole.eventually(lambda: bool(whole.sandbox.steps(fault=fault)), fault)

    for moment in ("late", "cut"):
        begin(moment, FIRST)
    for moment in ("late", "cut"):
        answered_once(whole, turns[moment][0], *turns[moment][2])

    whole.sandbox.arm(kind="late", on="append", holding="MSFT", seconds=HOLD)
    follow("late", "And MSFT's last close?")
    met("late@before")
    whole.sandbox.arm(kind="stall", on="append", holding="GOOG", keep="inputs")
    follow("cut", "And GOOG's last close?")
    met("stall@mid")
    whole.store.set_fault(operation="edit", kind="delay_ack", seconds=HOLD)
    begin("finishing", "What is FB's last close?")
    applied("edit", turns["finishing"][2][0])
    whole.store.set_fault(operation="post", kind="delay_ack", seconds=HOLD)
    begin("posting", "What is IBM's last close?")
    applied("post", turns["posting"][2][0])

    worker = whole.pid("worker")
    text = "What is AAPL's 52-week range?"
    whole.sandbox.arm(kind="kill", pid=worker, on="start", when="after", holding="52-week")
    terminal = whole.terminal("ask", text)
    thread, key = whole.question(text)
    turns["stored"] = (thread, [text], [key])
    whole.replaced("worker", worker)
    assert whole.sandbox.steps(turn=key)[0]["fault"] == "kill@after"
    yield Struck(whole=whole, terminal=terminal, turns=turns)
    whole.sandbox.clear()


def test_a_step_that_was_stored_and_never_told_is_asked_once_on_the_branch_in_use(struck: Struck) -> None:
    struck.judged("stored")


def test_the_terminal_that_waited_shows_the_answer(struck: Struck) -> None:
    assert struck.terminal.left() == 0
    assert "AAPL" in struck.terminal.shown


def test_a_stream_that_was_cut_is_continued_on_a_fork(struck: Struck) -> None:
    struck.judged("cut")


def test_an_append_that_is_stored_late_stands_on_a_branch_nobody_reads(struck: Struck) -> None:
    answered_once(struck.whole, struck.turns["late"][0], *struck.turns["late"][2])
    struck.whole.sandbox.clear()
    [late] = struck.whole.sandbox.steps(fault="late@before")
    struck.whole.eventually(
        lambda: bool(struck.whole.sandbox.steps(fault="late@before")[0]["applied"]), "the late write"
    )
    struck.judged("late")
    assert late["conversation"] not in {
        step["conversation"] for step in struck.whole.sandbox.steps() if step["number"] > late["number"]
    }


def test_a_placeholder_that_was_posted_and_never_told_is_adopted(struck: Struck) -> None:
    struck.judged("posting")


def test_an_answer_that_was_written_and_never_told_is_written_once_more_the_same(struck: Struck) -> None:
    struck.judged("finishing")
    edits = [entry for entry in struck.whole.store.ledger() if entry.key == struck.turns["finishing"][2][0]]
    assert len({entry.pid for entry in edits if entry.kind == "edit"}) == 2
