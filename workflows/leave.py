"""Leave to begin a turn: asked for at once, and again after a pause. Only the turn's own time is spent on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.contracts import Answer, AnswerState, BeginTurn, LineState, Permit, ThreadRef
from workflows.inbox import Item
from workflows.policies import ASK_AGAIN
from workflows.ports import begin_turn, show_progress
from workflows.progress import Progress
from workflows.research import ROLES
from workflows.scope import execute
from workflows.sentences import IN_TURN, PAUSED, sentence

_WAITS = {"paused": PAUSED, "busy": IN_TURN}
"""Refusals that are over by themselves, and what a placeholder calls them."""


class Leave:
    """Leave of one turn's attempt.

    `held`: it is paused, or waits for others of its asker's. `paused`: the first of these. `queued`: it is on the list
    of those that wait for others. `waits`: nothing is asked right now, so what will be asked may still change.
    `put_off`: the history grew long meanwhile, and the attempt, which has not begun, is left for the next run.
    """

    def __init__(
        self, thread: ThreadRef, item: Item, *, too_long: Callable[[], bool], changed: Callable[[], None]
    ) -> None:
        self.held = False
        self.paused = False
        self.queued = False
        self.waits = False
        self.put_off = False
        self._thread = thread
        self._item = item
        self._too_long = too_long
        self._changed = changed
        self._given = ""
        self._over = False

    def end(self) -> None:
        """Ask for leave no more; to be called before a cancellation.

        A cancellation alone is lost where it reaches the activity that shows a wait: that is best effort, whatever
        becomes of it, and in the instant of its result the SDK swallows it.
        """
        self._over = True

    def go_on(self, hold: str) -> None:
        """It is this turn's turn. It may be told before it knows that it waits; `hold` is who says so."""
        self._given = hold

    async def ask(self) -> Permit:
        """Ask until there is an answer other than to wait, or it is put off. Raises ActivityError."""
        permit = await self._begin("")
        if permit.refused not in _WAITS:
            return permit
        try:
            while permit.refused in _WAITS:
                if not self.held or self.paused != (permit.refused == "paused"):
                    # Once, however often it is asked again: whatever shows it is a step in the history.
                    self.held, self.paused = True, permit.refused == "paused"
                    self._changed()
                self.queued = self.queued or not self.paused
                self.waits = True
                await self._show(permit.refused)
                if self._over and workflow.patched("stop-while-a-wait-is-shown"):
                    raise asyncio.CancelledError
                given = await self._wait()
                self.waits = False
                if not given and self._too_long():
                    self.put_off = True
                    break
                permit = await self._begin(given)
        finally:
            self.held = self.paused = False
        self._changed()
        return permit

    async def _begin(self, given: str) -> Permit:
        message = self._item.message
        request = BeginTurn(
            thread=self._thread,
            turn=self._item.turn,
            asker=message.asker,
            roles=ROLES if message.research is not None else ("analyst",),
            trace=message.trace,
            leave=given,
            moment=message.moment if self._item.again is None else 0.0,
            attempt=self._item.attempt,
        )
        return await execute(begin_turn, request, asker=request.asker, summary=f"turn {request.turn}")

    async def _wait(self) -> str:
        """Wait for `go_on`; "" where it is time to ask again, because whoever ought to say so may be gone."""
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: bool(self._given) or self._too_long(), timeout=ASK_AGAIN)
        given, self._given = self._given, ""
        return given

    async def _show(self, why: str) -> None:
        """Say in the placeholder that the turn waits, best effort."""
        await workflow.wait_condition(lambda: self._item.has_place)
        if self._item.opened is None:
            return
        answer = Answer(key=self._item.turn, state=AnswerState.WORKING, attempt=self._item.attempt)
        asker = self._item.message.asker
        progress = Progress(self._item.opened, answer, asker=asker.user)
        progress.set("pause", _WAITS[why], LineState.WAITING, sentence(why))
        try:
            await execute(show_progress, progress.snapshot(), asker=asker, platform=self._thread.platform)
        except ActivityError:
            workflow.logger.warning("a wait could not be shown")
