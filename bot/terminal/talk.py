"""A conversation at the prompt: lines in, answers out, both at once."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from bot.chat import NoConversation, NotOpened, Refused, Unavailable
from bot.commands import Ask, Command, Help, Retry, Status, Stop, Usage, parse, sound
from bot.platforms.terminal_records import new_id
from bot.terminal import words
from bot.terminal.desk import TerminalSession
from bot.terminal.keys import Keyboard
from bot.terminal.screen import Screen
from bot.terminal.view import is_notice
from bot.terminal.watch import POLL, Awaited, Leaving, Watch
from bot.waiting import unless
from workflows.contracts import AnswerState, Research, RetryRequest, StopRequest

EXCHANGES_SHOWN = 3
"""Exchanges shown when a thread is opened again."""

_QUIT = ("quit", "exit", "/quit", "/exit")


class Talk:
    """A conversation at the prompt."""

    def __init__(self, session: TerminalSession, screen: Screen, keyboard: Keyboard, thread: str | None) -> None:
        self._session = session
        self._screen = screen
        self._keyboard = keyboard
        self._watch = None if thread is None else Watch(session, thread)
        self._code = 0

    async def run(self, interrupted: asyncio.Event) -> int:
        """Talk until somebody leaves. Returns the exit code.

        A pipe that ends leaves once everything asked for is answered; 1 if the last question got no answer.
        """
        if self._watch is None:
            self._screen.say(words.GREETING)
        else:
            await self._reopen(self._watch)
        self._code = 0
        leaving = Leaving(interrupted, (lambda: self._screen.say(words.LEAVE)) if self._screen.drawn else None)
        with self._screen.live():
            while not leaving.decided(busy=self._watch is not None and self._watch.busy()):
                line = self._keyboard.take()
                if line is not None:
                    if line.strip().lower() in _QUIT:
                        break
                    await unless(interrupted, self._take(line.strip()))
                    continue
                await self._show_news()
                if self._keyboard.ended and not (self._watch is not None and self._busy(self._watch)):
                    return 0 if self._screen.drawn else self._code
                self._screen.show(None if self._watch is None else self._watch.view, typed=self._keyboard.typed)
                if self._watch is None:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(interrupted.wait(), POLL)
                else:
                    await self._watch.change(interrupted)
            self._leave()
        return 0

    def _busy(self, watch: Watch) -> bool:
        return watch.busy() or any(standing.unseen for standing in watch.view.answers)

    def _leave(self) -> None:
        if self._watch is None:
            return
        self._screen.say(words.come_back(self._watch.thread, running=self._watch.busy()))

    async def _reopen(self, watch: Watch) -> None:
        """Show the last exchanges, and every one whose answer came while nobody looked; send what was never sent."""
        messages = self._session.store.messages(watch.thread)
        standings = {standing.answer.key: standing for standing in watch.view.answers}
        asked = [message for message in messages if message.author == "person"]
        unseen = [at for at, message in enumerate(asked) if (found := standings.get(message.id)) and found.unseen]
        for message in asked[min([max(0, len(asked) - EXCHANGES_SHOWN), *unseen]) :]:
            self._screen.asked(str(message.body["text"]))
            standing = standings.get(message.id)
            if standing is not None and standing.over and standing.complete:
                await self._finish(watch, standing.message)
        # Whatever else was not shown is older than that: it is not news.
        watch.refresh()
        for standing in watch.view.answers:
            if standing.unseen and standing.complete:
                await asyncio.to_thread(self._session.store.mark_seen, standing.message, standing.answer.attempt)
        try:
            if await self._session.hand_over(watch.thread):
                self._screen.say(words.SENT_NOW)
        except Unavailable:
            self._screen.say(words.kept(watch.thread))
        except Refused:
            self._screen.say(words.REFUSED)
        watch.refresh()

    async def _show_news(self) -> None:
        watch = self._watch
        if watch is None:
            return
        for standing in watch.view.answers:
            if standing.unseen and watch.ready(standing.message, complete=standing.complete):
                await self._finish(watch, standing.message)

    async def _finish(self, watch: Watch, message: str) -> None:
        standing = next(found for found in watch.view.answers if found.message == message)
        await asyncio.to_thread(self._session.store.mark_seen, message, standing.answer.attempt)
        self._screen.finish(standing.answer)
        if not is_notice(standing.answer):
            self._code = 0 if standing.answer.state is AnswerState.FINAL else 1
        watch.refresh()

    async def _take(self, text: str) -> None:
        """Do what a line asks for; say plainly what could not be done."""
        if not text:
            return
        text = sound(text)
        if text.isdecimal():
            if self._watch is not None and self._keyboard.piped:
                await self._settle(self._watch)
            question = self._numbered(text)
            if question is None:
                self._screen.typed(text)
                self._screen.say(words.no_follow_up(text))
                return
            text = question
        self._screen.typed(text)
        command = parse(text)
        try:
            await self._do(command, text)
        except NoConversation:
            self._screen.say(words.NOTHING_ASKED)
        except Unavailable:
            kept = isinstance(command, Ask) and self._watch is not None
            self._screen.say(words.kept(self._watch.thread) if kept and self._watch else words.NOT_DONE)
        except Refused:
            self._screen.say(words.REFUSED)
        except NotOpened:
            self._screen.say(words.BROKEN)

    async def _do(self, command: Command, text: str) -> None:
        match command:
            case Usage(sentence=sentence):
                self._screen.say(sentence)
            case Help():
                self._screen.say(words.HELP)
            case Research() as research:
                await self._research(text, research)
            case Ask(text=question):
                await self._ask(question)
            case Retry() | Stop() | Status():
                await self._control(command)

    async def _ask(self, question: str) -> None:
        if self._watch is None:
            thread = await asyncio.to_thread(self._session.store.new_thread)
            self._watch = Watch(self._session, thread)
        await self._session.say(self._watch.thread, question)
        self._watch.refresh()

    def _numbered(self, text: str) -> str | None:
        """The follow-up that a number names, None if it names none. The list offered last stays valid."""
        offered = () if self._watch is None else self._watch.view.offered
        numbers = {str(number): question for number, question in enumerate(offered, 1)}
        return numbers.get(text)

    async def _research(self, text: str, research: Research) -> None:
        if self._watch is not None and self._keyboard.piped:
            await self._settle(self._watch)
        if self._watch is not None and self._watch.busy():
            self._screen.say(words.come_back(self._watch.thread, running=True))
        opened, _ = await self._session.research(text, research)
        self._watch = Watch(self._session, opened.thread)
        self._screen.say(f"Thread {opened.thread}")

    async def _settle(self, watch: Watch) -> None:
        """Show what is still to come in a thread, before it is left."""
        never = asyncio.Event()
        while self._busy(watch):
            await self._show_news()
            self._screen.show(watch.view)
            await watch.change(never)

    async def _control(self, command: Retry | Stop | Status) -> None:
        watch = self._watch
        if watch is None:
            self._screen.say(words.NOTHING_ASKED)
            return
        thread, asker, inbox = self._session.ref(watch.thread), self._session.asker, self._session.inbox
        match command:
            case Stop():
                if watch.busy():
                    await inbox.stop(thread, StopRequest(request=new_id(), asker=asker))
                else:
                    self._screen.say(words.NOTHING_RUNS)
            case Retry():
                request = RetryRequest(request=new_id(), asker=asker)
                await inbox.retry(thread, request)
                last = watch.view.last
                if last is not None:
                    watch.awaited[request.request] = Awaited(key=last.answer.key, attempt=last.answer.attempt + 1)
            case Status():
                state = await inbox.view(thread)
                what = f"{state.state} ({state.step})" if state.step else state.state
                facts = [f"{state.queued} waiting", f"{state.turns} answered", f"{state.tokens:,} tokens"]
                self._screen.say(f"Thread {watch.thread}: {', '.join([what, *facts])}.")
