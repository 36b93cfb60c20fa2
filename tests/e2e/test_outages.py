"""Temporal is away when somebody asks: the question is kept, and a plain sentence says so."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from bot.platforms.terminal_store import open_store
from bot.runtime import free_port
from tests.bot.processes import ROOT, clean_environment
from tests.e2e.judging import answered_once, linear
from tests.e2e.terminal import Terminal
from tests.e2e.whole import Whole

QUESTION = "What is GOOG's last close?"


def test_a_question_typed_while_temporal_hangs_outlives_its_terminal(clew: Whole) -> None:
    chat = clew.terminal("chat", pty=True)
    chat.shows("What would you like to know?")
    server = clew.pid("temporal")
    os.kill(server, signal.SIGSTOP)
    try:
        chat.type(QUESTION)
        chat.shows("Temporal cannot be reached; still trying")
        chat.kill()
    finally:
        os.kill(server, signal.SIGCONT)
    later = clew.terminal("chat", "--last")
    later.end_input()
    thread, key = clew.question(QUESTION)
    assert later.left() == 0
    assert "GOOG" in later.shown.replace(QUESTION, "")
    answered_once(clew, thread, key)
    linear(clew, thread, QUESTION)


@pytest.mark.campaign
def test_a_question_for_a_server_that_is_not_there_is_kept(tmp_path: Path, bytecode: Path) -> None:
    address, data_dir = f"127.0.0.1:{free_port()}", tmp_path / "data"
    environment = clean_environment(
        PYTHONPATH=str(ROOT),
        PYTHONPYCACHEPREFIX=str(bytecode),
        PYTHONDONTWRITEBYTECODE="",
        CLEW_DATA_DIR=str(data_dir),
        TEMPORAL_ADDRESS=address,
    )
    terminal = Terminal(("ask", QUESTION), environment=environment, cwd=tmp_path)
    try:
        assert terminal.left() == 2
    finally:
        terminal.close()
    with open_store(data_dir) as store:
        thread = store.latest_thread()
        assert thread is not None
        assert [message.body["text"] for message in store.unaccepted(thread)] == [QUESTION]
    assert terminal.shown == (
        f"clew: Temporal at {address} cannot be reached. "
        f"The question is kept; `clew chat --thread {thread}` sends it again.\n"
    )
