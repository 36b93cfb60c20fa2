"""HoldWorkflow: while it runs, no new turn begins. It knows who waits, and lets them go on in order."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows.contracts import GoOn, HoldState, HoldView, PauseRequest, ResumeRequest, WaitRequest
from workflows.identity import HOLD_MEMO
from workflows.policies import HISTORY_LIMIT, RELEASE_EVERY, RELEASED_AT_ONCE, WAITING_LIMIT


@workflow.defn(name="HoldWorkflow")
class HoldWorkflow:
    """The pause. It ends once it was resumed and nobody waits any more."""

    @workflow.init
    def __init__(self, state: HoldState) -> None:
        self._view = state.view
        self._waiting = dict.fromkeys(state.waiting)

    @workflow.run
    async def run(self, state: HoldState) -> None:
        """Hold until resumed, then let a few go on at a time."""
        while not self._view.resumed_by or self._waiting:
            await workflow.wait_condition(lambda: bool(self._view.resumed_by) or self._long_enough())
            if self._long_enough():
                workflow.continue_as_new(HoldState(view=self._view, waiting=tuple(self._waiting)))
            if self._waiting:
                released = [*self._waiting][:RELEASED_AT_ONCE]
                for conversation in released:
                    del self._waiting[conversation]
                await asyncio.gather(*(self._release(conversation) for conversation in released))
            if self._waiting:
                await workflow.sleep(RELEASE_EVERY)

    @workflow.signal
    def pause(self, request: PauseRequest) -> None:
        """Hold. Who paused first is remembered, until it was resumed."""
        if not self._view.by or self._view.resumed_by:
            self._show(HoldView(by=request.by, since=request.since, reason=request.reason))
        elif request.reason:
            self._show(replace(self._view, reason=request.reason))

    @workflow.signal
    def resume(self, request: ResumeRequest) -> None:
        """Let them go on."""
        self._show(replace(self._view, resumed_by=request.by))

    @workflow.signal
    def wait(self, request: WaitRequest) -> None:
        """A turn waits. Said again, it keeps its place. Beyond the limit, turns ask again by themselves."""
        if len(self._waiting) < WAITING_LIMIT:
            self._waiting.setdefault(request.conversation)

    @workflow.query
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def _release(self, conversation: str) -> None:
        hold = workflow.info().first_execution_run_id
        try:
            await workflow.get_external_workflow_handle(conversation).signal("go_on", GoOn(hold=hold))
        except FailureError:
            workflow.logger.warning("a conversation that waited is gone")

    def _show(self, view: HoldView) -> None:
        self._view = view
        workflow.upsert_memo({HOLD_MEMO: view})
        workflow.set_current_details(f"paused by {view.by}" if not view.resumed_by else f"resumed by {view.resumed_by}")

    def _long_enough(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.get_current_history_length() > HISTORY_LIMIT
