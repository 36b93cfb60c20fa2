"""Faults of requests: what was applied, and what the client saw."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.bolt_app import bolt_app, connected, refusal, refused, until, web_client
from tests.slack.server import Slack

pytestmark = pytest.mark.campaign


async def test_a_reply_that_is_lost_leaves_one_message_where_nobody_repeats(slack: Slack) -> None:
    channel = slack.channel("a")
    slack.fault("chat.postMessage", "drop", when="after")
    with pytest.raises(aiohttp.ClientConnectionError):
        await web_client(slack).chat_postMessage(channel=channel, text="once")
    assert [message.text for message in slack.messages(channel)] == ["once"]
    (request,) = slack.asked("chat.postMessage")
    assert (request.status, request.fault) == (None, "drop")


async def test_the_sdks_own_repeats_would_post_twice(slack: Slack) -> None:
    channel = slack.channel("a")
    slack.fault("chat.postMessage", "drop", when="after")
    handlers = [AsyncConnectionErrorRetryHandler()]
    client: Any = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[*handlers])
    await client.chat_postMessage(channel=channel, text="twice")
    assert [message.text for message in slack.messages(channel)] == ["twice", "twice"]


async def test_a_request_that_is_cut_before_is_not_applied(slack: Slack) -> None:
    channel = slack.channel("a")
    slack.fault("chat.*", "drop", nth=2)
    client = web_client(slack)
    await client.chat_postMessage(channel=channel, text="one")
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel=channel, text="two")
    await client.chat_postMessage(channel=channel, text="three")
    assert [message.text for message in slack.messages(channel)] == ["one", "three"]


async def test_a_body_that_is_cut_cannot_be_read(slack: Slack) -> None:
    channel = slack.channel("a")
    slack.fault("chat.postMessage", "truncate", when="after")
    with pytest.raises(aiohttp.ClientPayloadError):
        await web_client(slack).chat_postMessage(channel=channel, text="once")
    assert len(slack.messages(channel)) == 1


async def test_errors_and_statuses_come_instead_of_the_reply(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    slack.fault("chat.postMessage", "error", error="fatal_error", when="after")
    assert await refusal(client.chat_postMessage(channel=channel, text="one")) == "fatal_error"
    slack.fault("chat.postMessage", "status", status=503)
    assert (await refused(client.chat_postMessage(channel=channel, text="two"))).status_code == 503
    assert [message.text for message in slack.messages(channel)] == ["one"]


@pytest.mark.parametrize("retry_after", [7, "Wed, 25 Nov 2026 10:00:00 GMT", None])
async def test_a_429_names_when_to_come_back_in_any_form(slack: Slack, retry_after: int | str | None) -> None:
    slack.fault("auth.test", "status", status=429, retry_after=retry_after)
    answer = await refused(web_client(slack).auth_test())
    assert (answer.status_code, answer["error"]) == (429, "ratelimited")
    assert answer.headers.get("Retry-After") == (None if retry_after is None else str(retry_after))


async def test_who_comes_back_too_early_is_noted(slack: Slack) -> None:
    slack.fault("auth.test", "status", status=429, retry_after=60)
    assert await refusal(web_client(slack).auth_test()) == "ratelimited"
    await web_client(slack).auth_test()
    assert [request.early for request in slack.asked("auth.test")] == [False, True]


async def test_a_request_that_is_held_is_applied_though_its_client_gave_up(slack: Slack) -> None:
    channel = slack.channel("a")
    fault = slack.fault("chat.postMessage", "hold")
    call = asyncio.ensure_future(web_client(slack).chat_postMessage(channel=channel, text="late"))
    await until(lambda: fault.held == 1, "the request is held")
    call.cancel()
    assert slack.messages(channel) == []
    fault.release()
    await until(lambda: len(slack.messages(channel)) == 1, "the message stands")


async def test_a_request_that_is_delayed_is_overtaken(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    slack.fault("chat.postMessage", "delay", seconds=0.2)
    slow = asyncio.ensure_future(client.chat_postMessage(channel=channel, text="one"))
    await until(lambda: len(slack.asked("chat.postMessage")) == 1, "the request is there")
    await client.chat_postMessage(channel=channel, text="two")
    await slow
    assert [message.text for message in slack.messages(channel)] == ["two", "one"]


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("when", ["before", "after", "reply"])
async def test_a_process_is_killed_the_moment_that_a_message_is_posted(
    slack: Slack, victim: subprocess.Popen[bytes], when: Any
) -> None:
    channel = slack.channel("a")
    fault = slack.fault("chat.postMessage", "signal", when=when, pid=lambda: victim.pid)
    call = web_client(slack).chat_postMessage(channel=channel, text="last words")
    if when == "reply":
        assert (await call)["ok"]
    else:
        with pytest.raises(aiohttp.ClientConnectionError):
            await call
    assert victim.wait(10) == -signal.SIGKILL
    assert fault.hits == 1
    assert len(slack.messages(channel)) == (0 if when == "before" else 1)


@pytest.mark.parametrize("when", ["before", "after", "reply"])
async def test_a_process_is_killed_the_moment_that_an_event_is_delivered(
    slack: Slack, victim: subprocess.Popen[bytes], when: Any
) -> None:
    app, ada = bolt_app(slack), slack.user("ada")
    app.event("message")(_nothing)
    fault = slack.fault("socket", "signal", when=when, event="message", pid=victim.pid)
    async with connected(slack, app):
        slack.say(slack.dm(ada), ada, "hello")
        assert await asyncio.to_thread(victim.wait, 10) == -signal.SIGKILL
    assert fault.hits == 1


async def _nothing() -> None:
    return None


async def test_a_request_that_hangs_is_cut_once_all_is_healed(slack: Slack) -> None:
    channel = slack.channel("a")
    fault = slack.fault("chat.postMessage", "hang", when="after")
    call = asyncio.ensure_future(web_client(slack).chat_postMessage(channel=channel, text="once"))
    await until(lambda: fault.held == 1, "the request hangs")
    assert len(slack.messages(channel)) == 1
    slack.heal()
    with pytest.raises(aiohttp.ClientConnectionError):
        await call


async def test_tiers_hold_one_channel_to_a_message_a_second(slack: Slack) -> None:
    client, channel, other = web_client(slack), slack.channel("a"), slack.channel("b")
    slack.tiers()
    await client.chat_postMessage(channel=channel, text="one")
    await client.chat_postMessage(channel=other, text="elsewhere")
    answer = await refused(client.chat_postMessage(channel=channel, text="two"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert len(slack.messages(channel)) == 1
