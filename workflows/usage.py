"""UsageWorkflow: one asker's tokens of the day, booked once by turn and attempt, and which of their turns may run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows.admission import admitted, booked, granted, next_end
from workflows.contracts import AdmitRequest, GoOn, Refusal, UsageBooking, UsageState
from workflows.policies import RELEASE_EVERY, RELEASED_AT_ONCE

_EVENTS = 400
_QUIET = timedelta(days=2)


@workflow.defn(name="UsageWorkflow")
class UsageWorkflow:
    """Ends by itself after two quiet days; the next booking starts it anew."""

    @workflow.init
    def __init__(self, state: UsageState) -> None:
        self._state = state
        self._quiet = True

    @workflow.run
    async def run(self, state: UsageState) -> UsageState:
        """Take bookings, and wake those whose turn it is."""
        while True:
            self._quiet = True
            ends = next_end(self._state)
            patience = _QUIET if ends is None else timedelta(seconds=max(1.0, ends - workflow.time()))
            try:
                await workflow.wait_condition(lambda: self._full() or not self._quiet, timeout=patience)
            except TimeoutError:
                if ends is None:
                    return self._state
                self._state = granted(self._state, workflow.time())
            while self._state.wake:
                await self._wake()
            if self._full():
                workflow.continue_as_new(self._state)

    @workflow.signal
    def book(self, booking: UsageBooking) -> None:
        """Add tokens to their day; the same key counts once."""
        self._quiet = False
        self._state = booked(self._state, booking, workflow.time())

    @workflow.update
    def admit(self, request: AdmitRequest) -> Refusal:
        """A turn asks for its place. Asked again, it is the same one."""
        self._quiet = False
        self._state, refusal = admitted(self._state, request, workflow.time())
        return refusal

    @workflow.query
    def spent(self) -> UsageState:
        """The ledger as it stands."""
        return self._state

    async def _wake(self) -> None:
        """Tell a few that they may ask again. One that is gone gives its place up by not taking it."""
        chosen = self._state.wake[:RELEASED_AT_ONCE]
        self._state = replace(self._state, wake=self._state.wake[RELEASED_AT_ONCE:])
        await asyncio.gather(*(self._tell(conversation) for conversation in chosen))
        if self._state.wake:
            await workflow.sleep(RELEASE_EVERY)

    async def _tell(self, conversation: str) -> None:
        try:
            handle = workflow.get_external_workflow_handle(conversation)
            await handle.signal("go_on", GoOn(hold=workflow.info().workflow_id))
        except FailureError:
            workflow.logger.warning("a conversation that waited is gone")

    def _full(self) -> bool:
        return workflow.info().get_current_history_length() > _EVENTS
