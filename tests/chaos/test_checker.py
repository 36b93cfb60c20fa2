"""The judge finds each violation in ledgers made by hand, and nothing in one that is right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.checker import CANARY_DIGITS, judge
from tests.chaos.ledger import Asked, Branch, Call, Kill, Ledger, Pending, Standing, Step, Write

CANARIES = {"a": "1" * CANARY_DIGITS, "b": "2" * CANARY_DIGITS}
STRANGE = f"(ref. {CANARIES['b']})"


def asked(thread: str, key: str, at: float) -> Asked:
    return Asked(
        platform="slack", channel="C1", thread=thread, key=key, text=f"Question {key}", canary=CANARIES[thread],
        at=at, says="IBM",
    )  # fmt: skip


def write(thread: str, key: str, kind: str, state: str, at: float, message: str = "") -> Write:
    return Write(
        platform="slack", kind=kind, channel="C1", thread=thread, message=message or f"m-{key}", key=key, part=1,
        state=state, text=f"(ref. {CANARIES[thread]})", at=at,
    )  # fmt: skip


def standing(thread: str, key: str, state: str = "final", message: str = "") -> Standing:
    return Standing(
        platform="slack", channel="C1", thread=thread, message=message or f"m-{key}", key=key, part=1, state=state,
        text="IBM closed",
    )  # fmt: skip


def step(thread: str, at: float, outcome: str = "200", fault: str = "") -> Step:
    return Step(
        thread=thread, agent="clew-analyst", conversation=f"b-{thread}", kind="append", outcome=outcome, fault=fault,
        at=at,
    )  # fmt: skip


def entries(*texts: str) -> tuple[dict[str, str], ...]:
    found: list[dict[str, str]] = []
    for text in texts:
        found += [{"type": "message.input", "content": text}, {"type": "message.output", "content": "IBM"}]
    return tuple(found)


def call(about: str, *, status: int = 200, error: str = "", told: float | None = None, at: float = 1.0) -> Call:
    return Call(platform="slack", method="chat.update", about=about, at=at, status=status, error=error, told=told)


@pytest.fixture
def right() -> Ledger:
    """Two questions in one thread, one in another, all well."""
    pairs = [("a", "a1"), ("a", "a2"), ("b", "b1")]
    return Ledger(
        asked=[asked(thread, key, float(at)) for at, (thread, key) in enumerate(pairs)],
        writes=[
            write(thread, key, kind, state, 10.0 * at + later)
            for at, (thread, key) in enumerate(pairs)
            for kind, state, later in (("create", "working", 1.0), ("edit", "final", 2.0))
        ],
        standing=[standing(thread, key) for thread, key in pairs],
        steps=[step(thread, 10.0 * at + 1.5) for at, (thread, _) in enumerate(pairs)],
        branches=[
            Branch(id="b-a", thread="a", agent="clew-analyst", entries=entries("Question a1", "Question a2")),
            Branch(id="b-b", thread="b", agent="clew-analyst", entries=entries("Question b1")),
        ],
        calls=[call("m-a1"), call("m-a2"), call("m-b1")],
        secrets={"the token": "xoxb-secret"},
    )


def found(ledger: Ledger) -> set[str]:
    return {finding.invariant for finding in judge(ledger)}


def test_nothing_is_found_where_all_is_well(right: Ledger) -> None:
    assert judge(right) == []


def test_a_question_without_an_outcome_is_lost(right: Ledger) -> None:
    right.standing.pop()
    assert found(right) == {"I1"}


def test_one_that_was_acknowledged_is_lost_in_another_way_too(right: Ledger) -> None:
    right.asked[2] = replace(right.asked[2], durable=True)
    right.standing.pop()
    assert found(right) == {"I1", "I7"}


def test_an_outcome_of_the_wrong_kind(right: Ledger) -> None:
    right.standing[0] = standing("a", "a1", "failed")
    right.branches[0] = replace(right.branches[0], entries=entries("Question a2"))
    assert found(right) == {"I1"}


def test_what_went_away_must_not_stand(right: Ledger) -> None:
    right.asked[2] = replace(right.asked[2], expected=())
    assert found(right) == {"I1"}


def test_an_answer_that_stands_twice(right: Ledger) -> None:
    right.standing.append(standing("a", "a1", message="m-double"))
    assert found(right) == {"I2"}


@pytest.mark.parametrize(("seconds", "invariants"), [(31.0, {"I2"}), (29.0, set[str]())])
def test_a_double_may_be_seen_for_half_a_minute(right: Ledger, seconds: float, invariants: set[str]) -> None:
    right.writes += [
        write("b", "b1", "create", "working", 25.0, "m-double"),
        write("b", "b1", "delete", "working", 25.0 + seconds, "m-double"),
    ]
    assert found(right) == invariants


def test_a_write_in_another_thread(right: Ledger) -> None:
    right.writes[0] = replace(right.writes[0], thread="b", text="")
    assert found(right) == {"I3"}


def test_a_write_in_another_channel(right: Ledger) -> None:
    right.writes[0] = replace(right.writes[0], channel="C2")
    assert found(right) == {"I3"}


def test_outcomes_in_the_wrong_order(right: Ledger) -> None:
    right.writes[1] = replace(right.writes[1], at=100.0)
    assert found(right) == {"I4"}


def test_a_question_that_had_to_be_told_again_may_be_overtaken(right: Ledger) -> None:
    right.writes[1] = replace(right.writes[1], at=100.0)
    right.late = {"a1"}
    assert found(right) == set()


@pytest.mark.parametrize("where", ["posts", "branches", "figures"])
def test_what_belongs_to_another_thread(right: Ledger, where: str) -> None:
    if where == "posts":
        right.writes[0] = replace(right.writes[0], text=STRANGE)
    elif where == "branches":
        result = {"type": "function.result", "tool_call_id": "1", "result": STRANGE}
        asking = {"type": "function.call", "tool_call_id": "1"}
        right.branches[0] = replace(right.branches[0], entries=(*right.branches[0].entries, asking, result))
    else:
        right.standing[0] = replace(right.standing[0], text="MSFT closed")
    assert found(right) == {"I5"}


@pytest.mark.parametrize(
    "texts",
    [
        ("Question a1", "Question a1", "Question a2"),
        ("Question a1", "Question a3"),
        ("Question a1", "Question a1"),
    ],
)
def test_a_branch_that_is_not_what_was_said(right: Ledger, texts: tuple[str, ...]) -> None:
    right.branches[0] = replace(right.branches[0], entries=entries(*texts))
    assert found(right) == {"I6"}


def test_a_branch_that_was_rebuilt_holds_what_the_assistant_said(right: Ledger) -> None:
    rebuilt = tuple(
        entry if entry["type"] == "message.input" else {"type": "message.input", "role": "assistant", "content": "IBM"}
        for entry in entries("Question a1")
    )
    right.branches[0] = replace(right.branches[0], entries=(*rebuilt, *entries("Question a2")))
    assert "I6" not in found(right)
    right.branches[0] = replace(right.branches[0], entries=(rebuilt[0], *entries("Question a2")))
    assert "I6" in found(right)


def test_a_branch_with_open_calls(right: Ledger) -> None:
    asking = {"type": "function.call", "tool_call_id": "1"}
    right.branches[0] = replace(right.branches[0], entries=(*right.branches[0].entries, asking))
    assert found(right) == {"I6"}


def test_a_step_that_was_sent_twice_for_no_reason(right: Ledger) -> None:
    right.steps.insert(1, step("a", 2.0))
    assert found(right) == {"I8"}
    right.kills.append(Kill(role="worker", at=1.7, until=1.8))
    assert found(right) == set()
    right.kills.clear()
    right.steps[0] = step("a", 1.5, fault="cut@mid")
    assert found(right) == set()


def test_more_tries_than_five(right: Ledger) -> None:
    right.standing[1] = standing("a", "a2", "failed")
    right.asked[1] = replace(right.asked[1], expected=("failed",))
    right.branches[0] = replace(right.branches[0], entries=entries("Question a1"))
    right.steps[0:1] = [step("a", 1.5 + number, fault="cut@mid") for number in range(20)]
    assert found(right) == {"I8"}


def test_a_request_that_did_not_wait(right: Ledger) -> None:
    right.calls.append(call("m-b1", told=0.3))
    assert found(right) == {"I9"}
    right.kills.append(Kill(role="worker", at=0.5, until=1.5))
    assert found(right) == set()


def test_a_request_that_was_on_its_way_while_another_was_refused(right: Ledger) -> None:
    right.calls += [call("m-a1", status=429), call("m-b1", told=0.03, at=1.03)]
    assert found(right) == set()


def test_a_request_that_is_asked_again_at_once(right: Ledger) -> None:
    right.calls += [call("m-a1", status=429), call("m-a1", told=0.03, at=1.03)]
    assert found(right) == {"I9"}


@pytest.mark.parametrize(("seconds", "invariants"), [(1.9, {"I9"}), (2.1, set[str]())])
def test_a_step_that_did_not_wait(right: Ledger, seconds: float, invariants: set[str]) -> None:
    right.wait = 2.0
    right.steps[0:1] = [step("a", 1.5, "429", "status@before"), step("a", 1.5 + seconds)]
    assert found(right) == invariants


def test_what_was_refused_for_good_is_asked_again(right: Ledger) -> None:
    right.calls += [call("m-a1", error="is_archived"), call("m-a2"), call("m-a1")]
    assert found(right) == {"I10"}


def test_the_last_word_is_tried_once_where_progress_was_refused(right: Ledger) -> None:
    last = replace(call("m-a1", error="is_archived"), last=True)
    right.calls += [call("m-a1", error="is_archived"), last]
    assert found(right) == set()
    right.calls.append(last)
    assert found(right) == {"I10"}


def test_a_step_that_was_refused_for_good_is_asked_again(right: Ledger) -> None:
    right.steps[2:3] = [step("b", 21.5, "401", "status@before"), step("b", 21.6)]
    assert found(right) == {"I10"}


def test_something_is_still_open(right: Ledger) -> None:
    right.pending.append(Pending(thread="a", what="run_step, attempt 11"))
    assert found(right) == {"I11"}


def test_too_many_sessions_and_refusals(right: Ledger) -> None:
    right.identifies = 1_001
    assert found(right) == {"I12"}
    right.identifies = 0
    right.calls += [replace(call("", status=429), platform="discord")] * 10_000
    assert found(right) == {"I12"}


def test_a_placeholder_that_was_left_behind(right: Ledger) -> None:
    right.standing.append(standing("a", "a3", "working"))
    assert found(right) == {"I13"}


def test_a_message_that_belongs_to_nobody(right: Ledger) -> None:
    right.standing.append(standing("a", ""))
    assert found(right) == {"I13"}


@pytest.mark.parametrize("where", ["disk", "posts", "inputs"])
def test_a_secret_that_was_told(right: Ledger, where: str, tmp_path: Path) -> None:
    if where == "disk":
        (tmp_path / "database").write_bytes(b"\0xoxb-secret\0")
        (tmp_path / "empty").touch()
        right.stores = {name: tmp_path / name for name in ("database", "empty", "gone")}
    elif where == "posts":
        right.writes[0] = replace(right.writes[0], text="xoxb-secret")
    else:
        said = {"type": "message.output", "content": "xoxb-secret"}
        right.branches[1] = replace(right.branches[1], entries=(right.branches[1].entries[0], said))
    assert found(right) == {"I16"}
