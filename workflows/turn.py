"""A turn's attempt: leave to run, the work, and an answer whatever happens. It knows nothing of the queue."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from workflows.branch import Branch, Stopped, TurnFailed
from workflows.contracts import (
    Answer,
    AnswerState,
    ComposeAnswer,
    Head,
    Limits,
    LineState,
    MessageRef,
    Permit,
    Research,
    ResearchRequest,
    ResearchResult,
    StepInputs,
    ThreadRef,
    Usage,
)
from workflows.converse import Conversing, Reply
from workflows.errors import failure_of
from workflows.inbox import Item
from workflows.leave import Leave
from workflows.policies import LETTING_GO, WORKFLOW_TASK_TIMEOUT
from workflows.ports import compose_answer
from workflows.progress import Progress
from workflows.research import ResearchWorkflow
from workflows.scope import Scope
from workflows.sentences import LATE, NO_ANSWER, REBUILT, UNCHECKED, sentence, stopped_after_steps

_FIGURE = re.compile(r"[$€£¥]\s?\d|\d\s?%|\d[.,]\d|\b(?!(?:19|20)\d\d\b)\d{2,}\b(?!-)")
"""What looks like a figure, at a glance: all of an answer is read by code only where there is something to check."""


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What came of an attempt: the answer to show, and where the thread's branch stands.

    `committed`: `head` is the new head, `tainted` if something of unknown outcome may stand after it. `untouched`:
    nothing was sent on the branch, so the next turn may append. `strays`: there may be branches nobody refers to.
    `leased`: the turn may have a place among its asker's, or wait for one, and has to give it up.
    """

    answer: Answer
    head: Head | None = None
    committed: bool = False
    tainted: bool = False
    untouched: bool = False
    strays: bool = False
    leased: bool = False
    usage: Usage = field(default_factory=Usage)


class Turn:
    """One attempt at one message."""

    def __init__(
        self,
        thread: ThreadRef,
        item: Item,
        *,
        leave: Leave,
        head: Head | None,
        tainted: bool,
        stopped: bool = False,
    ) -> None:
        self.leave = leave
        self._thread = thread
        self._item = item
        # A retry forks from where the turn began, whatever its first attempt left on the branch.
        self._head = head if item.again is None else item.again.head_before
        self._tainted = tainted or item.again is not None
        self._attempt = item.attempt
        self._ending = "stop" if stopped or item.gone or item.parked else ""
        self._scope: Scope | None = None
        self.searchable: bool | None = None

    @property
    def head_before(self) -> Head | None:
        """Where a retry of this turn forks from."""
        return self._head

    def stop(self) -> None:
        """End the attempt; what was written so far stays."""
        self._ending = self._ending or "stop"

    async def run(self) -> Outcome:
        """Run until the work ends, is stopped, or its time is up. Never raises: a bug of ours is a sentence too."""
        item = self._item
        # Leave to run is asked for while the placeholder is still being posted.
        permit = None if self._ending else asyncio.create_task(self.leave.ask())
        await workflow.wait_condition(lambda: item.has_place)
        if permit is None or item.opened is None:
            leased = False
            if permit is not None:
                self.leave.end()
                permit.cancel()
                granted = (await asyncio.gather(permit, return_exceptions=True))[0]
                # A permit that was under way may have come to a place that nobody will tell us of.
                leased = granted.leased if isinstance(granted, Permit) else workflow.patched("give-the-place-up")
            state = AnswerState.FAILED if item.parked else AnswerState.STOPPED
            return Outcome(answer=self._answer(state), untouched=True, leased=leased or self.leave.queued)
        work = asyncio.create_task(self._work(item.opened, permit))
        began = workflow.time()
        try:
            await self._until(permit, Limits().deadline)
            while self.leave.held and not self._ending:
                # No time of the turn's own passes while it is paused.
                await workflow.wait_condition(lambda: not self.leave.held or bool(self._ending))
                began = workflow.time()
                await self._until(permit, Limits().deadline)
            await self._until(work, max(0.0, began + _deadline(permit) - workflow.time()))
        except TimeoutError:
            self._ending = "deadline"
        if not work.done():
            self.leave.end()
            work.cancel()
        result = (await asyncio.gather(work, return_exceptions=True))[0]
        return self._ended(result) if self._ending else self._settled(result)

    # --- The work ----------------------------------------------------------------------------------------------------

    async def _work(self, opened: MessageRef, permitted: asyncio.Task[Permit]) -> Outcome:
        permit = await permitted
        self.searchable = permit.searchable
        if permit.refused:
            answer = self._answer(AnswerState.FAILED, sentence(permit.refused))
            again = permit.refused not in ("budget", "workspace_budget")
            return Outcome(answer=replace(answer, retriable=again), untouched=True)
        message = self._item.message
        scope = self._scope = Scope(
            thread=self._thread,
            turn=self._item.turn,
            attempt=self._attempt,
            asker=message.asker,
            permit=permit,
            progress=Progress(opened, self._answer(AnswerState.WORKING), asker=message.asker.user),
            trace=message.trace,
            stopped=lambda: bool(self._ending),
        )
        scope.go_on()
        if message.research is not None:
            return await self._research(scope, message.research)
        return await self._ask(scope)

    async def _ask(self, scope: Scope) -> Outcome:
        """A question in the thread's conversation, answered by the analyst with all tools."""
        scope.progress.set("analyst", "Analyst", LineState.RUNNING)
        agent = scope.permit.agent("analyst")
        branch = Branch(scope, agent, head=self._head, tainted=self._tainted, line="analyst", label="Analyst")
        key = f"{self._item.turn}:{self._attempt}"
        loop = Conversing(scope=scope, branch=branch, key=key, stream=True, asked_in=self._item.turn)
        reply = await loop.run(StepInputs(text=self._item.message.text))
        try:
            answer = await self._composed(scope, reply)
        except ActivityError as error:
            if is_cancelled_exception(error):
                # All of it was read already, while it streamed.
                raise Stopped(reply.outcome.text) from error
            raise
        return Outcome(
            answer=answer, head=branch.head, committed=not branch.tainted, strays=branch.strays, usage=scope.usage
        )

    async def _composed(self, scope: Scope, reply: Reply) -> Answer:
        notices = list(self._notices())
        if reply.rebuilt:
            notices.append(REBUILT)
        if reply.limited:
            notices.append(stopped_after_steps(scope.permit.limits.tool_steps))
        text = reply.outcome.text or NO_ANSWER
        if not reply.evidence and not reply.citations:
            if _FIGURE.search(text):
                notices.append(UNCHECKED)
            answer = self._answer(AnswerState.FINAL, text, scope.usage)
            return replace(answer, notices=tuple(notices))
        request = ComposeAnswer(
            key=self._item.turn,
            attempt=self._attempt,
            text=text,
            evidence=reply.evidence,
            citations=reply.citations,
            notices=tuple(notices),
            usage=scope.usage,
            trace=scope.trace,
        )
        return await scope.call(compose_answer, request)

    async def _research(self, scope: Scope, research: Research) -> Outcome:
        """A report, by the child workflow; it writes on this thread's branch while it runs."""
        request = ResearchRequest(
            thread=self._thread,
            turn=self._item.turn,
            attempt=self._attempt,
            asker=scope.asker,
            research=research,
            permit=scope.permit,
            live=scope.progress.snapshot(),
            head=self._head,
            tainted=self._tainted,
            trace=scope.trace,
        )
        result: ResearchResult = await workflow.execute_child_workflow(
            ResearchWorkflow.run,
            request,
            id=f"{workflow.info().workflow_id}:research:{self._item.turn}:{self._attempt}",
            task_timeout=WORKFLOW_TASK_TIMEOUT,
            # A child that cannot go on must not keep its thread: past the deadline it is only waited for to let go.
            execution_timeout=timedelta(seconds=scope.permit.limits.deadline) + LETTING_GO,
            cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            static_summary=f"/research {research.symbol}",
        )
        scope.usage = result.usage
        if result.failure == "stopped":
            raise Stopped(result.answer.text)
        return Outcome(
            answer=replace(result.answer, notices=(*self._notices(), *result.answer.notices)),
            head=result.head,
            committed=result.answer.state is AnswerState.FINAL,
            tainted=result.tainted,
            strays=True,
            untouched=result.head == self._head and not result.tainted,
            usage=result.usage,
        )

    # --- How it ends -------------------------------------------------------------------------------------------------

    def _ended(self, result: object) -> Outcome:
        """Stopped, or out of time. What was written so far stays; the branch is left."""
        if isinstance(result, Outcome) and result.answer.state is AnswerState.FINAL:
            return result
        if self._ending == "deadline":
            return self._plain(AnswerState.FAILED, sentence("deadline"))
        return self._plain(AnswerState.STOPPED, result.text if isinstance(result, Stopped) else "")

    def _settled(self, result: object) -> Outcome:
        if isinstance(result, Outcome):
            return result
        if isinstance(result, Stopped):
            return self._plain(AnswerState.STOPPED, result.text)
        if isinstance(result, TurnFailed):
            return self._plain(AnswerState.FAILED, sentence(result.code))
        if isinstance(result, ActivityError) and not is_cancelled_exception(result):
            return self._plain(AnswerState.FAILED, sentence(failure_of(result).code))
        # A bug, or data that we cannot read. Left to itself it would fail this workflow task until somebody deploys,
        # and nobody in the thread would hear anything, not even after a stop.
        workflow.logger.error("a turn ended in %s", type(result).__name__)
        return self._plain(AnswerState.FAILED, sentence("internal"))

    def _plain(self, state: AnswerState, text: str) -> Outcome:
        usage = self._scope.usage if self._scope is not None else Usage()
        return Outcome(answer=self._answer(state, text, usage), usage=usage)

    def _answer(self, state: AnswerState, text: str = "", usage: Usage = Usage()) -> Answer:
        return Answer(
            key=self._item.turn, state=state, attempt=self._attempt, text=text, notices=self._notices(), usage=usage
        )

    def _notices(self) -> tuple[str, ...]:
        return (LATE,) if self._item.message.late else ()

    async def _until(self, task: asyncio.Task[Any], seconds: float) -> None:
        await workflow.wait_condition(
            lambda: task.done() or bool(self._ending) or self.leave.held, timeout=timedelta(seconds=seconds)
        )


def _deadline(permit: asyncio.Task[Permit]) -> float:
    """Seconds, as the permit grants them."""
    if permit.done() and not permit.cancelled() and permit.exception() is None:
        return permit.result().limits.deadline
    return Limits().deadline
