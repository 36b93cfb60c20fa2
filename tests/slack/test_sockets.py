"""Connections that end, and events that come again, or twice, or to somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.slack.bolt_app import bolt_app, connected, until
from tests.slack.server import Slack

pytestmark = pytest.mark.campaign


class Listener:
    """An app that notes every message it is told of, and acknowledges it."""

    def __init__(self, slack: Slack) -> None:
        self.app = bolt_app(slack)
        self.seen: list[tuple[str, str, str]] = []
        self.fail = False

        @self.app.event("message")
        async def _(event: dict[str, Any], body: dict[str, Any], request: Any) -> None:
            (attempt,) = request.headers["x-slack-retry-num"]
            self.seen.append((event["text"], body["event_id"], attempt))
            if self.fail:
                raise RuntimeError("not now")


async def test_an_event_without_an_app_waits_for_one(slack: Slack) -> None:
    listener, ada = Listener(slack), slack.user("ada")
    ts = slack.say(slack.dm(ada), ada, "anybody?")
    assert not slack.acked(ts)
    async with connected(slack, listener.app):
        await until(lambda: slack.acked(ts), "it is acknowledged")
    assert [text for text, _, _ in listener.seen] == ["anybody?"]


async def test_an_event_whose_app_died_before_the_acknowledgement_comes_again(slack: Slack) -> None:
    first, second, ada = Listener(slack), Listener(slack), slack.user("ada")
    first.fail = True
    async with connected(slack, first.app):
        ts = slack.say(slack.dm(ada), ada, "hello")
        await until(lambda: len(first.seen) == 1, "it was received")
    async with connected(slack, second.app):
        await until(lambda: slack.acked(ts), "it is acknowledged")
    (before,), (after,) = first.seen, second.seen
    assert before[:2] == after[:2]
    assert (before[2], int(after[2]) > 0) == ("0", True)


async def test_an_event_that_waited_too_long_never_comes(slack: Slack) -> None:
    listener, ada = Listener(slack), slack.user("ada")
    lost = slack.say(slack.dm(ada), ada, "lost")
    slack.forget()
    async with connected(slack, listener.app):
        slack.redeliver()
        kept = slack.say(slack.dm(ada), ada, "kept")
        await until(lambda: slack.acked(kept), "the next one is acknowledged")
    assert [text for text, _, _ in listener.seen] == ["kept"]
    assert not slack.acked(lost)


async def test_an_acknowledged_event_can_come_again_under_another_id(slack: Slack) -> None:
    listener, ada = Listener(slack), slack.user("ada")
    async with connected(slack, listener.app):
        ts = slack.say(slack.dm(ada), ada, "hello")
        await until(lambda: slack.acked(ts), "it is acknowledged")
        slack.redeliver(ts=ts, new_event_id=True)
        await until(lambda: len(listener.seen) == 2, "it came again")
    assert len({event_id for _, event_id, _ in listener.seen}) == 2


async def test_every_event_can_come_twice(slack: Slack) -> None:
    listener, ada = Listener(slack), slack.user("ada")
    slack.twice()
    async with connected(slack, listener.app):
        ts = slack.say(slack.dm(ada), ada, "hello")
        await until(lambda: slack.acked(ts), "both are acknowledged")
    assert [text for text, _, _ in listener.seen] == ["hello", "hello"]


@pytest.mark.parametrize("mention_first", [True, False])
async def test_a_mention_is_two_events_in_either_order(slack: Slack, mention_first: bool) -> None:
    slack.mention_first = mention_first
    slack.say(slack.channel("a"), slack.user("ada"), "<@U0BOT> hi")
    kinds = [envelope.event["type"] for envelope in slack.envelopes]
    assert kinds == (["app_mention", "message"] if mention_first else ["message", "app_mention"])


async def test_clients_that_are_told_to_connect_anew_do(slack: Slack) -> None:
    listener, ada = Listener(slack), slack.user("ada")
    async with connected(slack, listener.app):
        slack.disconnect()
        await until(lambda: (slack.connected, slack.connections) == (2, 1), "it is connected anew")
        ts = slack.say(slack.dm(ada), ada, "still there?")
        await until(lambda: slack.acked(ts), "it is acknowledged")


async def test_events_go_to_any_of_the_connected_apps(slack: Slack) -> None:
    one, two, ada = Listener(slack), Listener(slack), slack.user("ada")
    async with connected(slack, one.app), connected(slack, two.app):
        said = [slack.say(slack.dm(ada), ada, str(number)) for number in range(4)]
        await until(lambda: all(map(slack.acked, said)), "all are acknowledged")
    assert len(one.seen) == len(two.seen) == 2


async def test_a_connection_can_be_cut_while_an_event_is_on_its_way(slack: Slack) -> None:
    listener, ada = Listener(slack), slack.user("ada")
    fault = slack.fault("socket", "drop", event="message")
    async with connected(slack, listener.app):
        ts = slack.say(slack.dm(ada), ada, "hello")
        await until(lambda: slack.connections == 0, "the connection is cut")
        async with connected(slack, Listener(slack).app):
            await until(lambda: slack.acked(ts), "it is acknowledged by another")
    assert fault.hits == 1


async def test_where_the_bot_is_not_it_is_told_nothing(slack: Slack) -> None:
    channel, ada = slack.channel("a", member=False), slack.user("ada")
    ts = slack.say(channel, ada, "<@U0BOT> hi")
    slack.react(channel, ts, ada, "eyes")
    assert slack.envelopes == []
