from __future__ import annotations

import sqlite3
from collections.abc import Generator
from pathlib import Path

import pytest

from bot.platforms.terminal import TerminalPlatform, classify
from bot.platforms.terminal_store import TerminalStore
from bot.platforms.terminal_values import answer_from_data, answer_to_data
from tests.contracts.chat import ChatContract, Write, answer, opening, working
from tests.support.values import THREAD
from workflows.chat import Chat
from workflows.contracts import (
    Answer,
    AnswerState,
    BlobRef,
    Chart,
    LineState,
    Metric,
    ProgressLine,
    Source,
    ThreadRef,
    Usage,
)
from workflows.errors import Ambiguous, Retriable, Terminal

FULL = Answer(
    key="t1",
    state=AnswerState.FINAL,
    attempt=2,
    headline="Apple is dear",
    text="Text.",
    lines=(ProgressLine(id="a", label="Prices", state=LineState.DONE, detail="done"),),
    notices=("This answer is late.",),
    metrics=(Metric(label="P/E", value="31", as_of="2025-01-02", currency=None, source="sample", verified=False),),
    chart=Chart(image=BlobRef(key="ab12", media_type="image/png", size=3), title="AAPL", alt="Prices", as_of="today"),
    sources=(Source(title="Yahoo", currency="USD", delayed=True),),
    gaps=("guidance",),
    follow_ups=("Why?",),
    usage=Usage(prompt_tokens=3, completion_tokens=4, connector_tokens=5, calls=6),
    trace="00-1-2-01",
    part=1,
    parts=2,
)


class TerminalRig:
    def __init__(self, store: TerminalStore) -> None:
        self.store = store
        self.chat: Chat = TerminalPlatform(store)
        self._said = 0

    async def thread(self) -> ThreadRef:
        self._said += 1
        thread = self.store.new_thread()
        self.store.say(thread, f"said-{self._said}", "What about Apple?")
        return ThreadRef(platform="terminal", workspace="alice", channel="terminal", thread=thread)

    async def command(self, name: str) -> str:
        return name

    def time_passes(self) -> None:
        pass

    def lose_ack(self, operation: Write) -> None:
        self.store.set_fault(operation=operation, kind="lose_ack")

    def limit_rate(self, operation: Write, seconds: float) -> None:
        self.store.set_fault(operation=operation, kind="rate_limited", retry_after=seconds)


@pytest.fixture
def rig(tmp_path: Path) -> Generator[TerminalRig]:
    with TerminalStore(tmp_path / "terminal.db") as store:
        yield TerminalRig(store)


class TestTerminal(ChatContract):
    """The terminal keeps the contract of a chat platform."""


def test_an_answer_comes_back_from_json_as_it_was() -> None:
    import json

    assert answer_from_data(json.loads(json.dumps(answer_to_data(FULL)))) == FULL


def test_an_answer_of_another_version_is_still_read() -> None:
    data = {"key": "t1", "state": "final", "colour": "blue", "text": "Text."}
    assert answer_from_data(data) == Answer(key="t1", state=AnswerState.FINAL, text="Text.")


async def test_an_opened_thread_begins_with_the_command(rig: TerminalRig) -> None:
    opened = await rig.chat.open_thread(opening(rig, THREAD, "command-1"))
    [command] = rig.store.messages(opened.thread)
    assert (command.id, command.author, command.accepted) == ("command-1", "person", True)
    assert command.body == {"text": "/research AAPL", "research": {"symbol": "AAPL", "question": ""}}


async def test_a_later_attempt_shows_its_progress_over_an_earlier_outcome(rig: TerminalRig) -> None:
    posted = await rig.chat.post(await rig.thread(), answer(text="First attempt."))
    async with rig.chat.live(posted) as live:
        await live.show(working("Second attempt.", attempt=2))
    standing = rig.store.message(posted.message)
    assert standing is not None
    assert standing.body["text"] == "Second attempt."


async def test_a_refused_text_is_terminal(rig: TerminalRig) -> None:
    rig.store.set_fault(operation="post", kind="too_long")
    with pytest.raises(Terminal) as refused:
        await rig.chat.post(await rig.thread(), answer())
    assert refused.value.code == "chat_text"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sqlite3.OperationalError("database is locked"), Retriable),
        (sqlite3.OperationalError("disk I/O error"), Ambiguous),
        (sqlite3.DatabaseError("file is not a database"), Terminal),
    ],
)
def test_every_failure_of_the_file_has_a_class(error: Exception, kind: type[Exception]) -> None:
    assert isinstance(classify(error), kind)
