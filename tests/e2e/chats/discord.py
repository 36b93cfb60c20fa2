"""A seat in a Discord server."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.platforms.discord.messages import mark_of, marked
from tests.discord.server import Discord, Interaction, Message, running_discord
from tests.e2e.chats.seat import Seat, Shown
from tests.e2e.whole import Whole, whole

_PARTS = 6


@contextmanager
def server(directory: Path, bytecode: Path) -> Generator[DiscordSeat]:
    """A whole set with a server before it alone, listening, its commands known."""
    with running_discord() as discord:
        root = discord.user("root", admin=True)
        with whole(directory, bytecode, **settings_of(discord), CLEW_ADMINS=f"discord:{root}") as made:
            made.eventually(lambda: bool(discord.connected and discord.commands()), "the bot listens")
            yield DiscordSeat(made, discord, root)


def settings_of(discord: Discord) -> dict[str, str]:
    """What lets processes listen and deliver to it."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
    }


class DiscordSeat(Seat):
    """One server."""

    def __init__(self, whole: Whole, discord: Discord, root: str) -> None:
        super().__init__(whole)
        self.discord = discord
        self.channel = discord.channel("research")
        self.alice, self.bob, self.root = discord.user("alice"), discord.user("bob"), root
        self._clicked: list[Interaction] = []

    def mention(self, text: str) -> str:
        return self.discord.say(self.channel, self.alice, f"<@{self.discord.bot_user}> {text}")

    def reply(self, thread: str, text: str) -> str:
        return self.discord.say(thread, self.bob, text)

    def direct(self, text: str) -> tuple[str, str]:
        channel = self.discord.dm(self.alice)
        return channel, self.discord.say(channel, self.alice, text)

    def research(self, symbol: str, question: str) -> tuple[str, str]:
        given = self.discord.command(self.channel, self.alice, "research", ticker=symbol, question=question)
        self.whole.eventually(lambda: given.acked, "acknowledged")
        assert given.response is not None
        return given.response.id, given.id

    def point_at(self, symbol: str) -> tuple[str, Callable[[], bool]]:
        said = self.discord.say(self.channel, self.bob, f"What is {symbol}'s last close?")
        self.discord.context(self.channel, self.alice, "Research this", said)
        return said, lambda: bool(self.all_answers(said))

    def click(self, answer: Shown, action: str, user: str) -> Callable[[], bool]:
        message = self.discord.message(answer.thread, answer.id)
        custom_id = next(one for one in message.custom_ids if one.split(":")[1] == action)
        clicked = self.discord.click(answer.thread, answer.id, user, custom_id)
        self._clicked.append(clicked)
        return lambda: clicked.acked or clicked.failed

    def in_vain(self) -> int:
        responses = [one.response for one in self._clicked]
        told = sum(one is not None and "nothing was done" in one.content for one in responses)
        return told + sum(one.failed for one in self._clicked)

    def react(self, answer: Shown, emoji: str) -> None:
        self.discord.react(answer.thread, answer.id, self.alice, emoji)

    def administer(self, text: str, *, root: bool) -> Callable[[], str]:
        user = self.root if root else self.alice
        action, _, about = text.partition(" ")
        options = {"action": action} | ({"about": about} if about else {})
        given = self.discord.command(self.channel, user, "research-admin", **options)

        def told() -> str:
            response = given.response
            return "" if response is None or response.loading else response.content

        return told

    def follow_up_of(self, answer: Shown, number: int) -> str:
        return f"follow-up:{answer.id}:ask{number}"

    def answers(self, thread: str, key: str) -> list[Shown]:
        marks = {mark_of(thread, key), *(mark_of(thread, f"{key}:{part}") for part in range(2, _PARTS))}
        return [shown for mark, shown in self._standing(thread) if mark in marks]

    def all_answers(self, thread: str) -> list[Shown]:
        return [shown for _, shown in self._standing(thread)]

    def posted(self, thread: str, key: str) -> int:
        created = [one for one in self.discord.ledger if one.route == "POST /channels/{channel}/messages"]
        mark = mark_of(thread, key)
        found = [marked({"components": self._message(thread, one.message).components}) for one in created
                 if one.channel == thread and one.message is not None]  # fmt: skip
        return sum(one is not None and one.mark == mark for one in found)

    @property
    def listeners(self) -> int:
        return self.discord.connected

    def strike(self, pid: int) -> None:
        self.discord.fault("gateway", "signal", when="after", pid=pid, event="MESSAGE_CREATE")

    def twice(self, on: bool) -> None:
        self.discord.twice(on)

    def heal(self) -> None:
        self.discord.heal()

    def complaints(self) -> Sequence[object]:
        return [*self.discord.violations, *self.discord.unknown_routes(), *self.discord.pings]

    def _message(self, thread: str, message: str) -> Message:
        return self.discord.message(thread, message)

    def _standing(self, thread: str) -> list[tuple[str, Shown]]:
        try:
            standing = self.discord.messages(thread)
        except KeyError:
            return []
        found = [(marked({"components": one.components}), one) for one in standing]
        return [
            (
                its.mark,
                Shown(id=one.id, thread=thread, state=its.state, text=one.text, attempt=its.attempt),
            )
            for its, one in found
            if its is not None
        ]
