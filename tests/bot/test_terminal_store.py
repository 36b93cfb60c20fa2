from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.terminal_records import FaultError, MessageGoneError, ThreadGoneError, new_id
from bot.platforms.terminal_store import TerminalStore, open_store

WRITER = """
import sys
from pathlib import Path
from bot.platforms.terminal_store import open_store
with open_store(Path(sys.argv[1])) as store:
    for number in range(int(sys.argv[4])):
        store.post(sys.argv[2], f"{sys.argv[3]}-{number}", {"state": "final", "attempt": 1, "text": "x"})
"""


def body(state: str = "working", text: str = "", attempt: int = 1) -> dict[str, Any]:
    return {"state": state, "attempt": attempt, "text": text}


@pytest.fixture
def store(tmp_path: Path) -> Generator[TerminalStore]:
    with open_store(tmp_path) as opened:
        yield opened


def test_two_processes_write_at_once_and_nothing_is_lost(store: TerminalStore, tmp_path: Path) -> None:
    thread = store.new_thread()
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), thread, name, "150"]) for name in ("a", "b")
    ]
    for number in range(50):
        store.say(thread, f"said-{number}", "hello")
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    keys = [message.key for message in store.messages(thread) if message.author == "clew"]
    assert sorted(keys) == sorted(f"{name}-{number}" for name in ("a", "b") for number in range(150))
    assert {entry.pid for entry in store.ledger() if entry.kind == "post"} == {writer.pid for writer in writers}
    assert len(store.unaccepted(thread)) == 50


def test_two_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from bot.platforms.terminal_store import open_store; "
    code += "open_store(Path(sys.argv[1])).new_thread()"
    openers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "new")]) for _ in range(4)]
    assert [opener.wait(timeout=60) for opener in openers] == [0] * 4
    with open_store(tmp_path / "new") as store:
        assert len(store.threads()) == 4


def test_the_counter_shows_writes_of_others_and_our_own(store: TerminalStore, tmp_path: Path) -> None:
    before = store.changes()
    assert store.changes() == before
    with open_store(tmp_path) as other:
        thread = other.new_thread()
    seen = store.changes()
    assert seen != before
    store.say(thread, "m1", "hello")
    assert store.changes() != seen


def test_progress_never_overwrites_an_outcome_of_its_own_or_a_later_attempt(store: TerminalStore) -> None:
    message = store.post(store.new_thread(), "k", body())
    assert store.edit_progress(message, body(text="going on"))
    store.edit(message, body("final", "done"))
    assert not store.edit_progress(message, body(text="late"))
    assert store.edit_progress(message, body(text="again", attempt=2))
    assert not store.edit_progress(message, body(text="late", attempt=1))
    store.edit(message, body("stopped", "halted", attempt=2))
    assert not store.edit_progress(message, body(text="late", attempt=2))
    standing = store.message(message)
    assert standing is not None
    assert (standing.body["text"], standing.state, standing.attempt, standing.revision) == ("halted", "stopped", 2, 5)


def test_what_was_said_but_not_handed_over_is_known(store: TerminalStore) -> None:
    thread = store.new_thread()
    store.say(thread, "m1", "first", research={"symbol": "AAPL", "question": ""})
    store.say(thread, "m1", "first again")
    store.say(thread, "m2", "second")
    store.accept("m1")
    assert [message.body["text"] for message in store.unaccepted(thread)] == ["second"]
    assert [message.body["text"] for message in store.messages(thread)] == ["first", "second"]
    assert [found.title for found in store.threads()] == ["first"]


def test_an_accepted_question_is_owed_until_its_answer_has_an_outcome(store: TerminalStore) -> None:
    thread = store.new_thread()
    store.say(thread, "m1", "question")
    assert (store.unfinished(), store.open_answers()) == (0, 0)
    store.accept("m1")
    assert (store.unfinished(), store.open_answers()) == (1, 0)
    message = store.post(thread, "m1", body())
    assert (store.unfinished(), store.open_answers()) == (1, 1)
    store.edit(message, body("failed"))
    assert (store.unfinished(), store.open_answers()) == (0, 0)


def test_a_withdrawn_answer_is_not_owed(store: TerminalStore) -> None:
    thread = store.new_thread()
    store.say(thread, "m1", "question")
    store.accept("m1")
    store.delete(store.post(thread, "m1", body()))
    assert store.unfinished() == 0


def test_the_thread_spoken_in_last_is_the_latest(store: TerminalStore) -> None:
    assert store.latest_thread() is None
    first, second = store.new_thread(), store.new_thread()
    store.say(second, "m1", "hello")
    store.say(first, "m2", "hello")
    assert store.latest_thread() == first


def test_what_is_gone_is_said_to_be_gone(store: TerminalStore) -> None:
    with pytest.raises(ThreadGoneError):
        store.post("nowhere", "k", body())
    with pytest.raises(MessageGoneError):
        store.edit("nothing", body())
    assert not store.edit_progress("nothing", body())


def test_a_fault_hits_the_nth_call_once_in_whatever_process(store: TerminalStore, tmp_path: Path) -> None:
    thread = store.new_thread()
    with open_store(tmp_path) as other:
        other.set_fault(operation="post", kind="lose_ack", nth=2)
    store.post(thread, "a", body())
    with pytest.raises(FaultError):
        store.post(thread, "b", body())
    store.post(thread, "c", body())
    assert [message.key for message in store.messages(thread)] == ["a", "b", "c"]


def test_a_fault_before_the_call_leaves_nothing(store: TerminalStore) -> None:
    thread = store.new_thread()
    store.set_fault(operation="post", kind="fail_before")
    with pytest.raises(FaultError):
        store.post(thread, "a", body())
    assert store.messages(thread) == []


def test_an_acknowledgement_that_takes_its_time_comes_after_the_write(store: TerminalStore, tmp_path: Path) -> None:
    thread = store.new_thread()
    store.set_fault(operation="post", kind="delay_ack", seconds=60)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), thread, "a", "2"])
    deadline = time.monotonic() + 30
    while not store.messages(thread):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    writer.kill()
    assert writer.wait(timeout=30) != 0
    assert [entry.key for entry in store.ledger() if entry.kind == "post"] == ["a-0"]


def test_the_ledger_forgets_old_progress_and_nothing_else(
    store: TerminalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.terminal_store._LEDGER_KEPT", 3)
    message = store.post(store.new_thread(), "k", body())
    for number in range(10):
        store.edit_progress(message, body(text=str(number)))
    store.edit(message, body("final"))
    with open_store(tmp_path) as again:
        assert [entry.kind for entry in again.ledger()] == ["post", "progress", "progress", "edit"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_what_people_ask_is_readable_by_nobody_else(store: TerminalStore) -> None:
    thread = store.new_thread()
    store.say(thread, "m1", "hello")
    modes = {path.name: path.stat().st_mode & 0o777 for path in store.path.parent.glob("terminal.db*")}
    assert set(modes.values()) == {0o600}
    assert "terminal.db-wal" in modes


def test_a_text_that_no_encoding_can_say_is_kept_all_the_same(store: TerminalStore) -> None:
    thread = store.new_thread()
    store.say(thread, "m1", "half \ud83d")
    assert [found.title for found in store.threads()] == ["half ?"]


def test_ids_are_short_and_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ids: list[str] = []
    for second in (1_800_000_000.0, 1_800_000_000.02, 1_900_000_000.0, 2_400_000_000.0):
        monkeypatch.setattr("time.time", lambda second=second: second)
        ids.append(new_id(tail=3))
    assert ids == sorted(ids)
    assert {len(found) for found in ids} == {10}
