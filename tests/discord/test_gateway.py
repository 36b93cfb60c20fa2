"""Connections that end, sessions that are resumed or not, and events that come twice."""

from __future__ import annotations

import logging

import discord as sdk
import pytest

from tests.discord.client import INTENTS, Listener, connected, pointed_at, until
from tests.discord.server import Discord

pytestmark = pytest.mark.campaign


def _at_once(_: object) -> float:
    return 0.05


async def test_what_was_missed_while_the_connection_was_cut_is_replayed_once(discord: Discord) -> None:
    ada, channel, listener = discord.user("ada"), discord.channel("a"), Listener()
    with pointed_at(discord):
        async with connected(discord, listener):
            discord.say(channel, ada, "before")
            await until(lambda: len(listener.told) == 1, "it is told")
            discord.cut_gateway()
            discord.say(channel, ada, "meanwhile")
            await until(lambda: discord.resumes == 1, "the session is resumed")
            discord.say(channel, ada, "after")
            await until(lambda: len(listener.told) == 3, "all is told")
    assert [text for _, _, text in listener.told] == ["before", "meanwhile", "after"]
    assert (discord.identifies, listener.resumed) == (1, 1)


async def test_a_session_whose_connection_was_closed_with_a_code_is_resumed(discord: Discord) -> None:
    ada, channel, listener = discord.user("ada"), discord.channel("a"), Listener()
    with pointed_at(discord):
        async with connected(discord, listener):
            discord.cut_gateway(4000)
            discord.say(channel, ada, "meanwhile")
            await until(lambda: len(listener.told) == 1, "it is told")
    assert (discord.identifies, discord.resumes) == (1, 1)


async def test_a_client_that_is_asked_to_connect_anew_resumes(discord: Discord) -> None:
    listener = Listener()
    with pointed_at(discord):
        async with connected(discord, listener):
            discord.reconnect()
            await until(lambda: listener.resumed == 1, "the session is resumed")
    assert (discord.identifies, discord.resumes) == (1, 1)


async def test_an_invalid_session_is_begun_anew_and_nothing_is_replayed(
    discord: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, channel, listener = discord.user("ada"), discord.channel("a"), Listener()
    with pointed_at(discord):
        async with connected(discord, listener):
            discord.down()
            discord.invalidate_session()
            discord.say(channel, ada, "lost")
            monkeypatch.setattr("discord.backoff.ExponentialBackoff.delay", _at_once)
            discord.down(False)
            await until(lambda: discord.identifies == 2, "it begins anew")
            await until(lambda: discord.connections == 1, "it is connected")
            discord.say(channel, ada, "heard")
            await until(lambda: bool(listener.told), "it is told")
    assert [text for _, _, text in listener.told] == ["heard"]
    assert discord.resumes == 0


async def test_who_leaves_in_good_order_can_resume_nothing(discord: Discord) -> None:
    ada, channel, first, second = discord.user("ada"), discord.channel("a"), Listener(), Listener()
    with pointed_at(discord):
        async with connected(discord, first):
            pass
        discord.say(channel, ada, "lost")
        async with connected(discord, second):
            discord.say(channel, ada, "heard")
            await until(lambda: bool(second.told), "it is told")
    assert [text for _, _, text in second.told] == ["heard"]
    assert discord.identifies == 2


async def test_an_event_whose_connection_was_cut_comes_with_the_next(discord: Discord) -> None:
    ada, channel, listener = discord.user("ada"), discord.channel("a"), Listener()
    fault = discord.fault("gateway", "drop", event="MESSAGE_CREATE")
    with pointed_at(discord):
        async with connected(discord, listener):
            discord.say(channel, ada, "hello")
            await until(lambda: bool(listener.told), "it is told")
    assert (fault.hits, discord.resumes, len(listener.told)) == (1, 1, 1)


async def test_every_event_can_come_twice(discord: Discord) -> None:
    ada, channel, listener = discord.user("ada"), discord.channel("a"), Listener()
    discord.twice()
    with pointed_at(discord):
        async with connected(discord, listener):
            discord.say(channel, ada, "hello")
            await until(lambda: len(listener.told) == 2, "both are told")
    assert len({message for _, message, _ in listener.told}) == 1


async def test_two_clients_hear_the_same(discord: Discord) -> None:
    ada, channel, one, two = discord.user("ada"), discord.channel("a"), Listener(), Listener()
    with pointed_at(discord):
        async with connected(discord, one), connected(discord, two):
            discord.say(channel, ada, "hello")
            await until(lambda: len(one.told) == len(two.told) == 1, "both are told")
    assert discord.identifies == 2


async def test_a_malformed_event_ends_the_client(discord: Discord) -> None:
    with pointed_at(discord):
        async with connected(discord, Listener()) as running:
            discord.malformed_event()
            with pytest.raises(KeyError):
                await running


async def test_a_client_without_acknowledged_heartbeats_resumes(
    discord: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    discord.heartbeats(seconds=0.05, acknowledged=False)
    listener = Listener(intents=INTENTS, heartbeat_timeout=0.3)
    with pointed_at(discord):
        async with connected(discord, listener):
            await until(lambda: discord.resumes >= 1, "the session is resumed")
            discord.heartbeats()


async def test_what_identifying_costs_is_told(discord: Discord) -> None:
    with pointed_at(discord):
        async with connected(discord, sdk.AutoShardedClient(intents=INTENTS, guild_ready_timeout=0.01)):
            pass
    (asked,) = discord.asked("GET /gateway/bot")
    assert (asked.status, discord.identifies) == (200, 1)
