"""A seat in a Slack workspace."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.platforms.slack.messages import attempt_of, key_of, state_of
from bot.platforms.slack.values import ANSWER
from tests.e2e.chats.seat import Seat, Shown
from tests.e2e.whole import Whole, whole
from tests.slack.server import Interaction, Message, Slack, running_slack

_BUTTONS = {"retry": "clew_retry", "stop": "clew_stop", "up": "clew_feedback", "ask1": "clew_follow_up_1"}
_EMOJI = {"🔁": "repeat", "🛑": "octagonal_sign"}


@contextmanager
def workspace(directory: Path, bytecode: Path) -> Generator[SlackSeat]:
    """A whole set with a workspace before it alone, listening."""
    with running_slack() as slack:
        root = slack.user("Root")
        with whole(directory, bytecode, **settings_of(slack), CLEW_ADMINS=f"slack:{root}") as made:
            made.eventually(lambda: slack.connected > 0, "the bot listens")
            yield SlackSeat(made, slack, root)


def settings_of(slack: Slack) -> dict[str, str]:
    """What lets processes listen and deliver to it."""
    return {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.api_url}


class SlackSeat(Seat):
    """One workspace."""

    def __init__(self, whole: Whole, slack: Slack, root: str) -> None:
        super().__init__(whole)
        self.slack = slack
        self.channel = slack.channel("research")
        self.alice, self.bob, self.root = slack.user("Alice"), slack.user("Bob"), root
        self._directs: set[str] = set()
        self._clicked: list[Interaction] = []

    def mention(self, text: str) -> str:
        return self.slack.say(self.channel, self.alice, f"<@{self.slack.bot_user}> {text}")

    def reply(self, thread: str, text: str) -> str:
        return self.slack.say(self.channel, self.bob, text, thread=thread)

    def direct(self, text: str) -> tuple[str, str]:
        message = self.slack.say(self.slack.dm(self.alice), self.alice, text)
        self._directs.add(message)
        return message, message

    def research(self, symbol: str, question: str) -> tuple[str, str]:
        command = self.slack.command(self.channel, self.alice, "/research", f"{symbol} {question}")
        return self.root_message(command.trigger_id).ts, command.trigger_id

    def point_at(self, symbol: str) -> tuple[str, Callable[[], bool]]:
        said = self.slack.say(self.channel, self.bob, f"What is {symbol}'s last close?")
        self.slack.shortcut(self.channel, said, self.alice, "research_message")
        return said, lambda: bool(self.all_answers(said))

    def click(self, answer: Shown, action: str, user: str) -> Callable[[], bool]:
        value = None
        if action == "up":
            message = next(one for one in self._standing(answer.thread) if one.ts == answer.id)
            value = f"up:{_key(message, ANSWER)}"
        clicked = self.slack.click(self.channel, answer.id, user, _BUTTONS[action], value)
        self._clicked.append(clicked)
        return lambda: clicked.acked or clicked.failed

    def in_vain(self) -> int:
        told = [one for user in (self.alice, self.bob) for one in self.slack.ephemerals(self.channel, user)]
        return sum("nothing was done" in str(one.text) for one in told) + sum(one.failed for one in self._clicked)

    def react(self, answer: Shown, emoji: str) -> None:
        self.slack.react(self.channel, answer.id, self.alice, _EMOJI[emoji])

    def administer(self, text: str, *, root: bool) -> Callable[[], str]:
        given = self.slack.command(self.channel, self.root if root else self.alice, "/research-admin", text)
        return lambda: given.replies[0].text if given.replies else ""

    def follow_up_of(self, answer: Shown, number: int) -> str:
        return f"follow-up:{answer.id}:clew_follow_up_{number}"

    def answers(self, thread: str, key: str) -> list[Shown]:
        return [_shown(one, thread) for one in self._standing(thread) if _key(one, ANSWER) == key]

    def all_answers(self, thread: str) -> list[Shown]:
        return [_shown(one, thread) for one in self._standing(thread) if _key(one, ANSWER)]

    def posted(self, thread: str, key: str) -> int:
        return sum(one.method == "chat.postMessage" and one.key == key for one in self.slack.ledger)

    @property
    def listeners(self) -> int:
        return self.slack.connected

    def strike(self, pid: int) -> None:
        self.slack.fault("socket", "signal", when="after", pid=pid, event="message")

    def twice(self, on: bool) -> None:
        self.slack.twice(on)

    def heal(self) -> None:
        self.slack.heal()

    def complaints(self) -> Sequence[object]:
        return [*self.slack.violations, *self.slack.unknown_methods()]

    # --- Slack's alone -----------------------------------------------------------------------------------------------

    def root_message(self, of: str) -> Message:
        """Wait for the message that a command opened its thread with."""

        def found() -> list[Message]:
            return [one for one in self.slack.messages(self.channel) if _key(one, "clew_thread") == of]

        self.whole.eventually(lambda: bool(found()), f"the thread of {of}")
        [message] = found()
        return message

    def _standing(self, thread: str) -> list[Message]:
        return self.slack.thread(self.slack.dm(self.alice) if thread in self._directs else self.channel, thread)


def _fields(message: Message) -> dict[str, Any]:
    return {"metadata": message.metadata or {}}


def _key(message: Message, kind: str) -> str:
    return key_of(_fields(message), kind)


def _shown(message: Message, thread: str) -> Shown:
    fields = _fields(message)
    return Shown(
        id=message.ts, thread=thread, state=state_of(fields), text=str(message.blocks), attempt=attempt_of(fields)
    )
