"""Which turns of one asker may run, without a workflow around it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from workflows.admission import admitted, booked, granted, next_end
from workflows.contracts import AdmitRequest, Refusal, Terms, UsageBooking, UsageState
from workflows.policies import HEADROOM, UNCLAIMED

EMPTY = UsageState(platform="slack", workspace="T1", user="U1")
DAY = "2026-03-01"
NOW = 1_000.0


def ask(
    state: UsageState,
    turn: str,
    *,
    kind: str = "question",
    now: float = NOW,
    asked: float = 0.0,
    day: str = DAY,
    **terms: int | None,
) -> tuple[UsageState, Refusal]:
    """A turn asks, in a conversation of its own."""
    limits = Terms(**{"tokens": 100, "seconds": 900, **terms})  # pyright: ignore[reportArgumentType] - numbers all
    request = AdmitRequest(turn=turn, conversation=f"of {turn}", day=day, kind=kind, terms=limits, moment=asked)
    return admitted(state, request, now)


def spend(state: UsageState, turn: str, tokens: int, *, day: str = DAY, now: float = NOW) -> UsageState:
    """A turn is over."""
    return booked(state, UsageBooking(key=f"{turn}:1", day=day, tokens=tokens, turn=turn), now)


def holders(state: UsageState) -> list[str]:
    return [lease.turn for lease in state.leases]


def test_the_first_turn_of_its_kind_goes_alone_since_nobody_knows_what_it_costs() -> None:
    state, first = ask(EMPTY, "a")
    state, second = ask(state, "b")
    assert (first, second, holders(state)) == ("", "busy", ["a"])
    state = spend(state, "a", 10)
    assert (holders(state), state.wake) == (["b"], ("of b",))
    state, third = ask(state, "c")
    state, report = ask(state, "r", kind="research")
    assert (third, report) == ("", "busy")


def test_near_its_end_a_budget_is_used_up_by_one_turn_after_the_other() -> None:
    state = spend(ask(EMPTY, "a")[0], "a", 40)
    state, first = ask(state, "b")
    state, second = ask(state, "c")
    assert (first, second) == ("", "busy")


def test_a_budget_that_is_used_up_sends_away_who_waits_and_who_comes() -> None:
    state, _ = ask(EMPTY, "a")
    for turn in ("b", "c"):
        state, _ = ask(state, turn)
    state = spend(state, "a", 100)
    assert (holders(state), state.waiting, state.wake) == ([], (), ("of b", "of c"))
    for turn in ("b", "c", "d"):
        state, refused = ask(state, turn)
        assert refused == "budget"


def test_a_new_day_lets_in_who_was_sent_away_the_day_before() -> None:
    state = spend(ask(EMPTY, "a")[0], "a", 100)
    assert ask(state, "b")[1] == "budget"
    state, refused = ask(state, "b", day="2026-03-02")
    assert (refused, state.tokens) == ("", 0)


def test_a_turn_asked_before_midnight_frees_its_place_after_it() -> None:
    state, _ = ask(EMPTY, "a", at_once=1)
    state = spend(state, "a", 30, day="2026-03-02")
    assert (state.day, state.tokens, holders(state)) == ("2026-03-02", 30, [])


def test_asking_again_is_the_same_place_and_counts_once() -> None:
    state, _ = ask(EMPTY, "a", per_minute=2)
    again, refused = ask(state, "a", per_minute=2)
    assert (refused, holders(again), len(again.recent)) == ("", ["a"], 1)
    waiting, _ = ask(again, "b", per_minute=2)
    state, refused = ask(waiting, "b", per_minute=2)
    assert (refused, len(state.waiting), len(state.recent)) == ("busy", 1, 2)


def test_an_attempt_whose_books_are_closed_takes_no_place_and_the_next_one_does() -> None:
    def asks(state: UsageState, attempt: int) -> tuple[UsageState, Refusal]:
        limits = Terms(tokens=100, seconds=900, at_once=1)
        request = AdmitRequest(
            turn="a", conversation="of a", day=DAY, kind="question", terms=limits, key=f"a:{attempt}"
        )
        return admitted(state, request, NOW)

    # It was stopped while it asked, and what it asked comes after what closed its books.
    state, _ = asks(spend(EMPTY, "a", 0), 1)
    assert holders(state) == []
    state, refused = asks(state, 2)
    assert (refused, holders(state)) == ("", ["a"])


def test_more_questions_in_a_minute_than_allowed_are_refused_and_one_more_is_taken_a_minute_later() -> None:
    state = EMPTY
    refusals: list[Refusal] = []
    for turn in "abc":
        state, refused = ask(state, turn, tokens=None, per_minute=2)
        refusals.append(refused)
    assert refusals == ["", "", "rate"]
    assert ask(state, "d", tokens=None, per_minute=2, now=NOW + 60)[1] == ""


def test_what_was_asked_over_an_hour_and_is_heard_of_at_once_is_no_flood() -> None:
    state = EMPTY
    refusals: list[Refusal] = []
    for turn, asked in {"a": 100.0, "b": 160.0, "c": 170.0, "d": 180.0, "e": 221.0}.items():
        state, refused = ask(state, turn, tokens=None, per_minute=2, asked=asked)
        refusals.append(refused)
    assert refusals == ["", "", "", "rate", ""]


@given(st.lists(st.floats(min_value=1, max_value=300), max_size=12), st.integers(min_value=1, max_value=3))
def test_no_minute_holds_more_than_allowed_in_whatever_order_questions_are_heard_of(
    moments: list[float], allowed: int
) -> None:
    state, taken = EMPTY, list[float]()
    for number, asked in enumerate(moments):
        state, refused = ask(state, f"t{number}", tokens=None, per_minute=allowed, asked=asked)
        near = [moment for moment in taken if abs(moment - asked) < 60]
        if refused == "":
            taken.append(asked)
        else:
            assert len(near) >= allowed, "nobody is refused for what was asked in other minutes"
    assert all(sum(0 <= moment - first < 60 for moment in taken) <= allowed for first in taken)


def test_turns_at_once_are_counted_over_kinds_and_those_that_wait_go_in_order() -> None:
    state = EMPTY
    refusals: list[Refusal] = []
    for number, turn in enumerate("abcd"):
        state, refused = ask(state, turn, tokens=None, at_once=2, kind=("question", "research")[number % 2])
        refusals.append(refused)
    assert refusals == ["", "", "busy", "busy"]
    state = spend(state, "b", 5)
    assert (holders(state), state.wake) == (["a", "c"], ("of c",))
    # Who comes anew has no better place than who waits.
    state, refused = ask(state, "e", tokens=None, at_once=2)
    assert (refused, [wish.turn for wish in state.waiting]) == ("busy", ["d", "e"])


def test_a_place_that_nobody_takes_is_given_on_and_one_that_is_taken_lasts() -> None:
    state, _ = ask(EMPTY, "a", at_once=1)
    for turn in ("b", "c"):
        state, _ = ask(state, turn, at_once=1)
    state = spend(state, "a", 5)
    assert holders(state) == ["b"]
    ends = next_end(state)
    assert ends is not None
    assert ends == NOW + UNCLAIMED
    assert holders(granted(state, ends)) == ["c"]
    taken, _ = ask(state, "b", at_once=1)
    assert holders(granted(taken, ends)) == ["b"]


def test_a_turn_that_is_given_up_while_it_waits_leaves_the_queue() -> None:
    state, _ = ask(EMPTY, "a")
    state, _ = ask(state, "b")
    state = spend(state, "b", 0)
    assert (holders(state), state.waiting) == (["a"], ())


def test_a_booking_that_comes_twice_frees_no_place_of_a_later_attempt() -> None:
    state, _ = ask(EMPTY, "a")
    state = spend(state, "a", 10)
    state, _ = ask(state, "a")
    assert holders(spend(state, "a", 10)) == ["a"]


@given(st.lists(st.tuples(st.sampled_from(["ask", "end"]), st.integers(10, 19)), max_size=60), st.integers(1, 200))
def test_no_budget_is_overspent_by_more_than_one_turn(events: list[tuple[str, int]], limit: int) -> None:
    """As long as no turn costs more than `HEADROOM` times what one of its kind has cost."""
    state, most = EMPTY, 19
    assert most < HEADROOM * 10
    for number, (event, tokens) in enumerate(events):
        if event == "ask":
            state, _ = ask(state, f"t{number}", tokens=limit)
        elif state.leases:
            state = spend(state, state.leases[tokens % len(state.leases)].turn, tokens)
    for lease in state.leases:
        state = booked(replace(state, waiting=()), UsageBooking(key=lease.turn, day=DAY, tokens=most), NOW)
    assert state.tokens < limit + most
