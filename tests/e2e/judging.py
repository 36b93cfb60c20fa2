"""What must be true once all is quiet, judged from the ledgers of the store and the sandbox alone."""

from __future__ import annotations

from collections import Counter

from bot.platforms.terminal_values import answer_from_data
from tests.e2e.whole import Whole
from workflows.contracts import OUTCOMES, Answer, AnswerState


def standing(whole: Whole, thread: str, key: str) -> Answer | None:
    """The answer to a question as it stands."""
    for message in whole.store.messages(thread):
        if message.author == "clew" and message.key == key:
            return answer_from_data(message.body)
    return None


def outcome(whole: Whole, thread: str, key: str) -> Answer:
    """Wait for the outcome of a question."""
    found: list[Answer] = []

    def look() -> bool:
        answer = standing(whole, thread, key)
        if answer is not None and answer.state in OUTCOMES:
            found.append(answer)
        return bool(found)

    whole.eventually(look, f"an outcome in thread {thread}")
    return found[0]


def answered_once(whole: Whole, thread: str, *keys: str) -> list[Answer]:
    """Each question got one final answer, posted once; nothing else of ours stands in the thread."""
    answers = [outcome(whole, thread, key) for key in keys]
    assert [answer.state for answer in answers] == [AnswerState.FINAL] * len(keys), answers
    posted = Counter(entry.key for entry in whole.store.ledger() if entry.kind == "post" and entry.key in keys)
    assert posted == Counter(keys)
    standing_keys = [message.key for message in whole.store.messages(thread) if message.author == "clew"]
    assert sorted(standing_keys) == sorted(keys)
    return answers


def linear(whole: Whole, thread: str, *questions: str) -> None:
    """The branch in use holds each question once; user and assistant alternate; no call is left open."""
    branch = branch_in_use(whole, thread)
    entries = branch["entries"]
    said = [entry for entry in entries if entry["type"] in ("message.input", "message.output")]
    assert [entry["type"] for entry in said] == ["message.input", "message.output"] * len(questions), said
    assert [entry["content"] for entry in said[::2]] == list(questions)
    called = [entry["tool_call_id"] for entry in entries if entry["type"] == "function.call"]
    given = [entry["tool_call_id"] for entry in entries if entry["type"] == "function.result"]
    assert sorted(called) == sorted(given)
    assert len(set(given)) == len(given)


def branch_in_use(whole: Whole, thread: str) -> dict[str, list[dict[str, str]]]:
    """The branch that took the thread's last completed step."""
    branches = {branch["id"]: branch for branch in whole.sandbox.branches(thread)}
    done = [step["conversation"] for step in whole.sandbox.steps() if step["outcome"] == "200"]
    return next(branches[conversation] for conversation in reversed(done) if conversation in branches)
