"""Whoever is told by Slack to wait keeps everybody else in the process waiting too."""

from __future__ import annotations

import pytest

from bot.platforms.slack.calls import Client, build_client, call, read
from tests.slack.server import running_slack
from tests.support.sandbox import until
from workflows.errors import Retriable


async def test_nothing_is_sent_inside_a_window_and_other_channels_do_not_wait() -> None:
    with running_slack() as slack:
        client = build_client(slack.bot_token, slack.api_url)
        assert isinstance(client, Client)
        busy, calm = slack.channel("busy"), slack.channel("calm")
        slack.fault("chat.postMessage", "status", status=429, retry_after=1)
        for _ in range(3):
            with pytest.raises(Retriable) as refused:
                await call(client, "chat.postMessage", channel=busy, text="Later")
            assert refused.value.retry_after is not None
            assert 0 < refused.value.retry_after <= 1
        assert len(slack.asked("chat.postMessage")) == 1
        await call(client, "chat.postMessage", channel=calm, text="Now")
        await until(lambda: client.closed("chat.postMessage", busy) <= 0)
        await call(client, "chat.postMessage", channel=busy, text="Now")
        assert not any(request.early for request in slack.requests)


async def test_a_method_that_only_reads_is_closed_for_all_channels() -> None:
    with running_slack() as slack:
        client = build_client(slack.bot_token, slack.api_url)
        one, other = slack.channel("one"), slack.channel("other")
        slack.fault("conversations.history", "status", status=429, retry_after=30)
        for channel in (one, other):
            with pytest.raises(Retriable):
                await read(client, "conversations.history", channel=channel)
        assert len(slack.asked("conversations.history")) == 1
