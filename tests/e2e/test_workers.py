"""Workers that end in order, work side by side, or fall asleep over their work."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.bot.processes import alive
from tests.e2e.judging import answered_once, linear, standing
from tests.e2e.whole import Whole, stopped

FIRST, SECOND = "What is IBM's last close?", "And MSFT's last close?"


def shutdowns(whole: Whole) -> int:
    """How often a worker has said that it is shutting down."""
    log = whole.settings.data_dir / "logs" / "worker.log"
    return log.read_text().count("Beginning worker shutdown") if log.exists() else 0


@pytest.mark.campaign
def test_a_worker_told_to_stop_finishes_its_step_and_hands_over(clew: Whole) -> None:
    worker = clew.pid("worker")
    clew.sandbox.arm(kind="hold", on="start", holding="IBM")
    thread, key = clew.ask(FIRST)
    clew.eventually(lambda: bool(clew.sandbox.steps(fault="hold@before", turn=key)), "the step")
    before = shutdowns(clew)
    os.kill(worker, signal.SIGTERM)
    clew.eventually(lambda: shutdowns(clew) > before, "it takes no more work")
    assert alive(worker)
    clew.sandbox.clear()
    clew.replaced("worker", worker)
    part = clew.run.part("worker")
    assert part is not None
    assert part.exit_code == 0
    answered_once(clew, thread, key)
    linear(clew, thread, FIRST)
    steps = clew.sandbox.steps(turn=key)
    assert [(step["kind"], step["fault"]) for step in steps] == [("start", "hold@before"), ("append", "")]


@pytest.fixture
def second(clew: Whole) -> Iterator[int]:
    """A second worker beside the set's own, started by hand; its process id."""
    worker = clew.start_worker()
    yield worker.pid
    worker.kill()
    worker.wait()


@pytest.mark.campaign
@pytest.mark.usefixtures("second")
def test_a_worker_that_wakes_after_its_step_was_given_up_doubles_nothing(clew: Whole) -> None:
    thread, first = clew.ask(FIRST)
    answered_once(clew, thread, first)
    clew.sandbox.arm(kind="late", on="append", holding="MSFT")
    key = clew.ask(SECOND, thread)[1]
    clew.eventually(lambda: clew.sandbox.struck() == 1, "the step")
    sleeper = clew.stepping(thread)
    os.kill(sleeper, signal.SIGSTOP)
    [_, answer] = answered_once(clew, thread, first, key)
    assert stopped(sleeper)
    writes = len(clew.store.ledger())
    clew.sandbox.clear()
    os.kill(sleeper, signal.SIGCONT)
    # It ends once it is through with everything it was handed.
    os.kill(sleeper, signal.SIGTERM)
    clew.eventually(lambda: not alive(sleeper), "the sleeper is awake, and through")
    answered_once(clew, thread, first, key)
    linear(clew, thread, FIRST, SECOND)
    assert standing(clew, thread, key) == answer
    # What it was handed while it slept it may do now: the same edits once more, and no post.
    assert {entry.kind for entry in clew.store.ledger()[writes:]} <= {"progress", "edit"}


@pytest.mark.campaign
def test_a_worker_killed_beside_another_leaves_its_turn_to_that_one(clew: Whole, second: int) -> None:
    clew.sandbox.arm(kind="hold", on="start", holding="IBM")
    terminal = clew.terminal("ask", FIRST)
    thread, key = clew.question(FIRST)
    clew.eventually(lambda: bool(clew.sandbox.steps(fault="hold@before", turn=key)), "the step")
    killed = clew.stepping(thread)
    assert killed in {second, clew.pid("worker")}
    os.kill(killed, signal.SIGKILL)
    answered_once(clew, thread, key)
    linear(clew, thread, FIRST)
    assert terminal.left() == 0
    assert [step["kind"] for step in clew.sandbox.steps(turn=key)] == ["start", "start", "append"]
