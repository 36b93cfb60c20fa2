"""What a gesture does: one method each, from what somebody did to the inbox. The same on every platform."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Protocol

from bot import words
from bot.access import Access, Action, Person, Ruling
from bot.chat import Inbox, NoConversation, NotOpened, Refused, Unavailable
from bot.commands import Ask, Help, Research, Retry, Status, Stop, Usage, parse, parse_research
from bot.gestures import Changed, Reacted, Removed, Shown, Spoken
from workflows.contracts import (
    OUTCOMES,
    Asker,
    DeletedMessage,
    EditedMessage,
    IncomingMessage,
    OpenThreadRequest,
    RetryRequest,
    StopRequest,
    ThreadRef,
)

_log = logging.getLogger(__name__)

_SAID = {
    Ruling.NOT_ALLOWED: words.NOT_ALLOWED,
    Ruling.WRONG_CHANNEL: words.WRONG_CHANNEL,
    Ruling.NOT_ADMIN: words.NOT_ADMIN,
}


class Lookup(Protocol):
    """PORT. What a platform can say of people, of channels, and of messages of ours.

    Every method raises CallError where the platform does not answer.
    """

    @property
    def platform(self) -> str:
        """Its name, as in `ThreadRef.platform`."""
        ...

    async def find(self, workspace: str, user: str, /) -> tuple[Person, str]:
        """Who somebody is to a workspace, and the name to show."""
        ...

    def is_direct(self, workspace: str, channel: str, /) -> bool:
        """Whether a channel is somebody's direct messages, which no setting names."""
        ...

    async def absent(self, workspace: str, channel: str, /) -> str:
        """Why no thread can be opened in a channel, in words; "" if it can, or if the platform does not say."""
        ...

    async def shown(self, workspace: str, channel: str, message: str, /) -> Shown | None:
        """What a message shows, if it is one of our answers."""
        ...


class Doing:
    """Gestures of one platform, handed over.

    Methods raise Unavailable where Temporal, and CallError where the platform, does not answer: then nothing is
    acknowledged. Where a method returns a text, it is for the person alone.
    """

    def __init__(self, lookup: Lookup, inbox: Inbox, access: Access) -> None:
        self._lookup = lookup
        self._inbox = inbox
        self._access = access

    # --- Messages ----------------------------------------------------------------------------------------------------

    async def said(self, spoken: Spoken) -> str:
        """Somebody said something. In a thread of ours they need not mention us, unless they address somebody else."""
        if not spoken.for_us and (spoken.to_others or spoken.alone):
            return ""
        thread = spoken.thread
        ruling, asker = await self._rule(thread.workspace, spoken.user, Action.ASK, thread.channel)
        if ruling is not Ruling.YES:
            # Who did not speak to us is not told that we listen.
            return _SAID[ruling] if spoken.for_us else ""
        try:
            return await self._do(spoken, asker)
        except NoConversation:
            return words.NOTHING_ASKED if spoken.for_us else ""
        except Refused:
            _log.exception("Temporal refuses a message")
            return words.REFUSED

    async def changed(self, changed: Changed) -> str:
        """Somebody changed what they had said: a queued question changes, and a new mention is a new question."""
        after = changed.after
        try:
            edited = EditedMessage(message=after.message, text=after.text, research=changed.research)
            await self._inbox.edit(after.thread, edited)
        except NoConversation:
            return await self.said(after) if changed.newly else ""
        # A thread that we know may hold a message that was not for us until now.
        return await self.said(after) if changed.newly and not after.direct else ""

    async def removed(self, removed: Removed) -> None:
        """A message is gone."""
        try:
            await self._inbox.delete(removed.thread, DeletedMessage(message=removed.message))
        except NoConversation:
            return

    async def _do(self, spoken: Spoken, asker: Asker) -> str:
        thread = spoken.thread
        match spoken.command:
            case Usage() | Help() as about:
                said = about.sentence if isinstance(about, Usage) else words.HELP
                return said if spoken.for_us else ""
            case Status():
                return await self._standing(thread)
            case Retry():
                await self._inbox.retry(thread, RetryRequest(request=spoken.message, asker=asker))
            case Stop():
                await self._inbox.stop(thread, StopRequest(request=spoken.message, asker=asker, moment=spoken.moment))
            case Research() as research:
                return await self._hand_over(spoken, asker, research)
            case Ask():
                return await self._hand_over(spoken, asker, None)
        return ""

    async def _standing(self, thread: ThreadRef) -> str:
        try:
            return await self.standing(thread)
        except Unavailable:
            return words.NOBODY_WORKS

    async def _hand_over(self, spoken: Spoken, asker: Asker, research: Research | None) -> str:
        if spoken.opens:
            return await self._open(spoken, asker, research)
        message = IncomingMessage(
            thread=spoken.thread,
            message=spoken.message,
            asker=asker,
            text=spoken.text,
            research=research,
            twins=spoken.twins,
            late=spoken.late,
            moment=spoken.moment,
        )
        if spoken.for_us:
            await self._inbox.receive(message)
            return ""
        try:
            await self._inbox.follow(message)
        except NoConversation:
            if not spoken.below_us:
                raise
            # The thread is ours already, although the question that it was opened for is still on its way.
            await self._inbox.receive(message)
        return ""

    async def _open(self, spoken: Spoken, asker: Asker, research: Research | None) -> str:
        """Its thread is made from a message, by whoever delivers the answer."""
        thread = spoken.thread
        absent = await self._lookup.absent(thread.workspace, thread.channel)
        if absent:
            return absent
        await self._inbox.open(
            OpenThreadRequest(
                platform=thread.platform,
                workspace=thread.workspace,
                channel=thread.channel,
                request=spoken.message,
                anchor=thread.thread,
                asker=asker,
                text=spoken.text,
                research=research,
                late=spoken.late,
                moment=spoken.moment,
            )
        )
        return ""

    # --- Commands, shortcuts, the form -------------------------------------------------------------------------------

    async def command(
        self, workspace: str, channel: str, user: str, text: str, request: str
    ) -> tuple[str, OpenThreadRequest | None]:
        """`/research …`. Returns what to tell the person at once, and the opening that was handed over."""
        if text.strip().lower() in ("", "help"):
            return words.HELP, None
        research = parse_research(text)
        if isinstance(research, Usage):
            return research.sentence, None
        return await self.open(workspace, channel, user, research, request)

    async def open(
        self, workspace: str, channel: str, user: str, research: Research, request: str
    ) -> tuple[str, OpenThreadRequest | None]:
        """Open a thread for a research. `request` identifies the gesture."""
        ruling, asker = await self._rule(workspace, user, Action.ASK, channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling], None
        absent = await self._lookup.absent(workspace, channel)
        if absent:
            return absent, None
        opening = OpenThreadRequest(
            platform=self._lookup.platform,
            workspace=workspace,
            channel=channel,
            request=request,
            asker=asker,
            text=f"/research {research.symbol} {research.question}".strip(),
            research=research,
        )
        try:
            await self._inbox.open(opening)
        except Unavailable:
            return words.NOT_DONE, None
        except Refused:
            _log.exception("Temporal refuses a command")
            return words.REFUSED, None
        return "", opening

    async def is_opened(self, opening: OpenThreadRequest) -> bool:
        """Wait until a thread is open; False if it cannot be."""
        try:
            await self._inbox.opened(opening)
        except NotOpened:
            return False
        return True

    async def shortcut(self, spoken: Spoken) -> str:
        """Research this: a message becomes a question of whoever points at it. Its id is the gesture's."""
        thread = spoken.thread
        ruling, asker = await self._rule(thread.workspace, spoken.user, Action.ASK, thread.channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling]
        command = parse(spoken.text)
        if isinstance(command, Usage):
            return command.sentence
        absent = await self._lookup.absent(thread.workspace, thread.channel)
        if absent:
            return absent
        research = command if isinstance(command, Research) else None
        try:
            return await self._hand_over(spoken, asker, research)
        except Refused:
            _log.exception("Temporal refuses a shortcut")
            return words.REFUSED

    # --- Reactions and buttons ---------------------------------------------------------------------------------------

    async def reacted(self, reacted: Reacted) -> str:
        """🔁 or 🛑, perhaps on a message of ours."""
        shown = reacted.shown or await self._lookup.shown(reacted.workspace, reacted.channel, reacted.message)
        if shown is None:
            return ""
        over = shown.state in OUTCOMES
        if reacted.late and (reacted.again is not over or (not reacted.again and shown.attempt > 1)):
            # What was found standing there may be older than the attempt that runs now.
            return ""
        request = reacted.request
        if not reacted.again:
            return await self.stop(shown.thread, reacted.message, reacted.user, request)
        # It grows when an attempt begins, and when it ends: what was refused while one ran may be wished for after it.
        moment = float(2 * shown.attempt + over) if reacted.moment is None else reacted.moment
        return await self.retry(shown.thread, reacted.message, reacted.user, request, moment=moment, late=reacted.late)

    async def retry(
        self, thread: ThreadRef, answer: str, user: str, request: str, *, moment: float = 0.0, late: bool = False
    ) -> str:
        """The answer that a message shows once more. Why not, the conversation says in the thread."""
        ruling, asker = await self._rule(thread.workspace, user, Action.RETRY, thread.channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling]
        again = RetryRequest(request=request, asker=asker, answer=answer, moment=moment, late=late)
        return await self._tell(self._inbox.retry(thread, again))

    async def stop(self, thread: ThreadRef, answer: str, user: str, request: str) -> str:
        """Stop the turn that a message shows, or the running one if that is ""."""
        ruling, asker = await self._rule(thread.workspace, user, Action.STOP, thread.channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling]
        return await self._tell(self._inbox.stop(thread, StopRequest(request=request, asker=asker, answer=answer)))

    async def followed_up(self, thread: ThreadRef, user: str, question: str, request: str) -> str:
        """A follow-up's button: the same one clicked twice is one question."""
        ruling, asker = await self._rule(thread.workspace, user, Action.ASK, thread.channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling]
        message = IncomingMessage(thread=thread, message=request, asker=asker, text=question)
        return await self._tell(self._inbox.follow(message))

    # --- Looking -----------------------------------------------------------------------------------------------------

    async def standing(self, thread: ThreadRef) -> str:
        """How a thread stands, in words. Raises NoConversation, Unavailable."""
        view = await self._inbox.view(thread)
        what = f"{view.state} ({view.step})" if view.step else view.state
        return f"This thread is {what}: {view.queued} waiting, {view.turns} answered, {view.tokens:,} tokens."

    async def may_administer(self, workspace: str, user: str) -> bool:
        """Whether somebody may use the admin commands."""
        return (await self._rule(workspace, user, Action.ADMINISTER, ""))[0] is Ruling.YES

    # --- How ---------------------------------------------------------------------------------------------------------

    async def _rule(self, workspace: str, user: str, action: Action, channel: str) -> tuple[Ruling, Asker]:
        person, name = await self._lookup.find(workspace, user)
        named = "" if self._lookup.is_direct(workspace, channel) else channel
        ruling = self._access.rule(person, action, named)
        if ruling is not Ruling.YES:
            _log.info("refused: %s may not %s (%s)", user, action, ruling)
        return ruling, Asker(user=user, name=name, admin=self._access.is_admin(person))

    async def _tell(self, handing: Awaitable[None]) -> str:
        try:
            await handing
        except NoConversation:
            return words.NOTHING_ASKED
        except Refused:
            _log.exception("Temporal refuses a gesture")
            return words.REFUSED
        return ""
