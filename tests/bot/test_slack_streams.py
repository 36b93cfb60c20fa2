"""The answer as a native stream below its placeholder, and that nothing of it is left when the last word is said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.platforms import progress
from bot.platforms.slack.calls import build_client
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.streams import SEE_ABOVE
from tests.bot.slack_rig import SlackRig
from tests.contracts.chat import answer, working
from tests.slack.bolt_app import until
from tests.slack.server import Message, running_slack
from workflows.blobs import FileBlobStore
from workflows.contracts import MessageRef, ThreadRef
from workflows.errors import Ambiguous, Retriable, Terminal

TIERS = {"chat.update": 50, "chat.startStream": 20, "chat.appendStream": 100, "conversations.replies": 50}
"""Calls a minute that Slack allows at least."""

WORDS = "Apple closed at 252.20 USD on 2024-12-30. "


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[SlackRig]:
    with running_slack() as slack:
        yield SlackRig(slack, FileBlobStore(tmp_path))
        assert slack.violations == []


def standing(rig: SlackRig, thread: ThreadRef) -> list[Message]:
    """What is Clew's in the thread."""
    return [one for one in rig.slack.thread(rig.channel, thread.thread) if one.user == rig.slack.bot_user]


async def placeholder(rig: SlackRig) -> MessageRef:
    return await rig.chat.post(await rig.thread(), working(""))


async def show(rig: SlackRig, message: MessageRef, *texts: str) -> None:
    async with rig.chat.live(message, asker=rig.person) as live:
        for text in texts:
            await live.show(working(text))


def another_process(rig: SlackRig, directory: Path) -> SlackRig:
    """A worker that knows nothing of what the first one did."""
    other = SlackRig(rig.slack, FileBlobStore(directory))
    other.person, other.channel = rig.person, rig.channel
    return other


async def test_text_streams_below_the_placeholder_and_the_last_word_takes_its_place(rig: SlackRig) -> None:
    message = await placeholder(rig)
    await show(rig, message, WORDS, WORDS * 2, WORDS * 2 + "And")
    first, stream = standing(rig, message.thread)
    assert (first.ts, stream.streaming) == (message.message, True)
    assert WORDS.strip() * 2 in str(stream.blocks).replace(". Apple", ".Apple")
    await rig.chat.edit(message, answer(text=WORDS * 3))
    [last] = standing(rig, message.thread)
    assert last.ts == message.message
    assert len(rig.slack.asked("chat.startStream")) == 1


async def test_a_text_that_begins_anew_streams_anew(rig: SlackRig) -> None:
    message = await placeholder(rig)
    await show(rig, message, WORDS, "Another beginning altogether. ")
    _, stream = standing(rig, message.thread)
    assert "Another beginning" in str(stream.blocks)
    assert "252.20" not in str(stream.blocks)


async def test_a_stream_that_slack_ended_goes_on_in_the_placeholder(rig: SlackRig) -> None:
    message = await placeholder(rig)
    await show(rig, message, WORDS)
    _, stream = standing(rig, message.thread)
    rig.slack.expire_stream(stream.ts)
    await show(rig, message, WORDS * 2)
    first = standing(rig, message.thread)[0]
    assert WORDS.strip() in str(first.blocks)
    await rig.chat.edit(message, answer(text=WORDS * 3))
    assert [one.ts for one in standing(rig, message.thread)] == [message.message]


async def test_a_stream_whose_start_was_not_acknowledged_is_swept_away_with_the_last_word(rig: SlackRig) -> None:
    message = await placeholder(rig)
    rig.slack.fault("chat.startStream", "drop", when="after")
    with pytest.raises(Ambiguous):
        await show(rig, message, WORDS)
    await show(rig, message, WORDS * 2)
    assert len(standing(rig, message.thread)) == 2
    await rig.chat.edit(message, answer(text=WORDS))
    assert [one.ts for one in standing(rig, message.thread)] == [message.message]
    assert len(rig.slack.asked("chat.startStream")) == 1


async def test_what_a_dead_worker_streamed_is_swept_away_by_the_one_that_finishes(
    rig: SlackRig, tmp_path: Path
) -> None:
    message = await placeholder(rig)
    await show(rig, message, WORDS)
    other = another_process(rig, tmp_path)
    await show(other, message, WORDS * 2)
    assert len(standing(rig, message.thread)) == 3
    await other.chat.edit(message, answer(text=WORDS))
    assert [one.ts for one in standing(rig, message.thread)] == [message.message]


async def test_people_and_other_answers_are_not_swept_away(rig: SlackRig, tmp_path: Path) -> None:
    message = await placeholder(rig)
    said = rig.slack.say(rig.channel, rig.person, "And?", thread=message.thread.thread)
    waiting = await rig.chat.post(message.thread, answer(key="turn2"))
    await another_process(rig, tmp_path).chat.edit(message, answer(text=WORDS))
    left = [one.ts for one in rig.slack.thread(rig.channel, message.thread.thread)]
    assert left == [message.thread.thread, message.message, said, waiting.message]


async def test_a_refused_rate_of_a_stream_is_told_and_the_last_word_waits_for_nothing(rig: SlackRig) -> None:
    message = await placeholder(rig)
    rig.slack.fault("chat.startStream", "status", status=429, retry_after=30)
    with pytest.raises(Retriable) as refused:
        await show(rig, message, WORDS)
    assert refused.value.retry_after == 30
    await rig.chat.edit(message, answer(text=WORDS))
    assert [one.ts for one in standing(rig, message.thread)] == [message.message]


async def test_a_placeholder_that_is_gone_takes_its_stream_along(rig: SlackRig) -> None:
    message = await placeholder(rig)
    await show(rig, message, WORDS)
    rig.slack.remove(rig.channel, message.message)
    with pytest.raises(Terminal):
        await rig.chat.edit(message, answer(text=WORDS))
    assert standing(rig, message.thread) == []


async def test_half_a_mention_never_streams(rig: SlackRig) -> None:
    message = await placeholder(rig)
    await show(rig, message, "Hello <!chan", "Hello <!channel> you", "Hello <!channel> you all ")
    _, stream = standing(rig, message.thread)
    assert "<!" not in str(stream.blocks)
    assert "Hello @ channel you all" in str(stream.blocks)


async def test_slack_is_told_while_we_work_so_that_its_own_stop_shows(rig: SlackRig) -> None:
    message = await placeholder(rig)
    await show(rig, message, "")
    assert rig.slack.session(rig.channel, message.thread.thread)["status"] == "processing"
    await rig.chat.edit(message, answer(text=WORDS))
    assert rig.slack.session(rig.channel, message.thread.thread)["status"] == "active"


@pytest.mark.parametrize("fresh", [progress.FRESH, -1.0], ids=["awake", "perhaps given up meanwhile"])
async def test_twenty_turns_at_once_stay_within_slacks_tiers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: float
) -> None:
    monkeypatch.setattr(progress, "FRESH", fresh)
    with running_slack() as slack:
        rig = SlackRig(slack, FileBlobStore(tmp_path))
        platform = SlackPlatform(build_client(slack.bot_token, slack.api_url), FileBlobStore(tmp_path))
        messages = [await placeholder(rig) for _ in range(20)]
        slack.tiers(True)

        async def turn(message: MessageRef) -> None:
            async with platform.live(message, asker=rig.person) as live:
                for words in range(1, 50):
                    with suppress(Retriable):
                        await live.show(working(WORDS * words))

        running = [asyncio.create_task(turn(message)) for message in messages]
        # What the first minute allows is spent at once; whoever comes later is told to.
        await asyncio.gather(*running)
        assert len(slack.asked("chat.update")) >= 5
        slack.tiers(False)
        assert [request for request in slack.requests if request.status == 429] == []
        assert all(len(slack.asked(name)) <= most for name, most in TIERS.items())


async def test_the_last_word_waits_for_progress_that_is_under_way(rig: SlackRig) -> None:
    message = await placeholder(rig)
    fault = rig.slack.fault("chat.update", "hold")
    running = asyncio.create_task(show(rig, message, ""))
    await until(lambda: bool(fault.held), "a call is under way")
    running.cancel()
    last = asyncio.create_task(rig.chat.edit(message, answer(text="The last word.")))
    for _ in range(5):
        # Round trips in which it could have been written.
        await rig.chat.find(message.thread, "nothing")
    assert len(rig.slack.asked("chat.update")) == 1
    fault.release()
    await asyncio.gather(running, last, return_exceptions=True)
    assert "The last word." in str(standing(rig, message.thread)[0].blocks)


async def test_what_another_worker_streamed_is_taken_away_by_the_one_that_posted(rig: SlackRig, tmp_path: Path) -> None:
    message = await placeholder(rig)
    await show(another_process(rig, tmp_path), message, WORDS)
    assert len(standing(rig, message.thread)) == 2
    await rig.chat.edit(message, answer(text=WORDS))
    assert [one.ts for one in standing(rig, message.thread)] == [message.message]


@pytest.mark.parametrize(("method", "text"), [("chat.update", ""), ("chat.startStream", WORDS)])
async def test_progress_that_slack_takes_its_time_over_is_waited_for_before_the_last_word(
    rig: SlackRig, method: str, text: str
) -> None:
    message = await placeholder(rig)
    fault = rig.slack.fault(method, "hold")
    running = asyncio.create_task(show(rig, message, text))
    await until(lambda: bool(fault.held), "a call is under way")
    running.cancel()
    fault.release()
    await asyncio.gather(running, return_exceptions=True)
    await rig.chat.edit(message, answer(text="The last word."))
    [last] = standing(rig, message.thread)
    assert "The last word." in str(last.blocks)


async def test_a_stream_that_may_not_be_deleted_points_to_the_answer(rig: SlackRig) -> None:
    message = await placeholder(rig)
    await show(rig, message, WORDS)
    rig.slack.fault("chat.delete", "error", error="compliance_exports_prevent_deletion")
    await rig.chat.edit(message, answer(text=WORDS))
    first, rest = standing(rig, message.thread)
    assert first.ts == message.message
    assert (rest.text, rest.streaming) == (SEE_ABOVE, False)


async def test_what_a_refused_rate_kept_from_a_stream_comes_with_the_next_words(rig: SlackRig) -> None:
    message = await placeholder(rig)
    async with rig.chat.live(message, asker=rig.person) as live:
        await live.show(working("One two "))
        rig.slack.fault("chat.appendStream", "status", status=429, retry_after=0)
        with pytest.raises(Retriable):
            await live.show(working("One two three four "))
        while "One two three four five" not in str(standing(rig, message.thread)[1].blocks):
            await live.show(working("One two three four five "))
            await asyncio.sleep(0)
