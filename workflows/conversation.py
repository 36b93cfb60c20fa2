"""ConversationWorkflow: one thread for as long as it lives. Messages in, turns one after the other, answers out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import identity
from workflows.contracts import (
    Answer,
    AnswerState,
    ConversationState,
    ConversationView,
    DeletedMessage,
    EditedMessage,
    EndTurn,
    GoOn,
    Heard,
    HeardOf,
    IncomingMessage,
    RetryRequest,
    StopRequest,
)
from workflows.errors import failure_of
from workflows.inbox import Inbox, Item
from workflows.leave import Leave
from workflows.memory import Memory, may
from workflows.placeholders import Placeholders
from workflows.policies import HISTORY_LIMIT
from workflows.ports import end_turn
from workflows.scope import execute
from workflows.turn import Outcome, Turn

R = TypeVar("R")


@workflow.defn(name="ConversationWorkflow")
class ConversationWorkflow:
    """The durable thing, one per thread."""

    @workflow.init
    def __init__(self, state: ConversationState) -> None:
        # A signal's handler runs before run(): all state is built here.
        self._state = state
        self._inbox = Inbox(state)
        self._memory = Memory(state)
        self._placeholders = Placeholders(state.thread, self._inbox)
        self._running: Item | None = None
        self._turn: Turn | None = None
        self._early: list[RetryRequest] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._step = ""
        self._searchable = state.searchable
        self._closing = False

    @workflow.run
    async def run(self, state: ConversationState) -> None:
        """Take turns until the thread is continued as new, or somebody cancels this workflow."""
        opener = asyncio.create_task(self._placeholders.open_all())
        # The turns run beside this task, which a cancellation hits in the middle of whatever it awaits.
        serving = asyncio.create_task(self._serve())
        try:
            # Asked in one condition: an instant later the next placeholder may be under way, and be cut off.
            await workflow.wait_condition(lambda: serving.done() and self._quiet())
        except asyncio.CancelledError:
            if workflow.cancellation_reason() is None:
                raise  # Only this worker lets go of it.
            # Whoever still waits for an answer is told that there will be none.
            self._close()
            await (self._serve() if serving.done() else serving)
            raise
        serving.result()
        opener.cancel()
        workflow.continue_as_new(self._carried())

    async def _serve(self) -> None:
        """Take turns until it is time to continue as new or, closing, until all have been told."""
        while True:
            await workflow.wait_condition(lambda: bool(self._inbox.items) or self._closing or self._long_enough())
            if self._long_enough() and not self._closing:
                return
            if self._inbox.items:
                await self._take_turn(self._inbox.items[0])
            else:
                await workflow.wait_condition(lambda: self._quiet() or bool(self._inbox.items))
                if not self._inbox.items:
                    return

    # --- Signals: synchronous, so that nothing can come between -------------------------------------------------------

    @workflow.signal
    def receive(self, message: IncomingMessage) -> None:
        """A message for us. Repeats, and other events of the same gesture, are harmless."""
        item = self._inbox.add(message)
        if item is not None:
            item.stopped = self._closing

    @workflow.signal
    def edit(self, edited: EditedMessage) -> None:
        """A person edited a message: a queued question changes."""
        self._inbox.edit(edited, running=self._begun)

    @workflow.signal
    def delete(self, deleted: DeletedMessage) -> None:
        """A message was deleted: a queued question is withdrawn, the running one (or its placeholder) stops."""
        item = self._inbox.find(deleted.message)
        if item is None:
            self._placeholders.deleted(deleted.message)
        elif item is self._running:
            self._stop(item)
        elif deleted.message == item.turn or item.again is not None:
            self._inbox.items.remove(item)
            # What a queued retry would have replaced has an outcome already, and keeps it.
            if item.again is None:
                self._spawn(self._placeholders.withdraw(item))
        else:
            # It still takes its turn, as a stopped one; nothing will be said.
            item.opened, item.gone = None, True

    @workflow.signal
    def retry(self, request: RetryRequest) -> None:
        """Try the last turn again. The same gesture delivered twice is one retry."""
        if not self._inbox.first_wish(request) or self._closing:
            return
        if self._running is not None and self._turn is None:
            # People may see the outcome already; we shall know in a moment.
            self._early.append(request)
        else:
            self._again(request)

    @workflow.signal
    def stop(self, request: StopRequest) -> None:
        """Stop a turn at once, the running one unless told otherwise; its partial text stays."""
        if not self._inbox.first_stop(request):
            return
        item = self._inbox.find(request.answer) if request.answer else next(iter(self._inbox.items), None)
        if item is None and not self._memory.shows(request.answer):
            # People see a placeholder a moment before we are told that it stands.
            item = self._placeholders.opening
        later = item is not None and 0 < request.moment < item.message.moment
        if item is not None and not later and may(request.asker, item.message.asker):
            self._stop(item)

    @workflow.signal
    def go_on(self, request: GoOn) -> None:
        """The pause is over for the turn that waits; without one, it was stopped meanwhile."""
        if self._turn is not None:
            self._turn.leave.go_on(request.hold)

    @workflow.query
    def heard(self, asked: HeardOf) -> Heard:
        """Which gestures this conversation knows, and what it has still to answer."""
        inbox = self._inbox
        return Heard(fresh=inbox.unheard(asked.ids), waiting=inbox.waiting(running=self._begun), until=inbox.until)

    @workflow.query
    def view(self) -> ConversationView:
        """What this conversation is doing."""
        return ConversationView(
            state=self._standing(),
            step=self._step,
            queued=sum(item is not self._running for item in self._inbox.items),
            turns=self._memory.turn_count,
            tokens=sum(turn.tokens for turn in self._memory.turns),
            last_turn=self._memory.last,
        )

    # --- A turn ------------------------------------------------------------------------------------------------------

    async def _take_turn(self, item: Item) -> None:
        leave = Leave(self._state.thread, item, too_long=self._long_enough, changed=lambda: self._show_state(item))
        turn = Turn(
            self._state.thread,
            item,
            leave=leave,
            head=self._memory.head,
            tainted=self._memory.tainted,
            stopped=item.stopped,
        )
        self._running, self._turn = item, turn
        self._show_state(item)
        outcome = await turn.run()
        self._turn = None
        if leave.put_off and not item.stopped:
            # It has not begun: it stays in the queue, and asks again after continue-as-new.
            self._running = None
            return
        if turn.searchable is not None:
            self._searchable = turn.searchable
        said = item.farewell if item.farewell is not None else self._placeholders.finish(item, outcome.answer)
        known = self._memory.branches()
        self._memory.record(item, outcome, await said, turn.head_before)
        left = set(known) - set(self._memory.branches())
        # From here on this turn is the last one: it can be tried again while its books are still being kept.
        self._running = None
        self._inbox.items.remove(item)
        while self._early:
            self._again(self._early.pop(0))
        self._show_state(item)
        await self._end(item, outcome, left=bool(left))

    async def _end(self, item: Item, outcome: Outcome, *, left: bool) -> None:
        """Book tokens and tidy up, before the next turn makes branches of its own."""
        if outcome.untouched and not outcome.leased and item.message.research is None:
            return
        request = EndTurn(
            thread=self._state.thread,
            turn=f"{item.turn}:{item.attempt}",
            asker=item.message.asker,
            tokens=outcome.usage.booked,
            keep=self._memory.branches(),
            tidy=left or outcome.strays or not outcome.committed or item.again is not None,
            trace=item.message.trace,
        )
        try:
            await execute(end_turn, request, asker=item.message.asker, summary=f"book {item.turn}")
        except ActivityError as error:
            workflow.logger.warning("tokens not booked or branches not deleted (%s)", failure_of(error).code)

    def _again(self, request: RetryRequest) -> None:
        last = self._memory.last
        refused = self._memory.refusal(request, running=self._running, waiting=bool(self._inbox.items))
        if self._closing:
            refused = refused or "stopped"
        if refused or last is None:
            self._spawn(self._placeholders.refuse(request, refused))
        else:
            self._inbox.add_retry(request, last)

    def _stop(self, item: Item) -> None:
        """Stop a turn at once, wherever it stands."""
        item.stopped = True
        if item is self._running:
            if self._turn is not None:
                self._turn.stop()
        elif item.again is not None:
            self._inbox.items.remove(item)
            if item.request is not None:
                self._spawn(self._placeholders.refuse(item.request, "stopped"))
        elif item.farewell is None:
            # It does not wait for the run in front of it, and still takes its turn, so that it can be tried again.
            stopped = Answer(key=item.turn, state=AnswerState.STOPPED)
            item.farewell = self._spawn(self._placeholders.finish(item, stopped))

    def _close(self) -> None:
        """Stop everything that runs or waits; what still comes in is stopped as well."""
        self._closing = True
        for item in tuple(self._inbox.items):
            self._stop(item)

    # --- Small things ------------------------------------------------------------------------------------------------

    def _spawn(self, job: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def _begun(self) -> Item | None:
        """The question that can no longer be changed."""
        return None if self._turn is not None and self._turn.leave.waits else self._running

    def _standing(self) -> str:
        """A value of the search attribute ClewTurnState. A parked turn shows until another one is taken."""
        if self._inbox.items:
            return "paused" if self._turn is not None and self._turn.leave.paused else "running"
        last = self._memory.last
        return "parked" if last is not None and last.parked else "idle"

    def _show_state(self, item: Item) -> None:
        """Search attributes and current details: what visibility and Temporal's UI show.

        ClewAsker stays who opened the thread: a colleague's follow-up takes it out of nobody's recent threads.
        """
        state = self._standing()
        what = f"/research {item.message.research.symbol}" if item.message.research is not None else "follow-up"
        self._step = what if self._inbox.items else ""
        workflow.set_current_details(f"{state}: {what}, turn {self._memory.turn_count + (self._running is not None)}")
        if self._searchable:
            workflow.upsert_search_attributes(  # pyright: ignore[reportUnknownMemberType] - temporalio's own gap
                [identity.TURN_STATE.value_set(state), identity.LAST_MESSAGE.value_set(workflow.now())]
            )

    def _quiet(self) -> bool:
        """Nothing is under way that continue-as-new would cut off."""
        return workflow.all_handlers_finished() and not self._tasks and not self._placeholders.busy

    def _long_enough(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.get_current_history_length() > HISTORY_LIMIT

    def _carried(self) -> ConversationState:
        return replace(
            self._state,
            head=self._memory.head,
            tainted=self._memory.tainted,
            inbox=self._inbox.queued(),
            retries=self._inbox.retries(),
            seen=self._inbox.seen(),
            turns=self._memory.turns,
            turn_count=self._memory.turn_count,
            searchable=self._searchable,
            until=self._inbox.until,
        )
