"""Uploads: three steps, and an image that can be shown only once Slack has looked into it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.slack.bolt_app import refusal, web_client
from tests.slack.server import Slack

pytestmark = pytest.mark.campaign

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


def shown(file: str) -> list[dict[str, Any]]:
    return [{"type": "image", "alt_text": "A chart", "slack_file": {"id": file}}]


async def test_a_file_uploaded_without_a_channel_can_be_shown_once_it_is_ready(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    uploaded = await client.files_upload_v2(content=PNG, filename="chart.png", title="Chart")
    file = uploaded["file"]["id"]
    assert slack.messages(channel) == []
    assert await refusal(client.chat_postMessage(channel=channel, text="x", blocks=shown(file))) == "invalid_blocks"
    types = [(await client.files_info(file=file))["file"]["mimetype"] for _ in range(2)]
    assert types == ["", "image/png"]
    await client.chat_postMessage(channel=channel, text="x", blocks=shown(file))
    assert len(slack.messages(channel)) == 1


async def test_a_file_uploaded_to_a_channel_is_a_message_without_a_key(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    await client.files_upload_v2(content=PNG, filename="chart.png", channel=channel)
    (message,) = slack.messages(channel)
    assert (message.subtype, message.key) == ("file_share", None)


async def test_a_file_that_was_not_uploaded_cannot_be_completed(slack: Slack) -> None:
    client = web_client(slack)
    begun = await client.files_getUploadURLExternal(filename="chart.png", length=3)
    completed = client.files_completeUploadExternal(files=[{"id": begun["file_id"], "title": "x"}])
    assert await refusal(completed) == "file_not_found"
