"""Bolt over Socket Mode: what is delivered, what is acknowledged, and what comes again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.slack.bolt_app import bolt_app, connected, until
from tests.slack.server import Slack

pytestmark = pytest.mark.campaign

MENTION = "<@U0BOT> how is NVDA?"


async def test_a_mention_is_acknowledged_and_answered_in_its_thread(slack: Slack) -> None:
    app = bolt_app(slack)

    @app.event("app_mention")
    async def _(event: dict[str, Any], client: Any) -> None:
        metadata = {"event_type": "answer", "event_payload": {"key": "turn:1"}}
        await client.chat_postMessage(
            channel=event["channel"], thread_ts=event["ts"], text="Looking into it.", metadata=metadata
        )

    @app.event("message")
    async def _() -> None:
        return None

    channel, ada = slack.channel("stocks"), slack.user("ada")
    async with connected(slack, app):
        ts = slack.say(channel, ada, MENTION)
        await until(lambda: slack.acked(ts), "both events are acknowledged")
    question, answer = slack.thread(channel, ts)
    assert (question.user, question.text) == (ada, MENTION)
    assert (answer.user, answer.text, answer.key) == (slack.bot_user, "Looking into it.", "turn:1")
    assert [(write.method, write.key) for write in slack.ledger] == [("chat.postMessage", "turn:1")]


async def test_an_event_whose_listener_fails_comes_again_and_says_so(slack: Slack) -> None:
    app = bolt_app(slack)
    tries: list[tuple[str, Any]] = []

    @app.event("message")
    async def _(body: dict[str, Any], request: Any) -> None:
        tries.append((body["event_id"], request.headers.get("x-slack-retry-num")))
        if len(tries) == 1:
            raise RuntimeError("not yet")

    slack.retries(ack_seconds=0.3)
    ada = slack.user("ada")
    async with connected(slack, app):
        ts = slack.say(slack.dm(ada), ada, "hello")
        await until(lambda: slack.acked(ts), "the event is acknowledged")
    assert [number for _, number in tries] == [["0"], ["1"]]
    assert len({event_id for event_id, _ in tries}) == 1
