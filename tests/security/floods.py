"""Many people at once before a loopback Slack and a loopback Discord, and what the services say that they spent."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.sandbox.ledger import Record
from tests.bot import discord_desk, slack_desk
from tests.bot.discord_desk import DiscordDesk
from tests.bot.slack_desk import SlackDesk
from tests.chaos.ledger import OVER, Asked, Standing, Write
from tests.chaos.rig import PLATFORMS
from tests.chaos.witness import DiscordWitness, SlackWitness
from tests.discord.server import running_discord
from tests.slack.server import running_slack
from tests.support.stack import Stack, eventually

BOND = "What is a bond?"
"""One step without a tool: the cheapest question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody on a platform."""

    platform: str
    user: str


@dataclass(kw_only=True)
class Hall:
    """Both platforms, and all that was asked there."""

    stack: Stack
    slack: SlackDesk
    discord: DiscordDesk
    asked: list[tuple[Person, Asked]] = field(default_factory=list[tuple[Person, Asked]])

    # --- What people do ----------------------------------------------------------------------------------------------

    def people(self, count: int, name: str = "Flood") -> list[Person]:
        """New people, every other one on Slack."""
        made: list[Person] = []
        for number in range(count):
            platform = PLATFORMS[number % len(PLATFORMS)]
            user = self.slack.slack.user if platform == "slack" else self.discord.discord.user
            made.append(Person(platform=platform, user=user(f"{name}{number}")))
        return made

    def ask(self, who: Person, text: str = BOND) -> Asked:
        """Mention Clew in the channel: a new thread."""
        desk = self.slack if who.platform == "slack" else self.discord
        key = desk.mention(text, user=who.user)
        one = Asked(
            platform=who.platform, channel=desk.channel, thread=key, key=key, text=text, canary="", at=time.time()
        )
        self.asked.append((who, one))
        return one

    def flood(self, people: Sequence[Person], each: int) -> None:
        """Everybody asks at once, and again."""
        for _ in range(each):
            for who in people:
                self.ask(who)

    async def all_over(self, patience: float) -> None:
        """Wait until every question has its outcome. Rarely looked at: all that stands is gone through each time."""
        async with asyncio.timeout(patience):
            # From another thread: bot and worker live in this loop, and may not be kept from their heartbeats.
            while len(await asyncio.to_thread(self.outcomes)) < len(self.asked):  # noqa: ASYNC110 - as `eventually`
                await asyncio.sleep(0.05 + len(self.asked) / 200)

    # --- What the services saw ---------------------------------------------------------------------------------------

    def of(self, who: Person) -> list[Asked]:
        """Somebody's questions."""
        return [one for person, one in self.asked if person == who]

    def writes(self) -> list[Write]:
        """All that was written in the threads, in order."""
        slack, discord = self._witnesses()
        return sorted([*slack.writes(), *discord.writes()], key=lambda write: write.at)

    def standing(self) -> list[Standing]:
        """All that stands in the threads."""
        slack, discord = self._witnesses()
        return [*slack.standing(), *discord.standing()]

    def outcomes(self) -> Mapping[str, Standing]:
        """The outcome that stands under each key."""
        return {one.key: one for one in self.standing() if one.state in OVER}

    def steps(self, *asked: Asked) -> list[Record]:
        """Requests for steps that were made for some questions."""
        threads = {one.thread for one in asked}
        return [
            step for step in self.stack.sandbox.steps() if str(step.metadata["thread"]).rpartition(":")[2] in threads
        ]

    def spent(self, who: Person) -> tuple[int, int]:
        """Tokens that the model's provider counted for somebody: all, and of the dearest question."""
        each = [sum(step.tokens for step in self.steps(one)) for one in self.of(who)]
        return sum(each), max(each)

    def tries(self) -> int:
        """How often one step was sent, at the most."""
        steps = Counter(str(step.metadata["step"]).partition("#")[0] for step in self.stack.sandbox.steps())
        return max(steps.values())

    def answered_before(self, one: Asked) -> int:
        """Others' answers that came between a question and its own. Refusals are no answers."""
        first: dict[str, Write] = {}
        for write in self.writes():
            if write.state == "final":
                first.setdefault(write.key, write)
        mine = first[one.key].at
        return sum(one.at < write.at < mine for key, write in first.items() if key != one.key)

    def _witnesses(self) -> tuple[SlackWitness, DiscordWitness]:
        asked = [one for _, one in self.asked]
        return (
            SlackWitness(self.slack.slack, [one for one in asked if one.platform == "slack"]),
            DiscordWitness(self.discord.discord, [one for one in asked if one.platform == "discord"]),
        )


@asynccontextmanager
async def hall_on(stack: Stack, **settings: object) -> AsyncGenerator[Hall]:
    """Both platforms with a worker of these settings and a bot; nothing was wrong with either in the end."""
    with running_slack() as slack, running_discord() as discord:
        async with (
            slack_desk.desk_on(stack, slack) as first,
            discord_desk.desk_on(stack, discord) as second,
            stack.worker(**settings),  # pyright: ignore[reportArgumentType] - settings only
            second.bot(),
        ):
            await eventually(lambda: slack.connections > 0, "the bot listens to both")
            yield Hall(stack=stack, slack=first, discord=second)
        assert (slack.violations, discord.violations) == ([], [])


def refusals(found: Sequence[Standing], sentence: str) -> Counter[str]:
    """How many messages in each thread hold a sentence."""
    return Counter(one.thread for one in found if sentence in one.text)
