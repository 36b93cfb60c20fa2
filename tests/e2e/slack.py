"""Slack in front of a whole set of processes: what stands in its threads."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.platforms.slack.messages import key_of, state_of
from bot.platforms.slack.values import ANSWER
from tests.e2e.whole import Whole, whole
from tests.slack.server import Message, Slack, running_slack
from workflows.contracts import OUTCOMES


@dataclass(kw_only=True)
class Workspace:
    """A workspace that a whole set listens and delivers to."""

    whole: Whole
    slack: Slack
    channel: str
    alice: str
    bob: str
    root: str

    def mention(self, text: str, *, thread: str | None = None) -> str:
        """Alice mentions Clew; returns the message's ts."""
        return self.slack.say(self.channel, self.alice, f"<@{self.slack.bot_user}> {text}", thread=thread)

    def answers(self, thread: str, channel: str = "") -> list[Message]:
        """Clew's answers in a thread, oldest first."""
        return [one for one in self.slack.thread(channel or self.channel, thread) if key(one)]

    def answered(self, thread: str, *keys: str, channel: str = "", attempt: int = 1) -> list[Message]:
        """Wait until each key has one outcome, in this order, and nothing else of Clew's stands there."""

        def over() -> bool:
            standing = self.answers(thread, channel)
            marked = attempt == 1 or f"attempt {attempt}" in str(standing[-1:] and standing[-1].blocks)
            return (
                [key(one) for one in standing] == list(keys)
                and all(state(one) in OUTCOMES for one in standing)
                and marked
            )

        self.whole.eventually(over, f"outcomes of {keys}")
        return self.answers(thread, channel)

    def click_until_taken(self, message: Message, action: str) -> None:
        """Alice presses a button; once more as often as she is told that nothing was done, as a busy machine may."""

        def told() -> int:
            return sum("nothing was done" in str(one.text) for one in self.slack.ephemerals(self.channel, self.alice))

        while True:
            before = told()
            clicked = self.slack.click(self.channel, message.ts, self.alice, action)
            self.whole.eventually(lambda clicked=clicked: clicked.acked or clicked.failed, f"{action} is answered")
            if clicked.acked and told() == before:
                return

    def root_message(self, of: str) -> Message:
        """Wait for the message that a command opened its thread with."""

        def found() -> list[Message]:
            return [one for one in self.slack.messages(self.channel) if _key(one, "clew_thread") == of]

        self.whole.eventually(lambda: bool(found()), f"the thread of {of}")
        [message] = found()
        return message


def key(message: Message) -> str:
    """The key of one of Clew's answers, or ""."""
    return _key(message, ANSWER)


def state(message: Message) -> str:
    """The state that an answer shows."""
    return state_of({"metadata": message.metadata or {}})


def _key(message: Message, kind: str) -> str:
    fields: dict[str, Any] = {"metadata": message.metadata or {}}
    return key_of(fields, kind)


@contextmanager
def workspace(directory: Path, bytecode: Path) -> Generator[Workspace]:
    """A whole set with a workspace before it, listening."""
    with running_slack() as slack:
        root = slack.user("Root")
        with whole(
            directory,
            bytecode,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_APP_TOKEN=slack.app_token,
            SLACK_API_URL=slack.api_url,
            CLEW_ADMINS=f"slack:{root}",
        ) as made:
            made.eventually(lambda: slack.connected > 0, "the bot listens")
            yield Workspace(
                whole=made,
                slack=slack,
                channel=slack.channel("research"),
                alice=slack.user("Alice"),
                bob=slack.user("Bob"),
                root=root,
            )
            assert slack.violations == []
            assert slack.unknown_methods() == []
