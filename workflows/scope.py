"""One turn's surroundings, as workflow code needs them: who asks, where, with which limits; and how to call a port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, is_cancelled_exception

from workflows.contracts import Asker, LineState, Permit, ThreadRef, Usage
from workflows.identity import TASK_QUEUE, chat_queue
from workflows.policies import policy_of
from workflows.ports import show_progress
from workflows.progress import Progress

_SUMMARY = 80
"""Characters. Temporal refuses a workflow task with a summary above 400 bytes, and models choose names of tools."""

P = TypeVar("P")
R = TypeVar("R")


async def execute(
    port: Callable[[P], Awaitable[R]],
    request: P,
    *,
    asker: Asker,
    platform: str = "",
    summary: str = "",
    within: timedelta | None = None,
) -> R:
    """Call a port by its policy, on the platform's queue if one is named, and fair to the other askers.

    `within` bounds the call with all its retries. Raises temporalio's ActivityError.
    """
    options = policy_of(port).options()
    if within is not None:
        options["schedule_to_close_timeout"] = within
    return await workflow.execute_activity(
        port,
        request,
        task_queue=chat_queue(platform) if platform else TASK_QUEUE,
        summary=summary[:_SUMMARY] or None,
        priority=Priority(fairness_key=asker.user[:64]),
        **options,
    )


class Scope:
    """A running attempt of a turn."""

    def __init__(
        self,
        *,
        thread: ThreadRef,
        turn: str,
        attempt: int,
        asker: Asker,
        permit: Permit,
        progress: Progress,
        trace: str,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.thread = thread
        self.turn = turn
        self.attempt = attempt
        self.asker = asker
        self.permit = permit
        self.progress = progress
        self.trace = trace
        self._stopped = stopped
        self.usage = Usage()
        self.largest_step = 0
        self.started = workflow.time()

    def patience(self, share: float = 1.0) -> timedelta:
        """A share of the turn's time, for calls that wait out an outage. At least a second."""
        return timedelta(seconds=max(1.0, self.permit.limits.deadline * share))

    def spend(self, usage: Usage) -> None:
        """Count what a step cost."""
        self.usage = self.usage + usage
        self.largest_step = max(self.largest_step, usage.total)

    def go_on(self) -> None:
        """Go no further once the attempt was ended. Raises CancelledError.

        A cancellation alone is not enough: one that reaches an activity in the instant of its result is lost, since the
        SDK lets the result win.
        """
        if self._stopped():
            raise asyncio.CancelledError

    async def call(
        self,
        port: Callable[[P], Awaitable[R]],
        request: P,
        *,
        summary: str = "",
        on_platform: bool = False,
        within: timedelta | None = None,
    ) -> R:
        """Call a port for this turn, unless it was ended meanwhile."""
        self.go_on()
        return await execute(
            port,
            request,
            asker=self.asker,
            platform=self.thread.platform if on_platform else "",
            summary=summary,
            within=within,
        )

    async def mark(self, line: str, label: str, state: LineState, detail: str = "") -> None:
        """Change a line of progress and show it, best effort: nothing else would, while the turn only waits."""
        self.progress.set(line, label, state, detail)
        workflow.set_current_details(self.progress.details())
        try:
            await self.call(show_progress, self.progress.snapshot(), on_platform=True)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
