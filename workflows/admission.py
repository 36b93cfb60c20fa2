"""Which of one asker's turns may run: so many a minute, so many at once, and none that the budget cannot bear.

Plain state: no time, no calls. What is spent is known only afterwards, so turns that run at once are let in only where
what they may need is left: near its end, a budget is used up by one turn after the other.
"""

from __future__ import annotations

from dataclasses import replace

from workflows.contracts import AdmitRequest, Lease, Refusal, UsageBooking, UsageState
from workflows.policies import BOOKED_WITHIN, HEADROOM, UNCLAIMED

_KEYS = 500
_WAITING = 500
_MINUTE = 60.0


def admitted(state: UsageState, request: AdmitRequest, now: float) -> tuple[UsageState, Refusal]:
    """Give a turn its place, or say why not. "busy": it is in the queue, and stays where it is if it asks again."""
    state = _of_day(replace(state, terms=request.terms), request.day)
    if request.key in state.booked:
        # Stopped while it asked: its books are closed already, and a place that it took now would stay taken.
        return state, ""
    # What was asked an hour ago, and is only heard of now, is no flood of this minute.
    asked = request.moment or now
    known = any(one.turn == request.turn for one in (*state.leases, *state.waiting))
    if not known:
        if _exhausted(state):
            return state, "budget"
        too_many = request.terms.per_minute is not None and _crowd(state.recent, asked) > request.terms.per_minute
        if too_many or len(state.waiting) >= _WAITING:
            return state, "rate"
        wish = Lease(turn=request.turn, conversation=request.conversation, kind=request.kind)
        recent = (*state.recent, asked)[-_KEYS:] if request.terms.per_minute is not None else ()
        state = replace(state, waiting=(*state.waiting, wish), recent=recent)
    # Whoever asks need not be woken.
    state = granted(state, now)
    state = replace(state, wake=tuple(one for one in state.wake if one != request.conversation))
    if any(one.turn == request.turn for one in state.leases):
        until = now + request.terms.seconds + BOOKED_WITHIN
        claimed = (replace(one, until=until) if one.turn == request.turn else one for one in state.leases)
        return replace(state, leases=tuple(claimed)), ""
    return state, "busy" if any(one.turn == request.turn for one in state.waiting) else "budget"


def booked(state: UsageState, booking: UsageBooking, now: float) -> UsageState:
    """Add tokens to their day, and let the next ones in; the same key counts once."""
    if booking.key in state.booked:
        return state
    state = _of_day(state, booking.day)
    largest = dict(state.largest)
    for lease in state.leases:
        if lease.turn == booking.turn and booking.tokens:
            largest[lease.kind] = max(booking.tokens, largest.get(lease.kind, 0))
    state = replace(
        state,
        tokens=state.tokens + (booking.tokens if booking.day == state.day else 0),
        booked=(*state.booked, booking.key)[-_KEYS:],
        leases=tuple(lease for lease in state.leases if lease.turn != booking.turn),
        waiting=tuple(wish for wish in state.waiting if wish.turn != booking.turn),
        largest=largest,
    )
    return granted(state, now)


def granted(state: UsageState, now: float) -> UsageState:
    """Give the places that are free to those that wait, in order, and note who is to be woken."""
    state = replace(state, leases=tuple(lease for lease in state.leases if lease.until > now))
    while state.waiting:
        if _exhausted(state):
            # All of them ask again, and are told.
            return replace(state, waiting=(), wake=(*state.wake, *(wish.conversation for wish in state.waiting)))
        first = state.waiting[0]
        if not _room(state, first.kind):
            return state
        state = replace(
            state,
            leases=(*state.leases, replace(first, until=now + UNCLAIMED)),
            waiting=state.waiting[1:],
            wake=(*state.wake, first.conversation),
        )
    return state


def next_end(state: UsageState) -> float | None:
    """When the first place is given up; None where nobody waits for one."""
    return min(lease.until for lease in state.leases) if state.waiting and state.leases else None


def _crowd(recent: tuple[float, ...], asked: float) -> int:
    """The most questions in any minute that this one falls in, itself among them. They are heard of in any order."""
    near = [asked, *(moment for moment in recent if abs(moment - asked) < _MINUTE)]
    return max(sum(0 <= moment - first < _MINUTE for moment in near) for first in near if first <= asked)


def _of_day(state: UsageState, day: str) -> UsageState:
    return replace(state, day=day, tokens=0) if day > state.day else state


def _exhausted(state: UsageState) -> bool:
    return state.terms.tokens is not None and state.tokens >= state.terms.tokens


def _room(state: UsageState, kind: str) -> bool:
    terms = state.terms
    if terms.at_once is not None and len(state.leases) >= terms.at_once:
        return False
    if terms.tokens is None or not state.leases:
        return True
    # What no turn of its kind has shown yet may cost anything, so it goes alone.
    needs = [state.largest.get(each, terms.tokens) for each in (kind, *(lease.kind for lease in state.leases))]
    return state.tokens + HEADROOM * sum(needs) <= terms.tokens
