"""What a gesture does: one method each, from what somebody did to the inbox. Knows Slack's calls, but not Bolt."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.access import Access, Action, Ruling
from bot.chat import Inbox, NoConversation, NotOpened, Refused, Unavailable
from bot.commands import Ask, Help, Research, Retry, Status, Stop, Usage, parse, parse_research
from bot.platforms.slack import words
from bot.platforms.slack.blocks import escape
from bot.platforms.slack.calls import call, inner, items, read
from bot.platforms.slack.gestures import Changed, Removed, Spoken
from bot.platforms.slack.messages import key_of
from bot.platforms.slack.people import People
from bot.platforms.slack.values import ANSWER, DIRECT, ECHO, NAME, RETRY_EMOJI, STOP_EMOJI
from bot.rendering import one_line
from workflows.contracts import (
    Asker,
    DeletedMessage,
    EditedMessage,
    IncomingMessage,
    OpenThreadRequest,
    RetryRequest,
    StopRequest,
    ThreadRef,
)
from workflows.errors import CallError, Terminal

_log = logging.getLogger(__name__)

_SAID = {
    Ruling.NOT_ALLOWED: words.NOT_ALLOWED,
    Ruling.WRONG_CHANNEL: words.WRONG_CHANNEL,
    Ruling.NOT_ADMIN: words.NOT_ADMIN,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """Who we are in the workspace, as `auth.test` says."""

    team: str
    user: str
    url: str
    bot: str = ""


class Doing:
    """Gestures of one workspace, handed over.

    Methods raise Unavailable where Temporal, and CallError where Slack, does not answer: then nothing is acknowledged.
    Where a method returns a text, it is for the person alone.
    """

    def __init__(self, client: AsyncWebClient, inbox: Inbox, access: Access, us: Us) -> None:
        self._client = client
        self._inbox = inbox
        self._access = access
        self._us = us
        self._people = People(client, us.team)

    # --- Messages ----------------------------------------------------------------------------------------------------

    async def said(self, spoken: Spoken) -> str:
        """Somebody said something. In a thread of ours they need not mention us, unless they address somebody else."""
        if not spoken.for_us and (spoken.to_others or spoken.thread == spoken.ts):
            return ""
        ruling, asker = await self._rule(spoken.user, Action.ASK, spoken.channel)
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
            edited = EditedMessage(message=after.ts, text=after.text, research=changed.research)
            await self._inbox.edit(self.thread(after.channel, after.thread), edited)
        except NoConversation:
            return await self.said(after) if changed.newly else ""
        # A thread that we know may hold a message that was not for us until now.
        return await self.said(after) if changed.newly and not after.direct else ""

    async def removed(self, removed: Removed) -> None:
        """A message is gone."""
        try:
            await self._inbox.delete(self.thread(removed.channel, removed.thread), DeletedMessage(message=removed.ts))
        except NoConversation:
            return

    async def _do(self, spoken: Spoken, asker: Asker) -> str:
        thread = self.thread(spoken.channel, spoken.thread)
        match spoken.command:
            case Usage(sentence=sentence):
                return sentence if spoken.for_us else ""
            case Help():
                return words.HELP if spoken.for_us else ""
            case Status():
                try:
                    return await self.standing(thread)
                except Unavailable:
                    return words.NOBODY_WORKS
            case Retry():
                await self._inbox.retry(thread, RetryRequest(request=spoken.ts, asker=asker))
            case Stop():
                await self._inbox.stop(thread, StopRequest(request=spoken.ts, asker=asker))
            case Research() as research:
                await self._hand_over(spoken, self._message(spoken, asker, research))
            case Ask():
                await self._hand_over(spoken, self._message(spoken, asker, None))
        return ""

    async def _hand_over(self, spoken: Spoken, message: IncomingMessage) -> None:
        await (self._inbox.receive(message) if spoken.for_us else self._inbox.follow(message))

    def _message(self, spoken: Spoken, asker: Asker, research: Research | None) -> IncomingMessage:
        return IncomingMessage(
            thread=self.thread(spoken.channel, spoken.thread),
            message=spoken.ts,
            asker=asker,
            text=spoken.text,
            research=research,
            twins=spoken.twins,
        )

    # --- Commands, shortcuts, the form -------------------------------------------------------------------------------

    async def command(self, channel: str, user: str, text: str, request: str) -> tuple[str, OpenThreadRequest | None]:
        """`/research …`. Returns what to tell the person at once, and the opening that was handed over."""
        if text.strip().lower() in ("", "help"):
            return words.HELP, None
        research = parse_research(words.plain_text(text, self._us.user))
        if isinstance(research, Usage):
            return research.sentence, None
        return await self.open(channel, user, research, request)

    async def open(
        self, channel: str, user: str, research: Research, request: str
    ) -> tuple[str, OpenThreadRequest | None]:
        """Open a thread for a research. `request` identifies the gesture."""
        ruling, asker = await self._rule(user, Action.ASK, channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling], None
        absent = await self._absent(channel)
        if absent:
            return absent, None
        opening = OpenThreadRequest(
            platform=NAME,
            workspace=self._us.team,
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

    async def opened(self, opening: OpenThreadRequest) -> str:
        """Wait until a thread is open; what to tell the person if it cannot be."""
        try:
            await self._inbox.opened(opening)
        except NotOpened:
            return words.NOT_OPENED
        return ""

    async def shortcut(self, channel: str, thread: str, user: str, text: str, request: str) -> str:
        """Research this: a message becomes a question in its own thread."""
        ruling, asker = await self._rule(user, Action.ASK, channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling]
        question = words.plain_text(text, self._us.user)
        command = parse(question)
        if isinstance(command, Usage):
            return command.sentence
        absent = await self._absent(channel)
        if absent:
            return absent
        message = IncomingMessage(
            thread=self.thread(channel, thread),
            message=f"shortcut:{request}",
            asker=asker,
            text=question,
            research=command if isinstance(command, Research) else None,
        )
        return await self._tell(self._inbox.receive(message))

    # --- Reactions and buttons ---------------------------------------------------------------------------------------

    async def reacted(self, channel: str, ts: str, user: str, emoji: str, moment: str) -> str:
        """🔁 or 🛑 on a message of ours."""
        emoji = emoji.partition("::")[0]
        if emoji not in (*RETRY_EMOJI, *STOP_EMOJI):
            return ""
        thread = await self._thread_of_answer(channel, ts)
        if not thread:
            return ""
        request = f"reaction:{channel}:{ts}:{user}:{moment}"
        if emoji in RETRY_EMOJI:
            return await self.retry(channel, thread, ts, user, request)
        return await self.stop(channel, thread, ts, user, request)

    async def retry(self, channel: str, thread: str, ts: str, user: str, request: str) -> str:
        """The answer that message `ts` shows once more. Why not, the conversation says in the thread."""
        ruling, asker = await self._rule(user, Action.RETRY, channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling]
        return await self._tell(
            self._inbox.retry(self.thread(channel, thread), RetryRequest(request=request, asker=asker, answer=ts))
        )

    async def stop(self, channel: str, thread: str, ts: str, user: str, request: str) -> str:
        """Stop the turn that message `ts` shows, or the running one if that is ""."""
        ruling, asker = await self._rule(user, Action.STOP, channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling]
        return await self._tell(
            self._inbox.stop(self.thread(channel, thread), StopRequest(request=request, asker=asker, answer=ts))
        )

    async def followed_up(self, channel: str, thread: str, user: str, question: str, request: str) -> str:
        """A follow-up's button: the same one clicked twice is one question."""
        ruling, asker = await self._rule(user, Action.ASK, channel)
        if ruling is not Ruling.YES:
            return _SAID[ruling]
        message = IncomingMessage(thread=self.thread(channel, thread), message=request, asker=asker, text=question)
        return await self._tell(self._inbox.follow(message))

    async def echo(self, channel: str, thread: str, user: str, question: str, request: str) -> None:
        """Show in the thread what a button asked. Best effort.

        If it happened and we were not told, or we run again: a line stands twice; no answer depends on it.
        """
        try:
            await call(
                self._client,
                "chat.postMessage",
                channel=channel,
                thread_ts=thread,
                text=f"<@{user}> asks: {escape(one_line(question))}",
                metadata={"event_type": ECHO, "event_payload": {"key": request}},
                unfurl_links=False,
                unfurl_media=False,
            )
        except CallError as error:
            _log.warning("a follow-up could not be shown: %s", error)

    # --- Looking -----------------------------------------------------------------------------------------------------

    async def standing(self, thread: ThreadRef) -> str:
        """How a thread stands, in words. Raises NoConversation, Unavailable."""
        view = await self._inbox.view(thread)
        what = f"{view.state} ({view.step})" if view.step else view.state
        return f"This thread is {what}: {view.queued} waiting, {view.turns} answered, {view.tokens:,} tokens."

    async def may_administer(self, user: str) -> bool:
        """Whether somebody may use the admin commands."""
        return (await self._rule(user, Action.ADMINISTER, ""))[0] is Ruling.YES

    async def whisper(self, channel: str, thread: str, user: str, text: str) -> None:
        """Tell one person something that nobody else sees, best effort. Run again: it is said again."""
        try:
            await call(
                self._client, "chat.postEphemeral", channel=channel, thread_ts=thread or None, user=user, text=text
            )
        except CallError as error:
            _log.warning("somebody could not be told something: %s", error)

    def thread(self, channel: str, thread: str) -> ThreadRef:
        """A thread of the workspace."""
        return ThreadRef(platform=NAME, workspace=self._us.team, channel=channel, thread=thread)

    # --- How ---------------------------------------------------------------------------------------------------------

    async def _rule(self, user: str, action: Action, channel: str) -> tuple[Ruling, Asker]:
        person, name = await self._people.find(user)
        # A direct message is no channel that settings could name.
        ruling = self._access.rule(person, action, "" if channel.startswith(DIRECT) else channel)
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

    async def _absent(self, channel: str) -> str:
        """Why nothing can be posted in a channel, in words; "" if it can, or if Slack does not say."""
        try:
            place = inner(await read(self._client, "conversations.info", channel=channel), "channel")
        except Terminal as error:
            return words.INVITE if error.code == "thread_gone" else ""
        except CallError:
            return ""
        if place.get("is_archived"):
            return words.ARCHIVED
        return "" if place.get("is_im") or place.get("is_member") else words.INVITE

    async def _thread_of_answer(self, channel: str, ts: str) -> str:
        """The thread of one of our answers, or "" if it is none of ours."""
        try:
            page = await read(
                self._client,
                "conversations.replies",
                channel=channel,
                ts=ts,
                oldest=ts,
                inclusive="true",
                # One is asked for, but Slack may put the thread's first message before it.
                limit=3,
                include_all_metadata="true",
            )
        except Terminal:
            return ""
        for message in items(page, "messages"):
            if message.get("ts") == ts and message.get("user") == self._us.user and key_of(message, ANSWER):
                return str(message.get("thread_ts") or ts)
        return ""
