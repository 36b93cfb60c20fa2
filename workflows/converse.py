"""The tool loop: steps on a branch until the model has no more calls, the calls of one step in parallel."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace

from temporalio.exceptions import ActivityError, is_cancelled_exception

from workflows.branch import Branch, BranchGone, ForkRefused, Stopped, TurnFailed
from workflows.contracts import (
    BlobRef,
    CallResult,
    Chart,
    Evidence,
    Head,
    ReadThread,
    Source,
    StepInputs,
    StepOutcome,
    ToolCall,
    ToolRequest,
)
from workflows.policies import CALLS_PER_STEP, CITATIONS
from workflows.ports import call_tool, read_thread
from workflows.scope import Scope

_LIMIT = "The limit of tool calls is reached. Answer now from what you have, and say what is missing."
_TOO_MANY = "Too many calls at once. Ask again for the ones you still need."
_UNAVAILABLE = "This tool cannot be reached at the moment. Go on without it, and say what is missing."
_SHARE_FOR_A_TOOL = 0.33
_REPLAYS = 3


@dataclass(kw_only=True, slots=True)
class Reply:
    """The end of a tool loop. `limited`: the model still wanted tools when its rounds were used up."""

    outcome: StepOutcome
    evidence: tuple[Evidence, ...] = ()
    citations: tuple[Source, ...] = ()
    limited: bool = False
    rebuilt: bool = False

    @property
    def chart(self) -> Chart | None:
        """The last chart that a tool drew."""
        return next((item.chart for item in reversed(self.evidence) if item.chart is not None), None)


@dataclass(kw_only=True, slots=True)
class Conversing:
    """One loop on one branch. Results are recorded, so that a replayed question repeats no call."""

    scope: Scope
    branch: Branch
    key: str
    schema: str = ""
    stream: bool = False
    asked_in: str = ""
    _evidence: dict[tuple[str, str], Evidence] = field(default_factory=dict[tuple[str, str], Evidence])
    _citations: list[Source] = field(default_factory=list[Source])
    _rebuilt: bool = False
    _step: int = 0

    async def run(self, inputs: StepInputs) -> Reply:
        """Converse until an answer. Raises what `Branch.step` raises, less ForkRefused and BranchGone.

        A loop that ends without an answer leaves the branch where it began: open calls would wedge whoever comes next.
        """
        before = self.branch.head
        for _ in range(_REPLAYS):
            try:
                return await self._loop(inputs)
            except ForkRefused:
                if self.branch.head == before:
                    raise TurnFailed("mistral_refused") from None
                self._back_to(before)
            except BranchGone:
                self.branch.head, before, self._rebuilt = None, None, True
                inputs = replace(inputs, transcript=await self._transcript())
            except (TurnFailed, Stopped):
                self._back_to(before)
                raise
        self._back_to(before)
        raise TurnFailed("mistral_gone")

    def _back_to(self, head: Head | None) -> None:
        self.branch.head, self.branch.tainted = head, True
        self.branch.strays = True

    async def _loop(self, inputs: StepInputs) -> Reply:
        before = self.branch.head
        rounds = 0
        limit = self.scope.permit.limits.tool_steps
        outcome = await self._send(inputs)
        while outcome.calls and rounds <= limit:
            rounds += 1
            results = (
                await self._call_all(outcome.calls)
                if rounds <= limit
                else tuple(CallResult(call=call, refusal=_LIMIT) for call in outcome.calls)
            )
            outcome = await self._send(StepInputs(results=results))
        if outcome.calls:
            self._back_to(before)
        return Reply(
            outcome=outcome,
            evidence=tuple(self._evidence.values()),
            citations=tuple(dict.fromkeys(self._citations))[:CITATIONS],
            limited=rounds > limit,
            rebuilt=self._rebuilt,
        )

    async def _send(self, inputs: StepInputs) -> StepOutcome:
        self._step += 1
        outcome = await self.branch.step(inputs, key=f"{self.key}:{self._step}", schema=self.schema, stream=self.stream)
        self._citations += outcome.citations
        return outcome

    async def _call_all(self, calls: tuple[ToolCall, ...]) -> tuple[CallResult, ...]:
        running = [self.call(call) for call in calls[:CALLS_PER_STEP]]
        refused = [CallResult(call=call, refusal=_TOO_MANY) for call in calls[CALLS_PER_STEP:]]
        return (*(await asyncio.gather(*running)), *refused)

    async def call(self, call: ToolCall) -> CallResult:
        """One tool call; the same call a second time is answered from its record."""
        wanted = (call.name, _canonical(call.arguments))
        known = self._evidence.get(wanted)
        if known is not None:
            return CallResult(call=call, evidence=known)
        request = ToolRequest(
            thread=self.scope.thread,
            call=call,
            toolset=self.scope.permit.toolset,
            role=self.branch.agent.role,
            live=self.scope.progress.snapshot(),
            line=self.branch.line,
            trace=self.scope.trace,
        )
        try:
            evidence = await self.scope.call(
                call_tool, request, summary=call.name, within=self.scope.patience(_SHARE_FOR_A_TOOL)
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return CallResult(call=call, refusal=_UNAVAILABLE)
        self._evidence[wanted] = evidence
        return CallResult(call=call, evidence=evidence)

    async def _transcript(self) -> BlobRef:
        request = ReadThread(thread=self.scope.thread, before=self.asked_in, trace=self.scope.trace)
        try:
            return await self.scope.call(read_thread, request, on_platform=True)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            raise TurnFailed("mistral_gone") from error


def _canonical(arguments: str) -> str:
    """The same call written twice is one call, whatever the order of its arguments."""
    try:
        return json.dumps(json.loads(arguments), sort_keys=True)
    except ValueError:
        return arguments
