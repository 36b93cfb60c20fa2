"""Placeholders: one post a message, in order, as soon as it is queued; and what is said in one without a turn."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.contracts import (
    Answer,
    AnswerState,
    FinishAnswer,
    MessageRef,
    PostAnswer,
    RetryRequest,
    ThreadRef,
    Withdraw,
)
from workflows.errors import failure_of
from workflows.inbox import Inbox, Item
from workflows.ports import finish_answer, post_answer, withdraw
from workflows.scope import execute
from workflows.sentences import retry_refused


class Placeholders:
    """All that a conversation delivers. Each method delivers until it is done or the platform will never take it."""

    def __init__(self, thread: ThreadRef, inbox: Inbox) -> None:
        self._thread = thread
        self._inbox = inbox
        self._opening: Item | None = None
        self._deleted: set[str] = set()

    def deleted(self, message: str) -> None:
        """A message that nothing is known of was deleted: perhaps the one that is being posted right now."""
        if self._opening is not None:
            self._deleted.add(message)

    @property
    def opening(self) -> Item | None:
        """Whose placeholder is being posted right now."""
        return self._opening

    @property
    def busy(self) -> bool:
        """Whether one is being posted right now."""
        return self._opening is not None

    async def open_all(self) -> None:
        """Post one placeholder a message, oldest first, for ever: who waits sees it."""
        while True:
            await workflow.wait_condition(lambda: self._inbox.unopened() is not None)
            item = self._inbox.unopened()
            if item is None:
                continue
            self._opening = item
            try:
                await self._open(item)
            finally:
                self._opening = None
                self._deleted.clear()

    async def withdraw(self, item: Item) -> None:
        """Delete a question's placeholder; it has left the queue already."""
        await workflow.wait_condition(lambda: self._opening is not item)
        if item.opened is None:
            return
        request = Withdraw(messages=(item.opened,), trace=item.message.trace)
        try:
            await execute(
                withdraw,
                request,
                asker=item.message.asker,
                platform=self._thread.platform,
                summary=f"withdraw {item.turn}",
            )
        except ActivityError:
            workflow.logger.warning("a withdrawn question's placeholder could not be deleted")

    async def finish(self, item: Item, answer: Answer) -> tuple[MessageRef, ...]:
        """Replace what stands there, and return what shows it now. Nothing is posted where the placeholder is gone."""
        await workflow.wait_condition(lambda: item.has_place)
        if item.opened is None:
            return ()
        request = FinishAnswer(
            thread=self._thread,
            messages=item.shown_in,
            answer=answer,
            trace=item.message.trace,
            standing=None if answer.state is AnswerState.FINAL else item.standing,
        )
        try:
            posted = await execute(
                finish_answer,
                request,
                asker=item.message.asker,
                platform=self._thread.platform,
                summary=f"answer {item.turn}",
            )
        except ActivityError as error:
            workflow.logger.error("turn parked: its answer cannot be delivered (%s)", failure_of(error).code)
            item.parked = True
            return item.shown_in
        item.kept = posted.kept
        return posted.messages

    async def refuse(self, request: RetryRequest, reason: str) -> None:
        """Say why a turn is not tried again."""
        notice = Answer(
            key=f"notice:{request.request}", state=AnswerState.FINAL, text=retry_refused(reason), retriable=False
        )
        post = PostAnswer(thread=self._thread, answer=notice, trace=request.trace)
        try:
            await execute(post_answer, post, asker=request.asker, platform=self._thread.platform, summary="notice")
        except ActivityError:
            workflow.logger.warning("a notice could not be posted")

    async def _open(self, item: Item) -> None:
        waits = item is not self._inbox.items[0]
        answer = Answer(
            key=item.turn, state=AnswerState.WAITING if waits else AnswerState.WORKING, attempt=item.attempt
        )
        # A retry only needs a placeholder where its first attempt got none; perhaps it stands there after all.
        request = PostAnswer(
            thread=self._thread,
            answer=answer,
            trace=item.message.trace,
            may_stand=item.again is not None,
            late=item.message.late,
        )
        try:
            posted = await execute(
                post_answer,
                request,
                asker=item.message.asker,
                platform=self._thread.platform,
                summary=f"placeholder {item.turn}",
            )
        except ActivityError as error:
            workflow.logger.error("turn parked: its placeholder cannot be posted (%s)", failure_of(error).code)
            item.parked = True
            return
        stands = bool(posted.messages) and posted.messages[0].message not in self._deleted
        item.opened = posted.messages[0] if stands else None
        item.gone = not stands
