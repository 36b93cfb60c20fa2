"""Catching up where it meets live events, limits, and services that are away."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import AsyncGenerator

import pytest

from bot.catchup import CatchUp
from bot.platforms.slack import listening
from tests.bot.slack_away import PRICE, Away, away_on, is_late
from tests.support.stack import Stack, eventually
from tests.support.wire import Wire, wire_to

pytestmark = pytest.mark.campaign


@pytest.fixture
async def alone(
    idle_stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> AsyncGenerator[Away]:
    """Nobody works yet."""
    async with away_on(idle_stack, monkeypatch, caplog) as away:
        yield away


@pytest.fixture
async def away(alone: Away) -> AsyncGenerator[Away]:
    async with alone.desk.stack.worker():
        yield alone


@pytest.fixture
async def temporal(idle_stack: Stack) -> AsyncGenerator[Wire]:
    """The bot's own way to Temporal."""
    port = int(str(idle_stack.settings.clew_embedded_temporal).rpartition(":")[2])
    async with wire_to(port) as wire:
        yield wire


def is_reading(asked: dict[str, object]) -> bool:
    """Whether a request is the bot's that catches up; the worker looks for messages of its own."""
    return "limit" in asked and "inclusive" not in asked


@pytest.mark.timeout(400)
async def test_130_messages_in_5_threads_are_answered_once_each_in_order(away: Away) -> None:
    threads = [(await away.asked(PRICE))[0]]
    threads += [away.desk.mention(PRICE) for _ in range(4)]
    said = {thread: [thread] for thread in threads}
    for number in range(130):
        thread = threads[number % 5]
        said[thread].append(away.reply(thread, f"{number}: what is a bond?"))
    async with away.back():
        for thread, asked in said.items():
            answers = await away.outcomes(thread, asked)
            assert [is_late(answer) for answer in answers] == [thread != threads[0], *[True] * 26]


async def test_live_events_are_not_held_up_and_what_comes_both_ways_is_answered_once(away: Away) -> None:
    desk, slack = away.desk, away.slack
    thread, _ = await away.asked()
    missed = [away.reply(thread, "And its volume?"), away.reply(thread, "And its range?")]
    reading = slack.fault("conversations.replies", "hold", matching=is_reading)
    async with away.back(known=True):
        await eventually(lambda: reading.held, "it reads")
        live = away.reply(thread, "And its dividend?")
        await away.outcomes(thread, [thread, *missed, live])
        reading.release()
        await away.caught_up(2)
        later, _ = await desk.asked(PRICE)
        assert away.keys(later) == [later]
    assert away.keys(thread) == [thread, *missed, live]


async def test_it_waits_as_long_as_it_is_told_to_and_hears_meanwhile(away: Away) -> None:
    desk, slack = away.desk, away.slack
    thread, _ = await away.asked()
    missed, opened = away.reply(thread, "And its volume?"), desk.mention(PRICE)
    for method in ("users.conversations", "conversations.history", "conversations.replies"):
        slack.fault(method, "status", status=429, retry_after=1, times=2, matching=is_reading)
    async with away.back():
        live = desk.mention(PRICE)
        await away.outcomes(live, [live])
        await away.outcomes(thread, [thread, missed])
        await away.outcomes(opened, [opened])
    assert not any(request.early for request in slack.requests if is_reading(request.arguments))
    assert sum(request.status == 429 for request in slack.requests) == 6


async def test_what_slack_tells_again_is_late_too(away: Away) -> None:
    ts = away.desk.mention(PRICE)
    async with away.back(known=True, clew_catch_up_hours=0):
        [answer] = await away.outcomes(ts, [ts])
    assert is_late(answer)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.timeout(400)
async def test_whatever_comes_when_and_how_often_each_question_has_one_answer(away: Away, seed: int) -> None:
    desk, slack, chance = away.desk, away.slack, random.Random(seed)
    said: dict[str, list[str]] = {}
    slack.pages(3)
    for _ in range(6):
        slack.twice(chance.random() < 0.5)
        await _speak(away, chance, said)
        async with away.back(known=chance.random() < 0.5):
            await _speak(away, chance, said)
            if chance.random() < 0.5:
                slack.disconnect()
                await _speak(away, chance, said)
    async with desk.bot():
        for thread, asked in said.items():
            for key in asked:
                await desk.outcome(thread, key)
        await away.caught_up()
    assert {thread: sorted(away.keys(thread)) for thread in said} == {
        thread: sorted(asked) for thread, asked in said.items()
    }


async def _speak(away: Away, chance: random.Random, said: dict[str, list[str]]) -> None:
    for _ in range(chance.randint(0, 3)):
        if said and chance.random() < 0.6:
            thread = chance.choice(list(said))
            said[thread].append(away.reply(thread, "What is a bond?"))
        else:
            thread = away.desk.mention("What is a dividend?")
            said[thread] = [thread]
        await asyncio.sleep(chance.random() / 10)


async def test_one_that_ends_while_it_reads_begins_anew_and_nothing_is_lost_or_doubled(away: Away) -> None:
    threads = [away.desk.mention(PRICE) for _ in range(3)]
    said = [[thread, away.reply(thread, "And its volume?")] for thread in threads]
    for nth in (1, 2, 3):
        reading = away.slack.fault("conversations.replies", "hold", matching=is_reading, nth=nth)
        async with away.back():
            await eventually(lambda reading=reading: reading.held, "it reads")
        away.slack.heal()
    async with away.back():
        for thread, asked in zip(threads, said, strict=True):
            await away.outcomes(thread, asked)
        await away.caught_up()
    assert [away.keys(thread) for thread in threads] == said


async def test_temporal_may_go_away_meanwhile(away: Away, temporal: Wire) -> None:
    thread, _ = await away.asked()
    missed, opened = away.reply(thread, "And its volume?"), away.desk.mention(PRICE)
    reads = [away.slack.fault(method, "hold") for method in ("conversations.replies", "users.conversations")]
    async with away.back(clew_embedded_temporal=f"127.0.0.1:{temporal.port}"):
        await eventually(lambda: all(read.held for read in reads), "it reads")
        await temporal.down()
        for read in reads:
            read.release()
        await eventually(lambda: len(away.slack.asked("conversations.history")) > 3, "it goes on reading")
        await temporal.up()
        await away.outcomes(thread, [thread, missed])
        await away.outcomes(opened, [opened])


async def test_what_slack_gave_up_on_while_temporal_was_away_is_read_once_that_is_back(
    away: Away, temporal: Wire
) -> None:
    async with away.back(clew_embedded_temporal=f"127.0.0.1:{temporal.port}"):
        await away.caught_up()
        await temporal.down()
        ts = away.desk.mention(PRICE)
        sent = [envelope for envelope in away.slack.envelopes if envelope.ts == ts]
        await eventually(lambda: all(one.attempts > 1 for one in sent), "it could not be handed over")
        away.slack.forget()
        await temporal.up()
        await away.outcomes(ts, [ts])


async def test_what_was_said_between_two_sockets_is_read(away: Away) -> None:
    slack, channel = away.slack, away.desk.channel
    slack.clock_behind(0)
    async with away.back():
        await away.caught_up()
        # Slack tells nobody of it.
        slack.set_place(channel, member=False)
        ts = away.desk.mention(PRICE)
        slack.set_place(channel, member=True)
        slack.disconnect()
        await away.outcomes(ts, [ts])


async def test_without_a_worker_everything_is_handed_over_and_still_answered_once(
    alone: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "CatchUp", functools.partial(CatchUp, patience=0.0))
    async with alone.desk.stack.worker():
        thread, _ = await alone.asked()
    missed = alone.reply(thread, "What is IBM's last close?")
    alone.slack.edit(alone.desk.channel, missed, "What is MSFT's last close?")
    for times in (2, 3):
        async with alone.back():
            await alone.caught_up(times)
    async with alone.desk.stack.worker():
        await alone.outcomes(thread, [thread, missed])


@pytest.mark.parametrize("hours", [1, 0])
async def test_what_is_older_than_the_window_stays_as_it_is(away: Away, hours: int) -> None:
    away.slack.clock_behind(2 * 3600)
    old = away.desk.mention(PRICE)
    away.slack.clock_behind(600)
    new = away.desk.mention(PRICE)
    async with away.back(clew_catch_up_hours=hours):
        if hours:
            await away.outcomes(new, [new])
            await away.caught_up()
        else:
            await away.desk.asked(PRICE)
            assert away.keys(new) == []
    assert away.keys(old) == []
    assert bool(away.slack.asked("users.conversations")) == bool(hours)


async def test_a_thread_that_cannot_be_read_any_more_keeps_nothing_from_being_read(away: Away) -> None:
    thread, _ = await away.asked()
    away.slack.set_place(away.desk.channel, member=False)
    direct = away.slack.say(away.slack.dm(away.desk.alice), away.desk.alice, PRICE)
    async with away.back():
        await away.outcomes(direct, [direct], away.slack.dm(away.desk.alice))
    assert away.keys(thread) == [thread]


async def test_what_was_said_among_others_before_we_were_asked_is_theirs_also_after_that(away: Away) -> None:
    lunch = away.slack.say(away.desk.channel, away.desk.bob, "Lunch?")
    away.reply(lunch, "Yes!")
    among = away.desk.mention(PRICE, thread=lunch)
    after = away.reply(lunch, "And its volume?")
    for times in (1, 2):
        async with away.back():
            await away.outcomes(lunch, [among, after])
            await away.caught_up(times)
    async with away.back():
        later = away.reply(lunch, "And its range?")
        await away.outcomes(lunch, [among, after, later])
