"""The fork rule: append at most once, else fork. One branch of one Mistral conversation, as its writer sees it.

Mistral keeps the conversation and has no idempotency key, so an append of unknown outcome is never repeated on its
branch: the next try is a `restart` from the last committed entry, which makes a new branch without whatever may have
been stored after it. A late write of the request that was given up lands on a branch nobody reads.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from workflows.contracts import (
    BeginTurn,
    Head,
    LineState,
    Permit,
    PinnedAgent,
    StepInputs,
    StepMode,
    StepOutcome,
    StepRequest,
    Usage,
)
from workflows.errors import Failure, OutcomeClass, failure_of
from workflows.policies import (
    BUSY_BACKOFF,
    LOST_STEP,
    STEP_BACKOFF,
    STEP_TRIES,
    UNSENT_BACKOFF_LIMIT,
    UNUSABLE_TRIES,
)
from workflows.ports import begin_turn, run_step
from workflows.scope import Scope
from workflows.sentences import waiting_until

_REFUSED = (400, 422)
_GONE = 404


class TurnFailed(Exception):
    """The turn ends in a plain sentence. `code` picks it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Stopped(Exception):
    """The step was stopped while it streamed; `text` is what people saw of it."""

    def __init__(self, text: str) -> None:
        super().__init__("stopped")
        self.text = text


class ForkRefused(Exception):
    """Mistral would not fork from here (unverified for a `function.call`): fork from the turn's own head instead."""


class BranchGone(Exception):
    """404 on a known branch: it was deleted, or the key has another owner."""


class Branch:
    """Where a conversation stands. One writer at a time: the turn that runs.

    `strays`: a step of unknown outcome may have left a branch that nobody refers to.
    """

    def __init__(
        self,
        scope: Scope,
        agent: PinnedAgent,
        *,
        head: Head | None = None,
        tainted: bool = False,
        line: str,
        label: str,
    ) -> None:
        self.head = head
        self.tainted = tainted
        self.strays = False
        self.agent = agent
        self.line = line
        self._scope = scope
        self._label = label

    async def step(self, inputs: StepInputs, *, key: str, schema: str = "", stream: bool = False) -> StepOutcome:
        """Send once, and again by the fork rule, until a complete reply is committed as the new head.

        Raises TurnFailed, Stopped, ForkRefused, BranchGone, or ActivityError where the turn was cancelled.
        """
        unsent = sent = unusable = 0
        again = False
        while True:
            mode = self._mode()
            try:
                outcome = await self._post(inputs, mode, f"{key}#{sent + unsent + 1}", schema=schema, stream=stream)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    self.tainted = True
                    self._lost(None)
                    raise
                failure = failure_of(error)
            else:
                return self._commit(outcome)
            if failure.outcome is OutcomeClass.TERMINAL:
                if failure.status != _GONE or mode is not StepMode.START or again:
                    raise self._final(failure, mode)
                again = True
                self.agent = await self._pinned_again()
                continue
            if failure.outcome is OutcomeClass.AMBIGUOUS:
                self.tainted = self.strays = True
                self._lost(failure.tokens)
            if failure.sent:
                sent += 1
                unusable += failure.unusable
                if sent >= STEP_TRIES or unusable >= UNUSABLE_TRIES:
                    raise TurnFailed(failure.code)
            else:
                unsent += 1
            await self._wait(failure, sent, unsent)

    def _mode(self) -> StepMode:
        if self.head is None:
            return StepMode.START
        return StepMode.RESTART if self.tainted else StepMode.APPEND

    async def _post(self, inputs: StepInputs, mode: StepMode, key: str, *, schema: str, stream: bool) -> StepOutcome:
        request = StepRequest(
            thread=self._scope.thread,
            key=key,
            agent=self.agent,
            mode=mode,
            head=self.head,
            inputs=inputs,
            schema=schema,
            live=self._scope.progress.snapshot(),
            line=self.line,
            stream=stream,
            trace=self._scope.trace,
        )
        return await self._scope.call(run_step, request, summary=f"{self._label} · {mode.value} · {key}")

    async def _pinned_again(self) -> PinnedAgent:
        """A start found no agent: somebody deleted it. Another one is made, or the one made meanwhile is found."""
        request = BeginTurn(
            thread=self._scope.thread,
            turn=self._scope.turn,
            asker=self._scope.asker,
            roles=(self.agent.role,),
            trace=self._scope.trace,
            fresh=True,
        )
        try:
            permit: Permit = await self._scope.call(begin_turn, request, summary=f"{self._label} again")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            raise TurnFailed(failure_of(error).code) from error
        if permit.refused:
            raise TurnFailed(permit.refused)
        return permit.agent(self.agent.role)

    def _commit(self, outcome: StepOutcome) -> StepOutcome:
        self._scope.spend(outcome.usage)
        if outcome.partial or outcome.head is None:
            self.tainted = self.strays = True
            self._lost(None)
            raise Stopped(outcome.text)
        self.head = outcome.head
        self.tainted = False
        return outcome

    def _lost(self, tokens: int | None) -> None:
        """A step that brought nothing may have been paid for: what is not booked could be asked for again for ever."""
        self._scope.spend(Usage(lost=max(LOST_STEP, self._scope.largest_step) if tokens is None else tokens))

    def _final(self, failure: Failure, mode: StepMode) -> Exception:
        if failure.status == _GONE and mode is not StepMode.START:
            return BranchGone()
        if failure.status in _REFUSED and mode is StepMode.RESTART:
            return ForkRefused()
        return TurnFailed(failure.code)

    async def _wait(self, failure: Failure, sent: int, unsent: int) -> None:
        """Wait as told, else by the back-off of the failure's class; people see that and until when."""
        if failure.unusable:
            return  # Nobody is busy or away: the model is asked again at once.
        if failure.outcome is OutcomeClass.AMBIGUOUS:
            seconds = STEP_BACKOFF[min(sent - 1, len(STEP_BACKOFF) - 1)]
        elif failure.retry_after is not None:
            seconds = failure.retry_after
        elif failure.sent:
            seconds = BUSY_BACKOFF[min(sent - 1, len(BUSY_BACKOFF) - 1)]
        else:
            seconds = min(0.5 * 2.0 ** min(unsent, 10), UNSENT_BACKOFF_LIMIT)
        if seconds <= 0:
            return
        if seconds < 1.0:
            await asyncio.sleep(seconds)
            return
        until = workflow.now() + timedelta(seconds=seconds)
        detail = (
            waiting_until(until.strftime("%H:%M:%S"))
            if failure.code == "mistral_busy"
            else f"trying again at {until.strftime('%H:%M:%S')} UTC"
        )
        await self._scope.mark(self.line, self._label, LineState.WAITING, detail)
        self._scope.go_on()
        await asyncio.sleep(max(0.0, (until - workflow.now()).total_seconds()))
        self._scope.progress.mark(self.line, LineState.RUNNING)
