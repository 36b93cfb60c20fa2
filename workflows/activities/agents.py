"""Agent steps: leave to run a turn, one POST to Mistral, and tidying up behind it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from temporalio import activity

from workflows.activities.heartbeat import heartbeating
from workflows.activities.inputs import InputRenderer
from workflows.activities.roster import Roster
from workflows.blobs import BlobStore
from workflows.contracts import (
    Asker,
    BeginTurn,
    Done,
    EndTurn,
    Limits,
    Permit,
    Refusal,
    StepOutcome,
    StepRequest,
    Terms,
    ThreadRef,
    ToolCall,
    Usage,
)
from workflows.errors import Ambiguous, CallError, Retriable, Terminal, decided_by_workflow, retried_by_temporal
from workflows.identity import conversation_id
from workflows.live import LiveBoards, Seat
from workflows.mcp_client import MarketTools
from workflows.mistral import MistralClient, Step
from workflows.policies import CITATIONS, TIDYING_TRIES, TIDYING_WAIT
from workflows.reports import partial_report, readable
from workflows.structured import Plan, Report, Unusable, Verdict, parse, response_format

_SHOW_EVERY = 0.1
"""Seconds between two renderings of streaming text; the board shows fewer still."""

_CALLS = 200
_NAME = 64
_ARGUMENTS = 8_000
_ALL_ARGUMENTS = 80_000
"""Calls of one step, and characters of their names and arguments: a payload must stay far below what Temporal takes."""

_log = logging.getLogger(__name__)


class Ledger(Protocol):
    """Tokens per asker and day."""

    async def book(self, thread: ThreadRef, asker: Asker, key: str, tokens: int, *, of_workspace: bool = False) -> None:
        """Book tokens of a turn's attempt, whose place is free then. Run again: the same key counts once."""
        ...

    async def admit(
        self, thread: ThreadRef, asker: Asker, key: str, terms: Terms, *, kind: str, moment: float = 0.0
    ) -> Refusal:
        """Take a place for a turn's attempt, if its asker has one. Run again: the same one. Booked already: none."""
        ...

    async def spent_in_workspace(self, thread: ThreadRef) -> int:
        """Tokens that the thread's workspace used today (UTC)."""
        ...


class Hold(Protocol):
    """The pause, where there is one."""

    async def waits(self, thread: ThreadRef, leave: str) -> bool:
        """Whether a turn must wait; it is on the list then. Run again: it keeps its place."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnTerms:
    """What every turn is granted. `asker` bounds what one asker may use, `workspace_tokens` a day what all may."""

    limits: Limits = field(default_factory=Limits)
    asker: Terms = field(default_factory=Terms)
    workspace_tokens: int | None = None
    searchable: bool = False


class AgentActivities:
    """Steps of agents. `run_step` is never repeated by Temporal: its errors are decided by the workflow."""

    def __init__(
        self,
        mistral: MistralClient,
        tools: MarketTools,
        blobs: BlobStore,
        boards: LiveBoards,
        *,
        roster: Roster | None = None,
        terms: TurnTerms = TurnTerms(),
        ledger: Ledger | None = None,
        hold: Hold | None = None,
    ) -> None:
        self._mistral = mistral
        self._blobs = blobs
        self._boards = boards
        self._roster = roster or Roster(mistral, tools)
        self._inputs = InputRenderer(tools, blobs)
        self._terms = terms
        self._ledger = ledger
        self._hold = hold

    @activity.defn(name="begin_turn")
    async def begin_turn(self, request: BeginTurn) -> Permit:
        """Look for a pause, take a place of the asker's and pin the agents. Run again: the same place and agents."""
        async with heartbeating():
            if request.fresh:
                self._roster.forget()
            # Beside the look, which most often finds no pause; and where it does, what is broken may be what pins.
            pinning = asyncio.create_task(self._roster.pin(request.roles))
            try:
                refused = await self._refused(request)
                if refused:
                    return Permit(limits=self._terms.limits, searchable=self._terms.searchable, refused=refused)
                agents, toolset = await pinning
                leased = self._metered and not request.fresh
            except CallError as error:
                # From None, here and below: a vendor's exception text stays out of history.
                if self._overdue():
                    raise decided_by_workflow(error) from None
                raise retried_by_temporal(error) from None
            finally:
                pinning.cancel()
                await asyncio.gather(pinning, return_exceptions=True)
        return Permit(
            agents=agents,
            toolset=toolset,
            limits=self._terms.limits,
            searchable=self._terms.searchable,
            leased=leased,
        )

    @activity.defn(name="run_step")
    async def run_step(self, request: StepRequest) -> StepOutcome:
        """One POST to Mistral.

        If it happened and we were not told: Ambiguous. If we were stopped while people watched the text come: what
        they saw, marked as partial.
        """
        async with heartbeating(), self._boards.watch(request.live, request.line) as seat:
            screen = _Screen(seat, _rendering(request))
            try:
                return await self._outcome(request, await self._send(request, screen))
            except CallError as error:
                if isinstance(error, Terminal) and error.status == 404:
                    self._roster.forget()
                raise decided_by_workflow(error) from None
            except asyncio.CancelledError:
                if _stopped() and screen.text:
                    return StepOutcome(head=None, usage=Usage(calls=1), text=readable(screen.text), partial=True)
                raise

    @activity.defn(name="end_turn")
    async def end_turn(self, request: EndTurn) -> Done:
        """Book the turn's tokens and delete branches nobody refers to. Run again: booked once, and gone already."""
        async with heartbeating():
            try:
                if self._ledger is not None and (request.tokens > 0 or self._metered):
                    await self._ledger.book(
                        request.thread,
                        request.asker,
                        request.turn,
                        request.tokens,
                        of_workspace=self._terms.workspace_tokens is not None,
                    )
            except CallError as error:
                raise retried_by_temporal(error) from None
            # A try that hung was ended from outside, and could not say that it gives up: the next turn waits for us.
            if not request.tidy or activity.info().attempt > TIDYING_TRIES:
                return Done()
            thread = conversation_id(request.thread)
            try:
                return Done(count=await self._mistral.delete_branches(thread, frozenset(request.keep)))
            except CallError as error:
                told = error.retry_after if isinstance(error, Retriable) else None
                if activity.info().attempt >= TIDYING_TRIES or (told or 0.0) > TIDYING_WAIT:
                    # What was spent is written down, and that alone is worth waiting for.
                    _log.warning("branches were not deleted: %s", error)
                    return Done()
                raise retried_by_temporal(error) from None

    # --- How ---------------------------------------------------------------------------------------------------------

    def _overdue(self) -> bool:
        """Whether waiting for leave took the turn's time: a workflow is told of its deadline only with the permit.

        Until this attempt began: that is told by the server's clock alone, from which ours may be minutes off.
        """
        info = activity.info()
        waited = info.started_time - info.scheduled_time
        return waited.total_seconds() >= self._terms.limits.deadline

    async def _refused(self, request: BeginTurn) -> str:
        """Why the turn may not begin; "" if it may. One that runs already, and looks for its agents, is not held."""
        if self._hold is not None and not request.fresh and await self._hold.waits(request.thread, request.leave):
            return "paused"
        # What was let in is never put out in its middle.
        if self._ledger is None or request.fresh:
            return ""
        shared = self._terms.workspace_tokens
        if shared is not None and await self._ledger.spent_in_workspace(request.thread) >= shared:
            return "workspace_budget"
        if not self._metered:
            return ""
        kind = "question" if request.roles == ("analyst",) else "research"
        terms = replace(self._terms.asker, seconds=self._terms.limits.deadline)
        key = f"{request.turn}:{request.attempt}"
        return await self._ledger.admit(request.thread, request.asker, key, terms, kind=kind, moment=request.moment)

    @property
    def _metered(self) -> bool:
        """Whether askers have a limit of their own, so that each turn takes a place."""
        return self._ledger is not None and self._terms.asker != Terms()

    async def _send(self, request: StepRequest, screen: _Screen) -> Step:
        try:
            entries = await self._inputs.entries(request.inputs, request.agent.role)
        except Retriable as error:
            # Nothing has gone to Mistral, whatever the tool server was sent.
            raise Retriable(str(error), code=error.code, retry_after=error.retry_after, sent=False) from error
        return await self._mistral.step(
            request.mode,
            agent=request.agent,
            head=request.head,
            entries=entries,
            metadata={"thread": conversation_id(request.thread), "step": request.key},
            response_format=response_format(request.schema) if request.schema else None,
            on_text=screen.show,
            on_tool=screen.tool,
        )

    async def _outcome(self, request: StepRequest, step: Step) -> StepOutcome:
        """What the workflow gets. From here on every failure is ambiguous: Mistral has stored the step."""
        cost = step.usage.total
        outcome = StepOutcome(
            head=step.head, usage=step.usage, calls=_callable(step.calls, cost), citations=step.citations[:CITATIONS]
        )
        spoken = request.agent.role == "analyst" and not request.schema
        if step.calls:
            return replace(outcome, text=readable(step.text)) if spoken else outcome
        if not step.text.strip():
            raise Ambiguous("the reply is empty", code="empty_output", unusable=True, tokens=cost)
        try:
            match request.schema:
                case "Plan":
                    return replace(outcome, plan=parse(Plan, step.last).value())
                case "Verdict":
                    return replace(outcome, verdict=parse(Verdict, step.last).value())
                case "Report":
                    report = parse(Report, step.last).model_dump_json()
                    return replace(outcome, document=await self._blobs.put(report.encode(), "application/json"))
                case _ if spoken:
                    return replace(outcome, text=readable(step.text))
                case _:
                    return replace(outcome, document=await self._blobs.put(step.text.encode(), "text/markdown"))
        except Unusable as error:
            raise Ambiguous(str(error), code="unusable_output", unusable=True, tokens=cost) from None
        except OSError as error:
            _log.exception("A step's output could not be kept")
            reason = f"the output could not be kept: {type(error).__name__}"
            raise Ambiguous(reason, code="internal", tokens=cost) from None


class _Screen:
    """What people see of a step while it runs. `text` is the newest they may have seen."""

    def __init__(self, seat: Seat, render: Callable[[str], str] | None) -> None:
        self.text = ""
        self._seat = seat
        self._render = render
        self._next = 0.0

    def show(self, text: str) -> None:
        """Show all text so far, at most every `_SHOW_EVERY` seconds."""
        now = time.monotonic()
        if self._render is None or now < self._next:
            return
        self._next = now + _SHOW_EVERY
        self.text = self._render(text)
        if self.text:
            self._seat.text(self.text)

    def tool(self, name: str) -> None:
        """Say which built-in tool runs."""
        self._seat.detail(name.replace("_", " "))


def _rendering(request: StepRequest) -> Callable[[str], str] | None:
    """How a step's text is shown while it comes; None where it is not."""
    if not request.stream or request.schema not in ("", "Report"):
        return None
    return partial_report if request.schema == "Report" else str


def _stopped() -> bool:
    """Whether somebody asked for the stop. A worker that shuts down, or a time-out, is no wish of anybody."""
    details = activity.cancellation_details()
    return details is not None and details.cancel_requested


def _callable(calls: tuple[ToolCall, ...], cost: int) -> tuple[ToolCall, ...]:
    """The calls, fit for history. Arguments that are cut are no JSON any more, and the model is told so.

    Every call needs an answer, so none can be left out.
    """
    if len(calls) > _CALLS:
        raise Ambiguous(f"the reply asks for {len(calls)} calls", code="unusable_output", unusable=True, tokens=cost)
    room = min(_ARGUMENTS, _ALL_ARGUMENTS // max(1, len(calls)))
    return tuple(replace(call, name=call.name[:_NAME], arguments=call.arguments[:room]) for call in calls)
