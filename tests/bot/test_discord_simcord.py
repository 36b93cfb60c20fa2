"""Discord once more, as somebody else understood it: our commands, buttons and messages in simcord's world."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
import simcord

from bot import words
from bot.access import Access
from bot.platforms.discord import pressed
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.messages import Marked, mark_of, marked
from bot.platforms.discord.platform import DiscordPlatform
from tests.bot.simcord_desk import Ears, Heard
from workflows.blobs import FileBlobStore
from workflows.contracts import (
    OUTCOMES,
    Answer,
    AnswerState,
    BlobRef,
    Chart,
    IncomingMessage,
    LineState,
    Metric,
    OpenThreadRequest,
    ProgressLine,
    RetryRequest,
    Source,
    ThreadRef,
)

SETTLED = 2.0
"""Seconds, less than `pressed.SOONER`, after which simcord takes a pause for one that only `advance_time` ends."""

TEXT = "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx\n```\n\n# Price @everyone\n\n"

FINAL = Answer(key="t1", state=AnswerState.FINAL, text="**252.20 USD**", follow_ups=("And MSFT's?",))


@dataclass(kw_only=True)
class Desk:
    """One server with two people and one channel."""

    env: simcord.Env
    heard: Heard
    worker: DiscordPlatform
    channel: simcord.ChannelHandle
    alice: simcord.MemberActor
    bob: simcord.MemberActor

    async def thread(self) -> tuple[ThreadRef, simcord.ChannelHandle]:
        """A thread of ours, opened as a command opens it."""
        await self.alice.slash(self.channel, "research", ticker="AAPL")
        thread = await self.worker.open_thread(self.heard.values.pop())
        [handle] = self.channel.threads
        return thread, handle


@asynccontextmanager
async def desk(directory: Path, access: Access = Access()) -> AsyncGenerator[Desk]:
    """A world for as long as the block lasts; an error that our code lets go raises when it ends."""
    heard = Heard()
    ears = Ears(heard, access)
    async with simcord.run(ears, settle_timeout=SETTLED) as env:
        guild = env.create_guild()
        yield Desk(
            env=env,
            heard=heard,
            worker=DiscordPlatform(Rest("", client=ears), FileBlobStore(directory)),
            channel=guild.create_text_channel("research"),
            alice=guild.add_member(env.create_user("alice")),
            bob=guild.add_member(env.create_user("bob")),
        )


async def test_symbols_are_suggested_while_somebody_types(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        offered = await here.alice.autocomplete(here.channel, "research", "ticker", "appl")
        assert {"name": "AAPL · Apple", "value": "AAPL"} in offered


async def test_a_command_is_answered_for_all_to_see_and_its_thread_made_from_the_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        given = await here.alice.slash(here.channel, "research", ticker="AAPL", question="Is it expensive?")
        assert given.response is not None
        assert not given.response.ephemeral
        assert given.response.content == f"🔎 **AAPL**, asked for by {here.alice.mention}: Is it expensive?"
        [opening] = here.heard.values
        assert isinstance(opening, OpenThreadRequest)
        thread = await here.worker.open_thread(opening)
        assert await here.worker.open_thread(opening) == thread
        assert [(handle.id, handle.name) for handle in here.channel.threads] == [
            (given.response.id, "AAPL: Is it expensive?")
        ]
        assert thread.thread == str(given.response.id)


async def test_who_may_not_is_told_so_alone(tmp_path: Path) -> None:
    async with desk(tmp_path, Access(channels=["discord:1"])) as here:
        asked = await here.alice.slash(here.channel, "research", ticker="AAPL")
        administered = await here.alice.slash(here.channel, "research-admin", action="status")
        for told, sentence in ((asked, words.WRONG_CHANNEL), (administered, words.NOT_ADMIN)):
            assert told.response is not None
            assert told.response.ephemeral
            assert told.response.content == sentence
        assert here.channel.history(viewer=here.bob) == []
        assert here.heard.values == []


async def test_an_administrator_is_answered_alone(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await here.env.restart_bot(Ears(here.heard, Access(admins=[f"discord:{here.bob.id}"])))
        told = await here.bob.slash(here.channel, "research-admin", action="show", about="61c50")
        assert told.response is not None
        assert told.response.ephemeral
        assert told.response.content == f"discord:{here.bob.id} said: show 61c50"


async def test_a_command_is_answered_in_time_though_nobody_takes_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        here.heard.slow = 30.0
        given = await here.alice.slash(here.channel, "research", ticker="AAPL")
        assert not given.acknowledged
        await here.env.advance_time(pressed.SOONER + 0.1)
        assert given.response is not None
        assert given.response.ephemeral
        assert given.response.content == words.NOT_DONE


async def test_an_answer_that_comes_too_late_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pressed, "SOONER", 4.0)
    async with desk(tmp_path) as here:
        here.heard.slow = 30.0
        given = await here.alice.slash(here.channel, "research", ticker="AAPL")
        await here.env.advance_time(4.1)
        assert not given.acknowledged
        assert "10062" in caplog.text
        here.heard.slow = 0.0
        again = await here.alice.slash(here.channel, "research", ticker="AAPL")
        assert again.acknowledged


async def test_buttons_work_after_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        thread, handle = await here.thread()
        posted = await here.worker.post(thread, FINAL)
        await here.env.restart_bot(Ears(here.heard, Access()))
        message = handle.last_message
        assert message is not None
        retried = await here.bob.click(message, label="🔁 Retry")
        assert retried.deferred
        asked = await here.bob.click(message, label="And MSFT's?")
        assert asked.response is not None
        assert asked.response.content == f"{here.bob.mention} asks: And MSFT's?"
        thanked = await here.alice.click(message, label="👍")
        assert thanked.response is not None
        assert (thanked.response.content, thanked.response.ephemeral) == (words.THANKS, True)
        retry, question = here.heard.values
        assert isinstance(retry, RetryRequest)
        assert retry.answer == posted.message
        assert isinstance(question, IncomingMessage)
        assert (question.thread, question.text, question.asker.user) == (thread, "And MSFT's?", str(here.bob.id))


async def test_a_message_is_pointed_at(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        said = await here.bob.send(here.channel, "What is MSFT's last close?")
        pointed = await here.alice.context_menu(here.channel, "Research this", said)
        assert pointed.response is not None
        assert pointed.response.ephemeral
        [opening] = here.heard.values
        assert isinstance(opening, OpenThreadRequest)
        assert (opening.anchor, opening.text) == (str(said.id), "What is MSFT's last close?")
        assert opening.asker.user == str(here.alice.id)


async def test_commands_that_are_known_are_not_told_of_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await here.env.restart_bot(Ears(here.heard, Access()))
        told = [one for one in here.env.http_requests if one.method == "PUT" and one.path.endswith("/commands")]
        assert len(told) == 1


def made(key: str, state: AnswerState, size: int, many: int, image: BlobRef) -> Answer:
    """An answer of `size` characters, with `many` of everything that stands around them."""
    numbers = range(many)
    return Answer(
        key=key,
        state=state,
        headline="Apple " * (size // 40),
        text=(TEXT * 400)[:size],
        lines=tuple(ProgressLine(id=f"{n}", label=f"Risk {n}", state=LineState.RUNNING) for n in numbers),
        notices=("Historical sample.",) * many,
        metrics=tuple(
            Metric(label=f"Metric {n} " * (n % 9 + 1), value="1.5", as_of="2024-12-30", currency="USD", source="Sample")
            for n in numbers
        ),
        chart=Chart(image=image, alt="A line.", title="Apple", as_of="2024-12-30") if many else None,
        sources=tuple(Source(title=f"Source {n}", url=f"https://example.com/{n}") for n in numbers),
        gaps=("No news.",) * many,
        follow_ups=tuple(f"What of {n}?" for n in numbers),
    )


async def test_every_answer_is_taken_and_found(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        thread, handle = await here.thread()
        image = await FileBlobStore(tmp_path).put(b"\x89PNG", "image/png")
        parts = 0
        for number, (state, size, many) in enumerate(product(AnswerState, (0, 3_300, 9_000), (0, 30))):
            whole = made(f"k{number}", state, size, many, image)
            for part in here.worker.split(whole) if state in OUTCOMES else [whole]:
                waiting = Answer(key=part.key, state=AnswerState.WAITING, part=part.part, parts=part.parts)
                posted = await here.worker.post(thread, waiting)
                await here.worker.edit(posted, part)
                parts += 1
                last = handle.last_message
                assert last is not None
                assert str(last.id) == posted.message
                assert marked({"components": [one.to_dict() for one in last.components]}) == Marked(
                    mark=mark_of(thread.thread, part.post_key), state=state, attempt=1
                )
        assert parts > 40
