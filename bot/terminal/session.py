"""`clew ask` and `clew chat`.

The session is the terminal's bot: it may end at any moment, and nothing is lost. What was handed over goes on in the
worker, what was not is sent again when the thread is opened the next time.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from bot.chat import NotOpened, Refused, Unavailable
from bot.commands import Ask, Help, Retry, Status, Stop, Usage, parse, sound
from bot.terminal import words
from bot.terminal.desk import TerminalSession, open_session
from bot.terminal.keys import Keyboard, reading
from bot.terminal.screen import Screen
from bot.terminal.talk import Talk
from bot.terminal.watch import Leaving, Watch, interrupts
from bot.waiting import unless
from workflows.contracts import AnswerState, Research

__all__ = ["TerminalSession", "ask", "chat", "open_session"]

LEFT = 130
"""Exit code of a talk left with Ctrl-C, as shells have it."""


async def ask(session: TerminalSession, text: str) -> int:
    """Ask one question, or research one company, and wait. 0: a final answer; 1: a plain failure, or stopped."""
    text = sound(text).strip()
    screen = Screen(session.console, session.path_of, retry_hint=words.RETRY_LATER)
    session.on_wait = lambda: screen.say(words.STILL_TRYING)
    with interrupts() as interrupted:
        match parse(text):
            case Usage(sentence=sentence):
                screen.say(sentence)
                return 1
            case Help():
                screen.say(words.HELP)
                return 0
            case Retry() | Stop() | Status():
                screen.say(words.not_alone(text))
                return 1
            case Research() as research:
                found = await _started(screen, interrupted, _open(session, screen, text, research))
            case Ask(text=question):
                found = await _started(screen, interrupted, _say(session, screen, question))
        if isinstance(found, int):
            return found
        thread, message = found
        return await _follow(session, screen, thread, message, interrupted)


async def _started(
    screen: Screen, interrupted: asyncio.Event, job: Coroutine[Any, Any, tuple[str, str] | None]
) -> tuple[str, str] | int:
    """The thread and id of a question that was handed over, or the exit code of one that was not."""
    before = interrupted.is_set()
    found = await unless(interrupted, job)
    if found is not None:
        return found
    if interrupted.is_set() and not before:
        screen.say(words.LEFT_EARLY)
        return LEFT
    return 1


async def _open(session: TerminalSession, screen: Screen, text: str, research: Research) -> tuple[str, str] | None:
    try:
        thread, message = await session.research(text, research)
    except Unavailable:
        screen.say(words.NOT_DONE)
        return None
    except Refused:
        screen.say(words.REFUSED)
        return None
    except NotOpened:
        screen.say(words.BROKEN)
        return None
    return thread.thread, message


async def _say(session: TerminalSession, screen: Screen, question: str) -> tuple[str, str] | None:
    thread = await asyncio.to_thread(session.store.new_thread)
    try:
        return thread, await session.say(thread, question)
    except Unavailable:
        screen.say(words.kept(thread))
        return None
    except Refused:
        screen.say(words.REFUSED)
        return None


async def _follow(
    session: TerminalSession, screen: Screen, thread: str, question: str, interrupted: asyncio.Event
) -> int:
    """Show one answer as it comes. Returns the exit code."""
    watch = Watch(session, thread)
    leaving = Leaving(interrupted, (lambda: screen.say(words.LEAVE_ASK)) if screen.drawn else None)
    with screen.live():
        while True:
            standing = watch.view.find(question)
            if standing is not None and standing.over and watch.ready(standing.message, complete=standing.complete):
                await asyncio.to_thread(session.store.mark_seen, standing.message, standing.answer.attempt)
                screen.finish(standing.answer)
                return 0 if standing.answer.state is AnswerState.FINAL else 1
            if question in watch.view.withdrawn:
                screen.say(words.WITHDRAWN)
                return 1
            if leaving.decided(busy=True):
                screen.say(words.come_back(thread, running=True))
                return LEFT
            screen.show(watch.view)
            await watch.change(interrupted)


async def chat(session: TerminalSession, *, thread: str | None, last: bool) -> int:
    """Talk in a thread until `quit`, the end of the input, or Ctrl-C.

    0; 1 where there is no such thread, and at the end of a pipe whose last question got no answer.
    """
    if thread is None and last:
        thread = await asyncio.to_thread(session.store.latest_thread)
    screen = Screen(session.console, session.path_of)
    session.on_wait = lambda: screen.say(words.STILL_TRYING)
    if thread is not None and not await asyncio.to_thread(session.store.has_thread, thread):
        screen.say(words.no_thread(thread))
        return 1
    keyboard = Keyboard(piped=not sys.stdin.isatty())
    talk = Talk(session, screen, keyboard, thread)
    with interrupts() as interrupted, reading(keyboard, screen=screen.drawn and sys.stdin.isatty()):
        return await talk.run(interrupted)
