"""One real scene: a whole set of processes before a loopback Slack, asked things, and looked at now and then."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.chats.slack import SlackSeat, workspace
from tests.slack.picture.page import home_page, thread_page
from tests.slack.picture.values import Post, Surroundings
from tests.slack.server import Ephemeral, Message

APP = "Clew"
PLACE = "research"


def play(directory: Path, bytecode: Path) -> Generator[tuple[str, str]]:
    """Play it; yields each picture's name and page as soon as it can be seen."""
    with workspace(directory, bytecode) as desk:
        thread, command = yield from _asked(desk)
        yield from _followed_up(desk, thread, command)
        yield from _failed(desk)
        yield from _home(desk)
        yield from _status(desk)


def _asked(desk: SlackSeat) -> Generator[tuple[str, str], None, tuple[str, str]]:
    """A report, and what is shown while its writer writes."""
    desk.whole.sandbox.arm(kind="hold", on="start", agent="clew-writer")
    command = desk.slack.command(desk.channel, desk.alice, "/research", "AAPL Is it expensive?").trigger_id
    thread = desk.root_message(command).ts
    desk.whole.eventually(
        lambda: ("Writer", "in_progress") in _tasks(desk.slack.thread(desk.channel, thread)), "the writer is at work"
    )
    yield "progress", _thread(desk, desk.slack.thread(desk.channel, thread))
    desk.whole.sandbox.clear()
    desk.answered(thread, command)
    return thread, command


def _tasks(answers: Sequence[Message]) -> set[tuple[str, str]]:
    """The tasks that plans show, each with its status."""
    plans = [block for answer in answers for block in answer.blocks or [] if block["type"] == "plan"]
    return {(task["title"], task["status"]) for plan in plans for task in plan["tasks"]}


def _followed_up(desk: SlackSeat, thread: str, command: str) -> Generator[tuple[str, str]]:
    question = desk.reply(thread, "How did it do over five years?")
    desk.answered(thread, command, question)
    yield "thread", _thread(desk, desk.slack.thread(desk.channel, thread))


def _failed(desk: SlackSeat) -> Generator[tuple[str, str]]:
    desk.whole.sandbox.arm(kind="status", on="any", status=403, times=0)
    question = desk.mention("What is IBM's last close?")
    [[answer]] = desk.answered(question, question)
    assert answer.state == "failed"
    desk.whole.sandbox.clear()
    yield "failure", _thread(desk, desk.slack.thread(desk.channel, question))


def _home(desk: SlackSeat) -> Generator[tuple[str, str]]:
    def shown() -> bool:
        desk.slack.open_home(desk.alice)
        return str(desk.slack.home(desk.alice)).count("/archives/") == 2

    desk.whole.eventually(shown, "both threads in the home")
    yield "home", home_page(APP, desk.slack.home(desk.alice) or {}, _around(desk))


def _status(desk: SlackSeat) -> Generator[tuple[str, str]]:
    told = desk.slack.command(desk.channel, desk.root, "/research-admin", "status")
    desk.whole.eventually(lambda: bool(told.replies), "the administrator is told")
    yield "status", _thread(desk, told.replies, title="/research-admin status")


def _thread(desk: SlackSeat, messages: Sequence[Message | Ephemeral], title: str = "Thread") -> str:
    around = _around(desk)
    return thread_page(PLACE, [_post(desk, message, around) for message in messages], around, title=title)


def _post(desk: SlackSeat, message: Message | Ephemeral, around: Surroundings) -> Post:
    if isinstance(message, Ephemeral):
        return Post(author=APP, app=True, whisper=True, ts=message.ts, text=message.text, blocks=message.blocks)
    ours = message.user == desk.slack.bot_user
    counts = {name: sum(name == each for each, _ in message.reactions) for name, _ in message.reactions}
    return Post(
        author=around.people[message.user],
        app=ours,
        ts=message.ts,
        text=message.text,
        blocks=message.blocks,
        reactions=tuple(counts.items()),
    )


def _around(desk: SlackSeat) -> Surroundings:
    people = {desk.alice: "Alice", desk.bob: "Bob", desk.root: "Root", desk.slack.bot_user: APP}
    return Surroundings(now=datetime.now(UTC), people=people, channels={desk.channel: PLACE}, files=desk.slack.files())
