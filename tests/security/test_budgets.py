"""S11: nobody spends more than their budget and one turn, however many questions are asked at once."""

from __future__ import annotations

import os

import pytest

from tests.chaos.rig import PLATFORMS
from tests.security.floods import Hall, hall_on, refusals
from tests.support.stack import Stack, eventually
from workflows.policies import STEP_TRIES
from workflows.sentences import sentence

PEOPLE = int(os.environ.get("CLEW_FLOOD_PEOPLE", "12"))
"""How many flood. More than a few dozen take a machine of their own, and time."""

CALM = 12
"""Others' answers that may come before a calm person's, whatever anybody else has asked."""


def judge(hall: Hall, budget: int) -> None:
    """Everybody's ledger, and everybody's refusals."""
    standing = hall.standing()
    refused = refusals(standing, sentence("budget"))
    for who in dict.fromkeys(person for person, _ in hall.asked):
        spent, dearest = hall.spent(who)
        assert spent < budget + dearest, (who, spent, dearest)
        theirs = [refused[one.thread] for one in hall.of(who)]
        assert set(theirs) <= {0, 1}, "each is told once"
        untold = [one for one in hall.of(who) if not refused[one.thread]]
        assert all(hall.steps(one) for one in untold), "whoever was not refused was worked for"
        assert not hall.steps(*(one for one in hall.of(who) if refused[one.thread])), "and a refusal cost nothing"
    assert hall.tries() <= STEP_TRIES


async def flood(stack: Stack, *, count: int, each: int, budget: int, ends: str, patience: float = 60.0) -> None:
    """A flood until it is over, judged; every budget was really used up. `ends`: how those end that are let in."""
    async with hall_on(stack, clew_daily_tokens_per_user=budget) as hall:
        hall.flood(hall.people(count), each)
        await hall.all_over(patience)
        judge(hall, budget)
        people = dict.fromkeys(person for person, _ in hall.asked)
        refused = refusals(hall.standing(), sentence("budget"))
        # A reply that a busy machine lost counts for more than it cost, so a few may be refused before they spent all.
        assert all(any(refused[one.thread] for one in hall.of(who)) for who in people)
        assert sum(hall.spent(who)[0] >= budget for who in people) > len(people) / 2
        assert {one.state for one in hall.outcomes().values()} == {ends, "failed"}


async def test_people_who_ask_in_many_threads_at_once_spend_their_budget_and_no_more(idle_stack: Stack) -> None:
    await flood(idle_stack, count=2, each=3, budget=100, ends="final")


@pytest.mark.campaign
async def test_where_every_step_fails_a_budget_bounds_what_is_spent_all_the_same(idle_stack: Stack) -> None:
    await idle_stack.sandbox.fault(kind="empty", times=0)
    await flood(idle_stack, count=2, each=4, budget=20, ends="failed")


@pytest.mark.campaign
@pytest.mark.timeout(900)
async def test_many_people_who_flood_spend_their_budgets_and_no_more(idle_stack: Stack) -> None:
    await flood(idle_stack, count=PEOPLE, each=4, budget=100, ends="final", patience=800)


@pytest.mark.campaign
@pytest.mark.timeout(900)
async def test_people_who_flood_while_every_reply_is_cut_spend_no_more_either(idle_stack: Stack) -> None:
    await idle_stack.sandbox.fault(kind="cut", times=0)
    # Each question is asked of the model for most of a minute before it fails.
    await flood(idle_stack, count=max(4, PEOPLE // 5), each=2, budget=20, ends="failed", patience=800)


@pytest.mark.campaign
async def test_a_calm_person_is_answered_amid_a_flood_of_somebody_else(idle_stack: Stack) -> None:
    async with hall_on(idle_stack) as hall:
        loud, calm = hall.people(1)[0], hall.people(1, "Calm")[0]
        hall.flood([loud], 60)
        one = hall.ask(calm)
        await hall.all_over(120)
        behind = [asked for who, asked in hall.asked if who == loud and hall.answered_before(asked) > 50]
        assert hall.answered_before(one) <= CALM
        assert behind, "there was a queue that others had to wait through"


@pytest.mark.campaign
async def test_a_workspace_has_a_budget_of_its_own(idle_stack: Stack) -> None:
    async with hall_on(idle_stack, clew_daily_tokens_per_workspace=100, clew_turns_at_once_per_user=1) as hall:
        people = hall.people(4)
        for _ in range(3):
            hall.flood(people, 1)
            await hall.all_over(60)
        told = refusals(hall.standing(), sentence("workspace_budget"))
        for platform in PLATFORMS:
            theirs = [who for who in people if who.platform == platform]
            spent, dearest = zip(*(hall.spent(who) for who in theirs), strict=True)
            assert 100 <= sum(spent) < 100 + len(theirs) * max(dearest)
            assert any(told[one.thread] == 1 for who in theirs for one in hall.of(who))


@pytest.mark.campaign
async def test_who_asks_faster_than_allowed_is_told_once_a_question_and_answered_for_the_others(
    idle_stack: Stack,
) -> None:
    async with hall_on(idle_stack, clew_turns_per_minute_per_user=2) as hall:
        people = hall.people(2)
        hall.flood(people, 4)
        await hall.all_over(45)
        told = refusals(hall.standing(), sentence("rate"))
        for who in people:
            assert sorted(told[one.thread] for one in hall.of(who)) == [0, 0, 1, 1]
            assert sum(bool(hall.steps(one)) for one in hall.of(who)) == 2


@pytest.mark.campaign
async def test_turns_of_one_person_run_one_at_a_time_where_more_are_not_allowed(idle_stack: Stack) -> None:
    async with hall_on(idle_stack, clew_turns_at_once_per_user=1) as hall:
        await idle_stack.sandbox.fault(kind="hold")
        [who] = hall.people(1)
        hall.flood([who], 3)
        await eventually(lambda: idle_stack.sandbox.board.waiting == 1, "one step is under way")
        waiting = lambda: refusals(hall.standing(), sentence("busy"))  # noqa: E731 - looked at twice
        await eventually(lambda: waiting().total() == 2, "the others say that they wait")
        assert len(idle_stack.sandbox.steps()) == 1
        await idle_stack.sandbox.clear()
        await hall.all_over(45)
        assert {one.state for one in hall.outcomes().values()} == {"final"}
        assert waiting().total() == 0
