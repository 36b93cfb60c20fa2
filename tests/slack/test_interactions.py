"""Commands, buttons, shortcuts and windows, through Bolt."""

from __future__ import annotations

from typing import Any

import pytest

from tests.slack.bolt_app import bolt_app, connected, refusal, until, web_client
from tests.slack.errors import NotThere
from tests.slack.server import Slack

pytestmark = pytest.mark.campaign

RETRY = {"type": "button", "action_id": "retry", "value": "7", "text": {"type": "plain_text", "text": "Retry"}}
BUTTONS: list[dict[str, Any]] = [{"type": "actions", "elements": [RETRY]}]
ASK: dict[str, Any] = {
    "type": "modal",
    "callback_id": "ask",
    "title": {"type": "plain_text", "text": "Ask"},
    "submit": {"type": "plain_text", "text": "Ask"},
    "blocks": [
        {
            "type": "input",
            "block_id": "question",
            "label": {"type": "plain_text", "text": "Question"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


async def test_a_command_is_answered_to_its_asker_alone_wherever_the_bot_is_not(slack: Slack) -> None:
    app = bolt_app(slack)

    @app.command("/research")
    async def _(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        await ack("Opening a thread.")
        await respond(f"Please invite me to {command['channel_name']}.")

    channel, ada = slack.channel("stocks", member=False), slack.user("ada")
    async with connected(slack, app):
        command = slack.command(channel, ada, "/research", "NVDA")
        await until(lambda: len(command.replies) == 2, "both answers are shown")
    assert command.acked
    assert {(shown.text, shown.via) for shown in slack.ephemerals(channel, ada)} == {
        ("Opening a thread.", "ack"),
        ("Please invite me to stocks.", "response_url"),
    }


async def test_a_command_that_nobody_acknowledges_fails_and_does_not_come_again(slack: Slack) -> None:
    app = bolt_app(slack)
    slack.retries(ack_seconds=0.1)
    async with connected(slack, app):
        command = slack.command(slack.channel("a"), slack.user("ada"), "/unheard")
        await until(lambda: command.failed, "the person is told")
    assert command.envelope.attempts == 1


async def test_a_response_url_serves_five_times(slack: Slack) -> None:
    app = bolt_app(slack)
    statuses: list[tuple[int, str]] = []

    @app.command("/research")
    async def _(ack: Any, respond: Any) -> None:
        await ack()
        for number in range(6):
            answer = await respond(str(number))
            statuses.append((answer.status_code, answer.body))

    async with connected(slack, app):
        slack.command(slack.channel("a"), slack.user("ada"), "/research")
        await until(lambda: len(statuses) == 6, "all were answered")
    assert statuses == [(200, "ok")] * 5 + [(404, "used_url")]


async def test_a_button_that_stands_there_can_be_pressed_and_no_other(slack: Slack) -> None:
    app = bolt_app(slack)
    pressed: list[dict[str, Any]] = []

    @app.action("retry")
    async def _(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        pressed.append(body)

    channel, ada = slack.channel("a"), slack.user("ada")
    root = slack.say(channel, ada, "question")
    posted = await web_client(slack).chat_postMessage(channel=channel, thread_ts=root, text="x", blocks=BUTTONS)
    async with connected(slack, app):
        click = slack.click(channel, posted["ts"], ada, "retry", "7")
        await until(lambda: click.acked, "the click is acknowledged")
    (body,) = pressed
    assert (body["actions"][0]["value"], body["user"]["id"], body["channel"]["id"]) == ("7", ada, channel)
    assert (body["container"]["message_ts"], body["container"]["thread_ts"]) == (posted["ts"], root)
    for action_id, value in (("stop", None), ("retry", "8")):
        with pytest.raises(NotThere):
            slack.click(channel, posted["ts"], ada, action_id, value)


async def test_a_shortcut_opens_a_window_and_what_is_entered_comes_back(slack: Slack) -> None:
    app = bolt_app(slack)
    asked: list[str] = []

    @app.shortcut("research_this")
    async def _(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=ASK)

    @app.view("ask")
    async def _(ack: Any, view: dict[str, Any]) -> None:
        text = view["state"]["values"]["question"]["text"]["value"]
        asked.append(text)
        await ack(response_action="errors", errors={"question": "Too short."})

    channel, ada = slack.channel("a"), slack.user("ada")
    ts = slack.say(channel, ada, "NVDA is up")
    async with connected(slack, app):
        shortcut = slack.shortcut(channel, ts, ada, "research_this")
        await until(lambda: len(slack.windows("ask")) == 1, "the window is open")
        sent = slack.submit(slack.windows("ask")[0]["id"], ada, {"text": "why"})
        await until(lambda: sent.acked, "it is acknowledged")
    assert asked == ["why"]
    assert sent.response == {"response_action": "errors", "errors": {"question": "Too short."}}
    again = web_client(slack).views_open(trigger_id=shortcut.trigger_id, view=ASK)
    assert await refusal(again) == "expired_trigger_id"


async def test_the_home_tab_shows_what_was_published(slack: Slack) -> None:
    app = bolt_app(slack)

    @app.event("app_home_opened")
    async def _(event: dict[str, Any], client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": BUTTONS})

    ada = slack.user("ada")
    async with connected(slack, app):
        slack.open_home(ada)
        await until(lambda: slack.home(ada) is not None, "the home is published")
        assert slack.click_home(ada, "retry").trigger_id
