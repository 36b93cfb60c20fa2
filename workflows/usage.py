"""UsageWorkflow: one asker's tokens of the day, booked once by turn and attempt, over all their threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow

from workflows.contracts import UsageBooking, UsageState

_KEYS = 500
_EVENTS = 400


@workflow.defn(name="UsageWorkflow")
class UsageWorkflow:
    """Ends by itself after two quiet days; the next booking starts it anew."""

    @workflow.init
    def __init__(self, state: UsageState) -> None:
        self._state = state
        self._quiet = True

    @workflow.run
    async def run(self, state: UsageState) -> UsageState:
        """Take bookings."""
        while True:
            self._quiet = True
            try:
                await workflow.wait_condition(lambda: self._full() or not self._quiet, timeout=timedelta(days=2))
            except TimeoutError:
                return self._state
            if self._full():
                workflow.continue_as_new(self._state)

    @workflow.signal
    def book(self, booking: UsageBooking) -> None:
        """Add tokens to their day; the same key counts once."""
        self._quiet = False
        state = self._state
        if booking.key in state.booked:
            return
        if booking.day > state.day:
            state = replace(state, day=booking.day, tokens=0)
        tokens = state.tokens + (booking.tokens if booking.day == state.day else 0)
        self._state = replace(state, tokens=tokens, booked=(*state.booked, booking.key)[-_KEYS:])

    @workflow.query
    def spent(self) -> UsageState:
        """The ledger as it stands."""
        return self._state

    def _full(self) -> bool:
        return workflow.info().get_current_history_length() > _EVENTS
