"""The table of who may do what, cell by cell, through Slack's events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from bot.platforms.slack.blocks import blocks_of
from bot.platforms.slack.calls import build_client, call
from bot.platforms.slack.listening import SlackListener
from bot.platforms.slack.values import ANSWER, NAME
from tests.bot.who_may import (
    ADMIN,
    ALLOWED,
    GUEST,
    NO_LONGER,
    QUESTION,
    ROBOT,
    ROWS,
    SAID,
    STRANGER,
    UNKNOWN,
    Noted,
    Obeying,
    access,
    answers,
    nobody,
    row_of,
)
from tests.slack.errors import NotThere
from tests.slack.server import Slack, running_slack
from tests.support.stack import eventually

_BUTTONS = {"retry": "clew_retry", "stop": "clew_stop", "ask": "clew_follow_up_1"}


class Workspace:
    """One workspace, with a thread of ours in it."""

    def __init__(self, slack: Slack) -> None:
        self.noted = Noted()
        self.people = {
            ALLOWED: slack.user("Allowed"),
            UNKNOWN: slack.user("Unknown"),
            GUEST: slack.user("Guest", guest=True),
            STRANGER: slack.user("Stranger", team="TOTHER"),
            ROBOT: slack.user("Robot", bot=True),
            ADMIN: slack.user("Admin"),
            NO_LONGER: slack.user("Formerly"),
        }
        self.slack = slack
        self.channel = slack.channel("research")
        self.thread = ""
        self.answers: dict[str, str] = {}

    async def begin(self) -> None:
        """A thread with answers in it, as a worker leaves them."""
        self.thread = self.slack.say(self.channel, self.people[ALLOWED], QUESTION)
        client = build_client(self.slack.bot_token, self.slack.api_url)
        for action, answer in answers().items():
            posted = await call(
                client,
                "chat.postMessage",
                channel=self.channel,
                thread_ts=self.thread,
                text="Text.",
                blocks=blocks_of(answer, retry_hint=""),
                metadata={
                    "event_type": ANSWER,
                    "event_payload": {"key": action, "state": answer.state.value, "attempt": 1},
                },
            )
            self.answers[action] = str(posted["ts"])

    async def gesture(self, who: str, surface: str, action: str) -> None:
        with suppress(NotThere):
            await self._made(self.people[who], surface, action)

    async def _made(self, user: str, surface: str, action: str) -> None:
        slack, mention = self.slack, f"<@{self.slack.bot_user}>"
        answer = self.answers.get(action, "")
        match surface:
            case "slash":
                command, text = ("/research", "AAPL") if action == "ask" else ("/research-admin", "pause")
                given = slack.command(self.channel, user, command, "status" if action == "status" else text)
                await eventually(lambda: given.acked, "acknowledged")
            case "shortcut":
                target = slack.say(self.channel, self.people[ALLOWED], QUESTION)
                pointed = slack.shortcut(self.channel, target, user, "research_message")
                await eventually(lambda: pointed.acked, "acknowledged")
            case "button":
                pressed = slack.click(self.channel, answer, user, _BUTTONS[action])
                await eventually(lambda: pressed.acked, "acknowledged")
            case "mention":
                await self._heard(slack.say(self.channel, user, f"{mention} {SAID[action]}"))
            case "message":
                await self._heard(slack.say(self.channel, user, SAID[action], thread=self.thread))
            case "direct" if user == self.people[ROBOT]:
                return  # Bots have none.
            case "direct":
                await self._heard(slack.say(slack.dm(user), user, SAID[action]))
            case "reaction":
                before = len(slack.envelopes)
                slack.react(self.channel, answer, user, "repeat" if action == "retry" else "octagonal_sign")
                await self._taken(before)
            case _:
                said = slack.say(self.channel, user, "Lunch?")
                await self._heard(said)
                before = len(slack.envelopes)
                slack.edit(self.channel, said, f"{mention} {QUESTION}")
                await self._taken(before)

    async def _taken(self, before: int) -> None:
        def taken() -> bool:
            new = self.slack.envelopes[before:]
            return bool(new) and all(self.slack.acked(envelope) for envelope in new)

        await eventually(taken, "acknowledged")

    async def _heard(self, message: str) -> None:
        await eventually(lambda: self.slack.acked(message), "acknowledged")


@pytest.fixture
async def workspace() -> AsyncGenerator[Workspace]:
    with running_slack() as slack:
        place = Workspace(slack)
        await place.begin()
        temporal = await nobody()
        listener = SlackListener(
            build_client(slack.bot_token, slack.api_url),
            slack.app_token,
            access(place.people, NAME),
            temporal,
            administering=Obeying(temporal, place.noted),
        )
        task = asyncio.create_task(listener.listen(place.noted))
        await eventually(lambda: slack.connected or task.done(), "the bot listens")
        yield place
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert slack.violations == []


@pytest.mark.parametrize("who", ROWS)
async def test_a_row_of_the_table(workspace: Workspace, who: str) -> None:
    assert await row_of(workspace, who) == ROWS[who]
