"""The fork rule: append at most once, else fork. Every fault at every step, by what the model's server then holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.connect import connect
from bot.sandbox.behaviour import Behaviour
from tests.support.market import RunningMarket
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.temporal import settings_for
from tests.workflows.loop_workflow import thread_of
from tests.workflows.loops import Looker, Loops, loops_on
from workflows import identity

Json = dict[str, Any]

KEEPS = ("all", "partial", "inputs", "nothing")
FAULTS: dict[str, Json] = {
    "500": {"kind": "status", "status": 500},
    "429": {"kind": "status", "status": 429, "retry_after": 0.1},
    "409": {"kind": "status", "status": 409, "retry_after": 0.1},
    "reset": {"kind": "reset"},
    "hang": {"kind": "hang"},
    "late": {"kind": "late", "drop": True, "seconds": 0.2},
    "closed after the reply": {"kind": "close", "when": "reply"},
    "cut inside an event": {"kind": "cut", "split": True, "events": 1},
    "no done": {"kind": "no_done", "events": -1},
    "error event": {"kind": "error_event", "events": 1, "keep": "inputs"},
    "stall": {"kind": "stall", "events": 1},
    "reset, all stored": {"kind": "reset", "when": "after"},
    **{f"504, {keep} stored": {"kind": "status", "status": 504, "when": "after", "keep": keep} for keep in KEEPS},
    **{f"cut, {keep} stored": {"kind": "cut", "events": 1, "keep": keep} for keep in KEEPS},
    "ended early": {"kind": "no_done", "events": 1, "keep": "partial"},
}
PLACES = (("T0", "R1"), ("R0", "T1"))
"""Where a fault strikes in one thread: a question, and the results of the other one."""

KIND = Behaviour()
"""What Mistral's API does where its documentation says."""
UNKIND = Behaviour(fork_from_calls=False, forks_keep_ids=False, restart_locked="conflict", inputs_stored="end")
"""What it might do where nothing says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One fault at two steps of one thread. `name` is all that its requests have in common."""

    name: str
    fault: str
    places: tuple[str, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        """What is asked. A question holds `T` and its turn; what comes of looking it up holds `R` instead."""
        return tuple(f"{self.name}T{turn} what is the price?" for turn in (0, 1))

    @property
    def specs(self) -> list[Json]:
        """The fault, for these steps alone."""
        return [{**FAULTS[self.fault], "holding": f"{self.name}{place}"} for place in self.places]


def cases(places: tuple[str, ...]) -> list[Case]:
    pairs = [(fault, places) for fault in FAULTS]
    return [Case(name=f"Q{number:03}", fault=fault, places=places) for number, (fault, places) in enumerate(pairs)]


def posts_of(sandbox: RunningSandbox, case: Case) -> int:
    """The requests that could be told to be this thread's: a start that was turned away at the gate cannot."""
    thread = identity.conversation_id(thread_of(case.name))
    branches = {item.id for item in sandbox.branches(thread=thread)}
    return sum(
        record.metadata.get("thread") == thread or any(branch in record.path for branch in branches)
        for record in sandbox.steps()
    )


@pytest.fixture
async def loops(
    temporal_server: str, namespace: str, market_server: RunningMarket, tmp_path: Path, behaviour: Behaviour
) -> AsyncGenerator[Loops]:
    """A worker before a sandbox that looks up what it is asked."""
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    async with (
        running_sandbox(Looker(), behaviour=behaviour) as sandbox,
        loops_on(client, market_server, sandbox, tmp_path) as running,
    ):
        yield running


@pytest.fixture
def behaviour() -> Behaviour:
    """As Mistral documents it."""
    return Behaviour()


@pytest.mark.parametrize(
    ("behaviour", "places"),
    [
        pytest.param(KIND, PLACES[0], id="as documented"),
        pytest.param(UNKIND, PLACES[1], id="as unkind as can be", marks=pytest.mark.campaign),
        pytest.param(KIND, PLACES[1], id="as documented, the other steps", marks=pytest.mark.campaign),
        pytest.param(UNKIND, PLACES[0], id="as unkind as can be, the other steps", marks=pytest.mark.campaign),
    ],
)
async def test_whatever_fails_the_branch_in_use_holds_each_question_once_and_answered(
    loops: Loops, behaviour: Behaviour, places: tuple[str, ...]
) -> None:
    all_cases, sandbox = cases(places), loops.sandbox
    for spec in (spec for case in all_cases for spec in case.specs):
        await sandbox.fault(**spec)
    told = await loops.ask_all({case.name: case.questions for case in all_cases})
    struck = Counter(str(state["struck"]) for state in sandbox.board.state())
    assert struck == {"1": 2 * len(all_cases)}, "a fault that never struck proves nothing"
    for case in all_cases:
        outcome = told[case.name]
        assert outcome.answers == tuple(f"An answer to: {question}" for question in case.questions), case
        assert outcome.head is not None
        assert sandbox.questions(outcome.head.branch) == list(case.questions), case
        kinds = [entry["type"] for entry in sandbox.entries(outcome.head.branch)]
        assert kinds == ["message.input", "function.call", "function.result", "message.output"] * 2, case
        assert sandbox.open_calls(outcome.head.branch) == []
        # One more than needed: so many cases at once may hold a heartbeat up, which costs a request and nothing else.
        assert posts_of(sandbox, case) <= (7 if behaviour.fork_from_calls else 11), case


REFUSALS = {400: "mistral_refused", 401: "mistral_auth", 403: "mistral_auth", 422: "mistral_refused"}


async def test_what_is_refused_for_good_is_sent_once_and_has_its_sentence(loops: Loops) -> None:
    for status in REFUSALS:
        await loops.sandbox.fault(kind="status", status=status, holding=f"Q{status}T0")
    told = await loops.ask_all({f"Q{status}": (f"Q{status}T0 price?",) for status in REFUSALS})
    assert {name: answer.answers for name, answer in told.items()} == {
        f"Q{status}": (code,) for status, code in REFUSALS.items()
    }
    assert len(loops.sandbox.steps()) == len(REFUSALS)


async def test_a_refused_append_leaves_the_branch_and_the_next_question_forks_from_before_it(loops: Loops) -> None:
    await loops.sandbox.fault(kind="status", status=400, holding="Q1T1")
    questions = tuple(f"Q1T{turn} price?" for turn in range(3))
    told = await loops.ask("Q1", *questions)
    assert told.answers[1] == "mistral_refused"
    assert told.head is not None
    assert loops.sandbox.questions(told.head.branch) == [questions[0], questions[2]]


async def test_a_step_is_sent_five_times_at_most_and_never_before_it_was_told_to_come_again(loops: Loops) -> None:
    await loops.sandbox.fault(kind="status", status=429, retry_after=0.2, times=0)
    assert (await loops.ask("Q1", "Q1T0 price?")).answers == ("mistral_busy",)
    times = [datetime.fromisoformat(record.at) for record in loops.sandbox.steps()]
    assert len(times) == 5
    assert all(later - earlier >= timedelta(seconds=0.2) for earlier, later in pairwise(times))


async def test_a_date_to_come_again_is_kept_and_a_missing_one_is_a_back_off(loops: Loops) -> None:
    await loops.sandbox.fault(kind="status", status=429, retry_after=1.5, retry_after_form="date", holding="Q1T0")
    await loops.sandbox.fault(kind="status", status=429, holding="Q2T0")
    told = await loops.ask_all({name: (f"{name}T0 price?",) for name in ("Q1", "Q2")})
    assert all(answer.answers[0].startswith("An answer") for answer in told.values())
    times = [datetime.fromisoformat(record.at) for record in loops.sandbox.steps()]
    assert len(times) == 6
    # A date has whole seconds, so 1.5 s from now may be 0.5 s away.
    assert times[2] - times[0] >= timedelta(seconds=0.4)
    assert times[-1] - times[0] >= timedelta(seconds=2)
