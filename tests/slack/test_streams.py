"""Messages that grow while people watch."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from tests.slack.bolt_app import refusal, web_client
from tests.slack.server import Slack
from tests.slack.test_messages import METADATA

pytestmark = pytest.mark.campaign


class Scene:
    """A question in a channel, and a client that answers by a stream."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.client = web_client(slack)
        self.channel, self.ada = slack.channel("a"), slack.user("ada")
        self.root = slack.say(self.channel, self.ada, "<@U0BOT> why?")

    async def begin(self, **more: Any) -> str:
        recipient = {"recipient_user_id": self.ada, "recipient_team_id": self.slack.team}
        begun = await self.client.chat_startStream(channel=self.channel, thread_ts=self.root, **recipient, **more)
        return str(begun["ts"])

    def where(self, ts: str) -> dict[str, str]:
        return {"channel": self.channel, "ts": ts}


@pytest.fixture
def scene(slack: Slack) -> Scene:
    return Scene(slack)


async def test_a_stream_grows_and_ends_with_blocks_and_a_key(scene: Scene) -> None:
    ts = await scene.begin(markdown_text="Because ")
    assert scene.slack.message(scene.channel, ts).streaming
    await scene.client.chat_appendStream(**scene.where(ts), markdown_text="of ")
    chunks = [
        {"type": "plan_update", "title": "Reading"},
        {"type": "task_update", "id": "1", "title": "Prices", "status": "in_progress", "details": "from "},
        {"type": "task_update", "id": "1", "title": "Prices", "status": "complete", "details": "Yahoo"},
        {"type": "markdown_text", "text": "demand."},
    ]
    await scene.client.chat_appendStream(**scene.where(ts), chunks=chunks)
    await scene.client.chat_stopStream(**scene.where(ts), blocks=[{"type": "divider"}], metadata=METADATA)
    message = scene.slack.message(scene.channel, ts)
    assert (message.text, message.streaming, message.key) == ("Because of demand.", False, "turn:1")
    plan, text, divider = message.blocks
    assert (plan["title"], text["text"], divider["type"]) == ("Reading", "Because of demand.", "divider")
    (task,) = plan["tasks"]
    assert (task["status"], task["details"]["elements"][0]["elements"][0]["text"]) == ("complete", "from Yahoo")


async def test_the_sdks_own_helper_streams(scene: Scene) -> None:
    streamer = await scene.client.chat_stream(
        channel=scene.channel, thread_ts=scene.root, recipient_user_id=scene.ada, recipient_team_id=scene.slack.team
    )
    await streamer.append(markdown_text="x" * 300)
    await streamer.stop(markdown_text="!")
    _, answer = scene.slack.thread(scene.channel, scene.root)
    assert (answer.text, answer.streaming) == ("x" * 300 + "!", False)


async def test_a_live_stream_cannot_be_updated_and_a_stopped_one_can(scene: Scene) -> None:
    ts = await scene.begin(markdown_text="x")
    assert await refusal(scene.client.chat_update(**scene.where(ts), text="y")) == "streaming_state_conflict"
    await scene.client.chat_stopStream(**scene.where(ts))
    assert await refusal(scene.client.chat_stopStream(**scene.where(ts))) == "message_not_in_streaming_state"
    await scene.client.chat_update(**scene.where(ts), text="y")
    assert scene.slack.message(scene.channel, ts).text == "y"


async def test_a_stream_that_expired_takes_nothing_more(scene: Scene) -> None:
    ts = await scene.begin(markdown_text="x")
    scene.slack.expire_stream(ts)
    more = scene.client.chat_appendStream(**scene.where(ts), markdown_text="y")
    assert await refusal(more) == "message_not_in_streaming_state"
    await scene.client.chat_update(**scene.where(ts), text="whole")


async def test_slacks_own_stop_ends_the_streams_of_a_thread(scene: Scene) -> None:
    ts = await scene.begin(markdown_text="x")
    scene.slack.stop_session(scene.channel, scene.root, scene.ada)
    assert await refusal(scene.client.chat_stopStream(**scene.where(ts))) == "stopped_by_user"
    assert scene.slack.envelopes[-1].event["streaming_message_ts"] == [ts]


async def test_in_a_channel_a_stream_needs_its_recipient(scene: Scene) -> None:
    nobody = scene.client.chat_startStream(channel=scene.channel, thread_ts=scene.root)
    assert await refusal(nobody) == "missing_recipient_user_id"
    dm = scene.slack.dm(scene.ada)
    root = scene.slack.say(dm, scene.ada, "why?")
    assert (await scene.client.chat_startStream(channel=dm, thread_ts=root))["ok"]


@pytest.mark.parametrize(
    "chunk",
    [
        {"type": "task_update", "id": "1", "title": "Prices", "status": "completed"},
        {"type": "task_update", "id": "1", "title": "x" * 257, "status": "complete"},
        {"type": "thought", "text": "x"},
    ],
)
async def test_chunks_that_slack_does_not_know_are_refused(scene: Scene, chunk: dict[str, Any]) -> None:
    ts = await scene.begin()
    assert await refusal(scene.client.chat_appendStream(**scene.where(ts), chunks=[chunk])) == "invalid_chunks"
    assert len(scene.slack.violations) == 1


async def test_forms_are_read_as_json_bodies_are(scene: Scene) -> None:
    ts = await scene.begin()
    chunks = json.dumps([{"type": "markdown_text", "text": "from a form"}])
    headers = {"Authorization": f"Bearer {scene.slack.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{scene.slack.api_url}chat.appendStream", data={**scene.where(ts), "chunks": chunks}) as answer,
    ):
        assert (await answer.json())["ok"]
    assert scene.slack.message(scene.channel, ts).text == "from a form"
