"""Faults of requests: what was applied, and what discord.py saw."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import discord as sdk
import pytest

from tests.discord.client import Listener, connected, logged_in, place_of, pointed_at, refused, until
from tests.discord.server import Discord

pytestmark = pytest.mark.campaign

POST, PATCH = "POST /channels/*/messages", "PATCH /channels/*/messages/*"


async def test_a_reply_that_is_lost_leaves_one_message_and_its_nonce_finds_it(discord: Discord) -> None:
    channel = discord.channel("a")
    discord.fault(POST, "drop", when="after")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            with pytest.raises(aiohttp.ClientConnectionError):
                await place_of(client, channel).send("once", nonce="turn:1")
            found = await place_of(client, channel).send("once", nonce="turn:1")
    assert [message.id for message in discord.messages(channel)] == [str(found.id)]
    assert [(request.status, request.fault) for request in discord.asked(POST)] == [(None, "drop"), (200, None)]


async def test_discord_py_repeats_a_502_and_the_nonce_makes_it_one_message(discord: Discord) -> None:
    channel = discord.channel("a")
    discord.fault(POST, "status", when="after", status=502)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            await place_of(client, channel).send("once")
    assert [message.text for message in discord.messages(channel)] == ["once"]
    assert [request.status for request in discord.asked(POST)] == [502, 200]


async def test_a_503_is_raised_at_once(discord: Discord) -> None:
    channel = discord.channel("a")
    discord.fault(POST, "status", status=503)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            with pytest.raises(sdk.DiscordServerError):
                await place_of(client, channel).send("lost")
    assert discord.messages(channel) == []


async def test_a_request_that_is_cut_before_is_not_applied(discord: Discord) -> None:
    channel = discord.channel("a")
    discord.fault(POST, "drop", nth=2)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place = place_of(client, channel)
            await place.send("one")
            with pytest.raises(aiohttp.ClientConnectionError):
                await place.send("two")
            await place.send("three")
    assert [message.text for message in discord.messages(channel)] == ["one", "three"]


async def test_a_body_that_is_cut_cannot_be_read(discord: Discord) -> None:
    channel = discord.channel("a")
    discord.fault(POST, "truncate", when="after")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            with pytest.raises(aiohttp.ClientPayloadError):
                await place_of(client, channel).send("once")
    assert len(discord.messages(channel)) == 1


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (403, 50001), (404, 10003), (400, 160004), (401, 0)])
async def test_any_error_of_discords_comes_instead_of_the_reply(discord: Discord, status: int, code: int) -> None:
    channel = discord.channel("a")
    discord.fault(POST, "error", status=status, code=code)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            assert await refused(place_of(client, channel).send("hello")) == (status, code)
    assert discord.asked(POST)[0].error == code


async def test_a_429_is_waited_for_and_comes_back_in_time(discord: Discord) -> None:
    channel = discord.channel("a")
    discord.fault(POST, "status", status=429, retry_after=0.2)
    began = time.monotonic()
    with pointed_at(discord):
        async with logged_in(discord) as client:
            await place_of(client, channel).send("later")
    assert time.monotonic() - began > 0.2
    assert [(request.status, request.early) for request in discord.asked(POST)] == [(429, False), (200, False)]


async def test_a_429_without_via_is_raised_and_who_comes_back_too_early_is_noted(discord: Discord) -> None:
    channel = discord.channel("a")
    discord.fault(POST, "status", status=429, retry_after=60, via=False)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            assert await refused(place_of(client, channel).send("one")) == (429, 0)
            await place_of(client, channel).send("two")
            await place_of(client, discord.channel("b")).send("elsewhere")
    assert [request.early for request in discord.asked(POST)] == [False, True, False]


async def test_a_global_429_closes_everything(discord: Discord) -> None:
    one, two = discord.channel("a"), discord.channel("b")
    discord.fault(POST, "status", status=429, retry_after=60, is_global=True)
    with pointed_at(discord):
        async with sdk.Client(intents=sdk.Intents.none(), max_ratelimit_timeout=30) as client:
            await client.login(discord.token)
            with pytest.raises(sdk.RateLimited) as error:
                await place_of(client, one).send("one")
            await place_of(client, two).send("two")
    assert error.value.retry_after == 60
    assert [request.early for request in discord.asked(POST)] == [False, True]


async def test_buckets_are_told_and_kept_to(discord: Discord) -> None:
    channel = discord.channel("a")
    discord.rate_limits()
    url = f"{discord.api_url}/channels/{channel}/messages"
    headers = {"Authorization": f"Bot {discord.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        left: list[str] = []
        for number in range(5):
            async with session.post(url, json={"content": str(number)}) as answer:
                left.append(answer.headers["X-RateLimit-Remaining"])
        async with session.post(url, json={"content": "one too many"}) as answer:
            body: Any = await answer.json()
            found = (answer.status, answer.headers["X-RateLimit-Scope"], body["global"])
    assert (left, found) == (["4", "3", "2", "1", "0"], (429, "user", False))
    assert 0 < body["retry_after"] <= 5
    assert len(discord.messages(channel)) == 5


async def test_a_request_that_is_held_is_applied_though_its_client_gave_up(discord: Discord) -> None:
    channel = discord.channel("a")
    fault = discord.fault(POST, "hold")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            call = asyncio.ensure_future(place_of(client, channel).send("late"))
            await until(lambda: fault.held == 1, "the request is held")
            call.cancel()
            assert discord.messages(channel) == []
            fault.release()
            await until(lambda: len(discord.messages(channel)) == 1, "the message stands")


async def test_a_request_that_hangs_is_cut_once_all_is_healed(discord: Discord) -> None:
    channel = discord.channel("a")
    fault = discord.fault(POST, "hang", when="after", matching=lambda body: body.get("content") == "once")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            call = asyncio.ensure_future(place_of(client, channel).send("once"))
            await until(lambda: fault.held == 1, "the request hangs")
            assert len(discord.messages(channel)) == 1
            discord.heal()
            with pytest.raises(aiohttp.ClientConnectionError):
                await call


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("when", ["before", "after", "reply"])
async def test_a_process_is_killed_the_moment_that_a_message_is_changed(
    discord: Discord, victim: subprocess.Popen[bytes], when: Any
) -> None:
    channel = discord.channel("a")
    fault = discord.fault(PATCH, "signal", when=when, pid=lambda: victim.pid)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            posted = await place_of(client, channel).send("one")
            if when == "reply":
                await posted.edit(content="two")
            else:
                with pytest.raises(aiohttp.ClientConnectionError):
                    await posted.edit(content="two")
    assert await asyncio.to_thread(victim.wait, 10) == -signal.SIGKILL
    assert fault.hits == 1
    assert discord.messages(channel)[0].text == ("one" if when == "before" else "two")


async def test_a_process_is_killed_the_moment_that_an_event_is_delivered(
    discord: Discord, victim: subprocess.Popen[bytes]
) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    discord.fault("gateway", "signal", when="after", event="MESSAGE_CREATE", pid=victim.pid)
    with pointed_at(discord):
        async with connected(discord, Listener()):
            discord.say(channel, ada, "hello")
            assert await asyncio.to_thread(victim.wait, 10) == -signal.SIGKILL


async def test_what_is_not_known_here_is_noted(discord: Discord) -> None:
    with pointed_at(discord):
        async with logged_in(discord) as client:
            http: Any = client.http
            assert await refused(http.get_audit_logs(int(discord.guild))) == (404, 0)
    assert discord.unknown_routes() == [f"GET /guilds/{discord.guild}/audit-logs"]
