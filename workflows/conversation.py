"""ConversationWorkflow: one thread for as long as it lives. Messages in, turns one after the other, answers out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import identity
from workflows.contracts import (
    Answer,
    AnswerState,
    Asker,
    ConversationState,
    ConversationView,
    DeletedMessage,
    EditedMessage,
    EndTurn,
    FinishAnswer,
    Head,
    IncomingMessage,
    MessageRef,
    PostAnswer,
    RetryRequest,
    StopRequest,
    TurnRecord,
    Withdraw,
)
from workflows.errors import failure_of
from workflows.inbox import Inbox, Item
from workflows.policies import HISTORY_LIMIT, TURNS_KEPT
from workflows.ports import end_turn, finish_answer, post_answer, withdraw
from workflows.scope import execute
from workflows.sentences import retry_refused
from workflows.turn import Outcome, Turn

P = TypeVar("P")
R = TypeVar("R")

_OLD_QUESTION = 200


@workflow.defn(name="ConversationWorkflow")
class ConversationWorkflow:
    """The durable thing, one per thread."""

    @workflow.init
    def __init__(self, state: ConversationState) -> None:
        # A signal's handler runs before run(): all state is built here.
        self._state = state
        self._inbox = Inbox(state)
        self._turns = list(state.turns)
        self._head = state.head
        self._tainted = state.tainted
        self._running: Item | None = None
        self._turn: Turn | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._step = ""
        self._searchable = state.searchable
        self._turn_count = state.turn_count
        self._opening = False
        for request in state.retries:
            self._inbox.put_back(request, self._turns[-1])

    @workflow.run
    async def run(self, state: ConversationState) -> None:
        """Take turns until the thread is continued as new."""
        opener = asyncio.create_task(self._open_all())
        while True:
            await workflow.wait_condition(lambda: bool(self._inbox.items) or self._long_enough())
            if self._long_enough():
                await workflow.wait_condition(self._quiet)
                opener.cancel()
                workflow.continue_as_new(self._carried())
            item = self._inbox.items[0]
            outcome = await self._take_turn(item)
            if outcome.cancelled:
                raise asyncio.CancelledError

    # --- Signals: synchronous, so that nothing can come between -------------------------------------------------------

    @workflow.signal
    def receive(self, message: IncomingMessage) -> None:
        """A message for us. Repeats, and other events of the same gesture, are harmless."""
        self._inbox.add(message)

    @workflow.signal
    def edit(self, edited: EditedMessage) -> None:
        """A person edited a message: a queued question changes."""
        self._inbox.edit(edited, running=self._running)

    @workflow.signal
    def delete(self, deleted: DeletedMessage) -> None:
        """A message was deleted: a queued question is withdrawn, the running one (or its placeholder) stops."""
        item = self._inbox.find(deleted.message)
        if item is None:
            return
        if item is self._running or item is self._inbox.items[0] or item.turn != deleted.message:
            self._stop(item)
            return
        self._inbox.items.remove(item)
        self._spawn(self._withdraw(item))

    @workflow.signal
    def retry(self, request: RetryRequest) -> None:
        """Try the last turn again. The same gesture delivered twice is one retry."""
        if self._inbox.first_time(f"retry:{request.request}"):
            self._again(request)

    @workflow.signal
    def stop(self, request: StopRequest) -> None:
        """Stop the running turn at once; its partial text stays."""
        item = self._inbox.find(request.answer) if request.answer else next(iter(self._inbox.items), None)
        if item is not None and _may(request.asker, item.message.asker):
            self._stop(item)

    @workflow.query
    def view(self) -> ConversationView:
        """What this conversation is doing."""
        return ConversationView(
            state="idle" if self._running is None else "running",
            step=self._step,
            queued=max(0, len(self._inbox.items) - 1),
            turns=self._turn_count,
            tokens=sum(turn.tokens for turn in self._turns),
            last_turn=self._turns[-1] if self._turns else None,
        )

    # --- Placeholders ------------------------------------------------------------------------------------------------

    async def _open_all(self) -> None:
        """Post one placeholder a message, in order, as soon as it is queued: who waits sees it."""
        while True:
            await workflow.wait_condition(lambda: self._unopened() is not None)
            item = self._unopened()
            if item is None:
                continue
            waits = item is not self._inbox.items[0]
            answer = Answer(key=item.turn, state=AnswerState.WAITING if waits else AnswerState.WORKING)
            self._opening = True
            try:
                await self._open(item, answer)
            finally:
                self._opening = False

    def _unopened(self) -> Item | None:
        return next((item for item in self._inbox.items if item.opened is None and not item.gone), None)

    async def _open(self, item: Item, answer: Answer) -> None:
        request = PostAnswer(thread=self._state.thread, answer=answer, trace=item.message.trace)
        try:
            posted = await self._deliver(post_answer, request, item.message.asker, f"placeholder {item.turn}")
        except ActivityError:
            item.gone = True
            return
        if posted.messages:
            item.opened = posted.messages[0]
        else:
            item.gone = True

    async def _withdraw(self, item: Item) -> None:
        await workflow.wait_condition(lambda: item.opened is not None or item.gone)
        if item.opened is not None:
            request = Withdraw(messages=(item.opened,), trace=item.message.trace)
            try:
                await self._deliver(withdraw, request, item.message.asker, f"withdraw {item.turn}")
            except ActivityError:
                workflow.logger.warning("a withdrawn question's placeholder could not be deleted")

    # --- A turn ------------------------------------------------------------------------------------------------------

    async def _take_turn(self, item: Item) -> Outcome:
        self._running = item
        turn = self._turn = Turn(self._state.thread, item, head=self._head, tainted=self._tainted)
        if item.stopped:
            turn.stop()
        self._show_state("running", item)
        outcome = await turn.run()
        self._turn = None
        if turn.searchable is not None:
            self._searchable = turn.searchable
        messages = await self._finish(item, outcome.answer)
        self._record(item, outcome, messages, turn.head_before)
        # From here on this turn is the last one: it can be tried again while its books are still being kept.
        self._running = None
        self._inbox.items.remove(item)
        self._show_state("running" if self._inbox.items else "idle", item)
        await self._end(item, outcome)
        return outcome

    # --- The last word -----------------------------------------------------------------------------------------------

    async def _finish(self, item: Item, answer: Answer) -> tuple[MessageRef, ...]:
        """Replace the placeholder, whatever happened. Nothing is posted for a turn whose placeholder is gone."""
        if item.opened is None:
            return ()
        messages = item.again.answers if item.again is not None else (item.opened,)
        request = FinishAnswer(thread=self._state.thread, messages=messages, answer=answer, trace=item.message.trace)
        try:
            posted = await self._deliver(finish_answer, request, item.message.asker, f"answer {item.turn}")
        except ActivityError as error:
            workflow.logger.error("turn parked: its answer cannot be delivered (%s)", failure_of(error).code)
            self._show_state("parked", item)
            return messages
        return posted.messages

    async def _end(self, item: Item, outcome: Outcome) -> None:
        """Book tokens and tidy up, before the next turn makes branches of its own."""
        keep = {head.branch for head in (self._head, self._turns[-1].head_before) if head is not None}
        request = EndTurn(
            thread=self._state.thread,
            turn=f"{item.turn}:{item.attempt}",
            asker=item.message.asker,
            tokens=outcome.usage.total,
            keep=tuple(sorted(keep)),
            tidy=self._tainted or item.message.research is not None or item.again is not None or not outcome.committed,
            trace=item.message.trace,
        )
        try:
            await execute(end_turn, request, asker=item.message.asker, summary=f"book {item.turn}")
        except ActivityError as error:
            workflow.logger.warning("tokens not booked or branches not deleted (%s)", failure_of(error).code)

    def _record(self, item: Item, outcome: Outcome, messages: tuple[MessageRef, ...], before: Head | None) -> None:
        if outcome.committed:
            self._head, self._tainted = outcome.head, False
        else:
            self._head, self._tainted = before, self._tainted or item.again is not None or not outcome.untouched
        record = TurnRecord(
            id=item.turn,
            number=item.again.number if item.again is not None else self._turn_count + 1,
            message=item.message.message,
            question=item.message.text,
            asker=item.message.asker,
            state=outcome.answer.state,
            answers=messages,
            research=item.message.research,
            head_before=before,
            tokens=outcome.usage.total + (item.again.tokens if item.again is not None else 0),
            attempt=item.attempt,
        )
        if item.again is not None:
            self._turns = [turn for turn in self._turns if turn.id != record.id]
        else:
            self._turn_count += 1
        # Only the last turn can be tried again, so only its question is kept whole.
        self._turns = [replace(turn, question=turn.question[:_OLD_QUESTION]) for turn in self._turns]
        self._turns = [*self._turns, record][-TURNS_KEPT:]

    # --- Retry and stop ----------------------------------------------------------------------------------------------

    def _again(self, request: RetryRequest) -> None:
        record = self._turns[-1] if self._turns else None
        running = self._running
        on_running = (
            running is not None
            and running.opened is not None
            and request.answer in ("", running.opened.message, running.turn)
        )
        if on_running:
            return self._refuse(request, "running")
        if record is None or not record.answers:
            return self._refuse(request, "nothing")
        on_last = request.answer in ("", record.id, *(message.message for message in record.answers))
        if self._inbox.items or not on_last:
            return self._refuse(request, "not_last")
        if not _may(request.asker, record.asker):
            return self._refuse(request, "not_yours")
        self._inbox.add_retry(request, record)
        return None

    def _refuse(self, request: RetryRequest, reason: str) -> None:
        notice = Answer(key=f"notice:{request.request}", state=AnswerState.FINAL, text=retry_refused(reason))
        self._spawn(self._notify(request, notice))

    async def _notify(self, request: RetryRequest, notice: Answer) -> None:
        post = PostAnswer(thread=self._state.thread, answer=notice, trace=request.trace)
        try:
            await self._deliver(post_answer, post, request.asker, "notice")
        except ActivityError:
            workflow.logger.warning("a notice could not be posted")

    def _stop(self, item: Item) -> None:
        """Stop a turn, or see to it that one still queued stops as soon as it is its turn."""
        item.stopped = True
        if item is self._running and self._turn is not None:
            self._turn.stop()

    # --- Small things ------------------------------------------------------------------------------------------------

    async def _deliver(self, port: Callable[[P], Awaitable[R]], request: P, asker: Asker, summary: str) -> R:
        return await execute(port, request, asker=asker, platform=self._state.thread.platform, summary=summary)

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _show_state(self, state: str, item: Item) -> None:
        """Search attributes and current details: what visibility and Temporal's UI show."""
        what = f"/research {item.message.research.symbol}" if item.message.research is not None else "follow-up"
        self._step = "" if state == "idle" else what
        workflow.set_current_details(f"{state}: {what}, turn {self._turn_count + 1}")
        if self._searchable:
            workflow.upsert_search_attributes(
                [
                    identity.TURN_STATE.value_set(state),
                    identity.ASKER.value_set(item.message.asker.user),
                    identity.LAST_MESSAGE.value_set(workflow.now()),
                ]
            )

    def _quiet(self) -> bool:
        """Nothing is under way that continue-as-new would cut off."""
        return workflow.all_handlers_finished() and not self._tasks and not self._opening

    def _long_enough(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.get_current_history_length() > HISTORY_LIMIT

    def _carried(self) -> ConversationState:
        return replace(
            self._state,
            head=self._head,
            tainted=self._tainted,
            inbox=self._inbox.queued(),
            retries=self._inbox.retries(),
            seen=self._inbox.seen(),
            turns=tuple(self._turns),
            turn_count=self._turn_count,
            searchable=self._searchable,
        )


def _may(who: Asker, owner: Asker) -> bool:
    """A turn belongs to its asker and to administrators."""
    return who.admin or who.user == owner.user
