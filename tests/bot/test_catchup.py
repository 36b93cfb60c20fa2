"""What people did while the bot was away comes in once, in order, marked as late; and nothing else does."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from bot.gap import BEFORE
from tests.bot.slack_away import PRICE, Away, away_on, is_late
from tests.bot.slack_desk import text_of
from tests.support.stack import Stack, eventually


@pytest.fixture
async def away(
    idle_stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> AsyncGenerator[Away]:
    async with away_on(idle_stack, monkeypatch, caplog) as away, idle_stack.worker():
        yield away


async def test_what_was_said_is_answered_once_in_order_and_says_that_it_is_late(away: Away) -> None:
    desk, slack = away.desk, away.slack
    thread, first = await away.asked()
    # A thread that goes on over more than a page; a new one with replies; a direct message; a mention among others.
    followed = [away.reply(thread, f"And in 202{number}?") for number in range(2)]
    opened = desk.mention(PRICE)
    below = slack.say(desk.channel, desk.bob, "And its volume?", thread=opened)
    direct = slack.say(slack.dm(desk.bob), desk.bob, PRICE)
    lunch = slack.say(desk.channel, desk.bob, "Lunch?")
    away.reply(lunch, "Yes!")
    among = desk.mention(PRICE, thread=lunch)
    slack.pages(2)
    async with away.back():
        [_, *late] = await away.outcomes(thread, [thread, *followed])
        late += await away.outcomes(opened, [opened, below])
        late += await away.outcomes(direct, [direct], slack.dm(desk.bob))
        late += await away.outcomes(lunch, [among])
    assert not is_late(first)
    assert [is_late(answer) for answer in late] == [True] * 6


async def test_a_bot_that_comes_back_hands_over_nothing_twice_and_tells_nobody_anything_again(away: Away) -> None:
    desk, slack = away.desk, away.slack
    guest = slack.user("Guest", guest=True)
    async with desk.bot():
        thread, answer = await desk.asked(PRICE)
        slack.react(desk.channel, answer.ts, desk.alice, "repeat")
        await desk.outcome(thread, thread, attempt=2)
        for text in ("stop", "help", f"<@{desk.bob}> look at this"):
            aside = away.reply(thread, text)
            await eventually(lambda aside=aside: slack.acked(aside), "acknowledged")
        desk.mention(PRICE, user=guest)
        await desk.whispered(guest, "You may not ask me here")
        await away.caught_up()
    told = len(slack.asked("chat.postEphemeral"))
    length = await away.history(thread)
    for times in range(2, 5):
        async with away.back():
            await away.caught_up(times)
    assert await away.history(thread) == length
    assert len(slack.asked("chat.postEphemeral")) == told
    assert away.keys(thread) == [thread]


async def test_what_was_said_a_moment_ago_is_read_before_the_rest_of_the_gap(
    idle_stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with away_on(idle_stack, monkeypatch, caplog, ago=0.0) as away, idle_stack.worker():
        thread, _ = await away.asked(PRICE)
        missed = away.reply(thread, "And its volume?")
        before = len(away.slack.asked("conversations.replies"))
        async with away.back():
            await away.outcomes(thread, [thread, missed])
    readings = [one.arguments for one in away.slack.asked("conversations.replies")[before:]]
    first = next(one for one in readings if "inclusive" not in one)
    assert float(first["oldest"]) == pytest.approx(float(thread) - BEFORE, abs=0.01)


async def test_a_thread_that_began_before_a_channels_newest_ones_is_read_as_early_as_they_are(
    idle_stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with away_on(idle_stack, monkeypatch, caplog, ago=0.0) as away, idle_stack.worker():
        threads = [(await away.asked(PRICE))[0] for _ in range(3)]
        missed = away.reply(threads[0], "And its volume?")
        # Slack shows the newest two threads of the channel at first.
        away.slack.pages(2)
        before = len(away.slack.asked("conversations.replies"))
        async with away.back():
            await away.outcomes(threads[0], [threads[0], missed])
    readings = [one.arguments for one in away.slack.asked("conversations.replies")[before:]]
    first = next(one for one in readings if one["ts"] == threads[0] and "inclusive" not in one)
    assert float(first["oldest"]) == pytest.approx(float(threads[0]) - BEFORE, abs=0.01)


@pytest.mark.campaign
async def test_a_reaction_made_meanwhile_is_one_retry_even_if_its_event_comes_after_all(away: Away) -> None:
    desk, slack = away.desk, away.slack
    thread, answer = await away.asked()
    slack.react(desk.channel, answer.ts, desk.alice, "repeat::skin-tone-2")
    async with away.back():
        await desk.outcome(thread, thread, attempt=2)
        slack.redeliver(ts=answer.ts, new_event_id=True)
        await eventually(lambda: slack.acked(answer.ts), "acknowledged")
        after = away.reply(thread, "And its volume?")
        await away.outcomes(thread, [thread, after])
    assert "attempt 2" in text_of(desk.answers(thread)[0])


@pytest.mark.campaign
async def test_a_queued_question_that_was_edited_meanwhile_is_answered_as_it_reads_now(away: Away) -> None:
    desk, slack = away.desk, away.slack
    await desk.stack.sandbox.fault(kind="hold")
    async with desk.bot():
        first = desk.mention(PRICE)
        await desk.working(first, first)
        second = away.reply(first, "What is IBM's last close?")
        await desk.working(first, second)
    slack.edit(desk.channel, second, "What is MSFT's last close?")
    async with away.back():
        await away.caught_up(2)
        await desk.stack.sandbox.clear()
        [_, answer] = await away.outcomes(first, [first, second])
    assert "27.95" in text_of(answer)
