"""One real scene: a whole set of processes before a loopback Discord, asked things, and looked at now and then."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from tests.discord.picture.values import Seen
from tests.discord.server import Message
from tests.e2e.chats.discord import DiscordSeat, server

APP = "Clew"
PLACE = "research"
FOOTER = "Not investment advice"


def play(directory: Path, bytecode: Path) -> Generator[Seen]:
    """Play it; yields what is seen as soon as it can be."""
    with server(directory, bytecode) as desk:
        thread, command = yield from _asked(desk)
        yield from _followed_up(desk, thread, command)
        yield from _failed(desk)
        yield from _status(desk)


def _asked(desk: DiscordSeat) -> Generator[Seen, None, tuple[str, str]]:
    """A report, and what is shown while its writer writes."""
    desk.whole.sandbox.arm(kind="hold", on="start", agent="clew-writer")
    thread, command = desk.research("AAPL", "Is it expensive?")

    def writing() -> bool:
        return any("🔄 Writer" in answer.text for answer in desk.answers(thread, command))

    desk.whole.eventually(writing, "the writer is at work")
    yield _thread(desk, "progress", thread, command="research")
    desk.whole.sandbox.clear()
    desk.whole.eventually(lambda: FOOTER in desk.answers(thread, command)[-1].text, "the report's last part")
    return thread, command


def _followed_up(desk: DiscordSeat, thread: str, command: str) -> Generator[Seen]:
    question = desk.reply(thread, "How did it do over five years?")
    desk.answered(thread, command, question)
    yield _thread(desk, "thread", thread, command="research")


def _failed(desk: DiscordSeat) -> Generator[Seen]:
    desk.whole.sandbox.arm(kind="status", on="any", status=403, times=0)
    question = desk.mention("What is IBM's last close?")
    [[answer]] = desk.answered(question, question)
    assert answer.state == "failed"
    desk.whole.sandbox.clear()
    yield _thread(desk, "failure", question)


def _status(desk: DiscordSeat) -> Generator[Seen]:
    told = desk.discord.command(desk.channel, desk.root, "research-admin", action="status")

    def said() -> bool:
        return told.response is not None and not told.response.loading

    desk.whole.eventually(said, "the administrator is told")
    assert told.response is not None
    yield _seen(desk, "status", PLACE, [told.response], viewer=desk.root, command="research-admin")


def _thread(desk: DiscordSeat, name: str, thread: str, *, command: str = "") -> Seen:
    place = desk.discord.place(thread)
    return _seen(desk, name, place.name, desk.discord.thread(thread), viewer=desk.alice, command=command)


def _seen(desk: DiscordSeat, name: str, place: str, messages: Sequence[Message], *, viewer: str, command: str) -> Seen:
    bot = desk.discord.bot_user
    people = {desk.alice: "Alice", desk.bob: "Bob", desk.root: "Root", bot: APP}
    return Seen(name=name, place=place, viewer=viewer, messages=messages, people=people, bot=bot, command=command)
