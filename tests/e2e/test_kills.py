"""SIGKILL of every other part in the middle of a turn, at moments that the sandbox chooses."""

from __future__ import annotations

import os
import signal

import pytest

from tests.bot.processes import alive
from tests.e2e.judging import answered_once, linear
from tests.e2e.whole import Whole

KILLED = ("start", "kill@before")
QUESTION = "What is {}'s last close?"


def taken(whole: Whole, turn: str) -> list[tuple[str, str]]:
    """The steps that a new thread's first turn took, and the faults that struck them."""
    return [(step["kind"], step["fault"]) for step in whole.sandbox.steps(turn=turn)]


@pytest.mark.campaign
@pytest.mark.campaign
def test_the_tool_server_killed_as_the_model_asks_for_its_tools_is_waited_for(clew: Whole) -> None:
    tools, question = clew.pid("mcp"), QUESTION.format("IBM")
    clew.sandbox.arm(kind="kill", pid=tools, on="start", when="mid", events=-1, holding="IBM")
    thread, key = clew.ask(question)
    clew.replaced("mcp", tools)
    [answer] = answered_once(clew, thread, key)
    assert answer.sources
    linear(clew, thread, question)
    assert taken(clew, key) == [("start", "kill@mid"), ("append", "")]


@pytest.mark.campaign
def test_temporal_killed_in_the_middle_of_a_step_costs_one_more_step_at_most(clew: Whole) -> None:
    server, question = clew.pid("temporal"), QUESTION.format("MSFT")
    clew.sandbox.arm(kind="kill", pid=server, on="start", when="before", holding="MSFT")
    terminal = clew.terminal("ask", question)
    thread, key = clew.question(question)
    clew.replaced("temporal", server)
    answered_once(clew, thread, key)
    linear(clew, thread, question)
    assert terminal.left() == 0
    # Where the server was away for longer than a heartbeat's time-out, the step counts as lost, and is sent on a branch
    # of its own.
    steps = taken(clew, key)
    assert steps in ([KILLED, ("append", "")], [KILLED, ("start", ""), ("append", "")])


@pytest.mark.campaign
def test_the_sandbox_killed_after_it_stored_a_step_is_asked_again_on_a_fork(clew: Whole) -> None:
    thread, first = clew.ask(QUESTION.format("AAPL"))
    answered_once(clew, thread, first)
    clew.sandbox.arm(kind="kill", pid=clew.sandbox.pid, on="append", when="after", holding="GOOG")
    second = clew.ask("And GOOG's last close?", thread)[1]
    assert clew.sandbox.process.wait(timeout=30) == -signal.SIGKILL
    clew.sandbox.start_again()
    answered_once(clew, thread, first, second)
    linear(clew, thread, QUESTION.format("AAPL"), "And GOOG's last close?")


@pytest.mark.campaign
def test_a_terminal_killed_mid_answer_finds_the_answer_later(clew: Whole) -> None:
    question = QUESTION.format("IBM")
    terminal = clew.terminal("ask", question, pty=True)
    clew.sandbox.arm(kind="kill", pid=terminal.process.pid, on="start", when="mid", holding="IBM")
    assert terminal.left() == -signal.SIGKILL
    thread, key = clew.question(question)
    answered_once(clew, thread, key)
    later = clew.terminal("chat", "--last")
    later.end_input()
    assert later.left() == 0
    assert f"> {question}" in later.shown
    assert "IBM" in later.shown.replace(question, "")


def test_worker_tool_server_and_terminal_killed_in_one_turn_leave_one_answer(clew: Whole) -> None:
    worker, tools, question = clew.pid("worker"), clew.pid("mcp"), QUESTION.format("FB")
    terminal = clew.terminal("ask", question)
    clew.sandbox.arm(kind="kill", pid=worker, on="start", when="after", holding="FB")
    clew.sandbox.arm(kind="kill", pid=tools, on="start", when="reply", nth=2, holding="FB")
    clew.sandbox.arm(kind="kill", pid=terminal.process.pid, on="append", when="mid")
    assert terminal.left() == -signal.SIGKILL
    assert not alive(worker)
    assert not alive(tools)
    thread, key = clew.question(question)
    answered_once(clew, thread, key)
    linear(clew, thread, question)
    later = clew.terminal("chat", "--thread", thread)
    later.end_input()
    assert later.left() == 0
    assert "FB" in later.shown.replace(question, "")


@pytest.mark.campaign
def test_a_supervisor_killed_with_all_its_parts_is_started_again_by_the_terminal_that_waits(clew: Whole) -> None:
    run, question = clew.run, QUESTION.format("GOOG")
    clew.sandbox.arm(kind="kill", pid=run.supervisor, on="start", when="before", holding="GOOG")
    terminal = clew.terminal("ask", question)
    thread, key = clew.question(question)
    assert terminal.left() == 0
    assert not alive(run.supervisor)
    assert not any(alive(part.pid) for part in run.parts)
    assert clew.run.temporal_address == run.temporal_address
    answered_once(clew, thread, key)
    linear(clew, thread, question)


@pytest.mark.campaign
def test_a_terminal_closed_mid_answer_leaves_the_answer_to_the_worker(clew: Whole) -> None:
    question = QUESTION.format("MSFT")
    clew.sandbox.arm(kind="hold", on="start", holding="MSFT")
    terminal = clew.terminal("chat", pty=True)
    terminal.shows("What would you like to know?")
    terminal.type(question)
    clew.eventually(lambda: bool(clew.sandbox.steps(fault="hold@before")), "the step")
    os.kill(terminal.process.pid, signal.SIGHUP)
    assert terminal.left() != 0
    clew.sandbox.clear()
    thread, key = clew.question(question)
    answered_once(clew, thread, key)
    linear(clew, thread, question)
