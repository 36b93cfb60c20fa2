"""Slack's limits of blocks: what is taken, and what is refused, where, and noted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.slack.bolt_app import refusal, web_client
from tests.slack.server import Slack

pytestmark = pytest.mark.campaign

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def button(text: str = "Retry", **more: Any) -> Block:
    return {"type": "button", "text": plain(text), **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def markdown(text: str) -> Block:
    return {"type": "markdown", "text": text}


def raw(text: str) -> Block:
    return {"type": "raw_text", "text": text}


def rows(count: int, columns: int, text: str = "x") -> list[list[Block]]:
    return [[raw(text)] * columns for _ in range(count)]


def data_table(count: int, columns: int, text: str = "x") -> Block:
    return {"type": "data_table", "caption": "Prices", "rows": rows(count, columns, text)}


def table(count: int, columns: int, text: str = "x") -> Block:
    return {"type": "table", "rows": rows(count, columns, text)}


def task(number: int, status: str = "complete") -> Block:
    return {"type": "task_card", "task_id": str(number), "title": "Read prices", "status": status}


def plan(count: int) -> Block:
    return {"type": "plan", "title": "Working", "tasks": [task(number) for number in range(count)]}


def side(value: str) -> Block:
    return {"text": plain(value), "value": value}


FEEDBACK: Block = {
    "type": "feedback_buttons",
    "action_id": "rated",
    "positive_button": side("good"),
    "negative_button": side("bad"),
}
SERIES: Block = {"name": "NVDA", "data": [{"label": "Q1", "value": 3}, {"label": "Q2", "value": 4}]}
CHART: Block = {
    "type": "data_visualization",
    "title": "Revenue",
    "chart": {"type": "line", "series": [SERIES], "axis_config": {"categories": ["Q1", "Q2"]}},
}
IMAGE: Block = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A chart"}
RICH: Block = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "bold", "style": {"bold": True}}]}
    ],
}

TAKEN: dict[str, list[Block]] = {
    "a whole answer": [
        markdown("# NVDA\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
        data_table(101, 2),
        CHART,
        IMAGE,
        {"type": "context", "elements": [mrkdwn("[1] <https://example.com|Source>")]},
        {"type": "context_actions", "elements": [FEEDBACK]},
        actions(button(action_id="retry", value="1"), button("Stop", action_id="stop", style="danger")),
    ],
    "fifty blocks": [{"type": "divider"}] * 50,
    "a header of 150": [{"type": "header", "text": plain("x" * 150)}],
    "a section of 3,000": [section("x" * 3_000)],
    "ten fields": [{"type": "section", "fields": [mrkdwn("x" * 1_000)] * 10}],
    "markdown of 12,000": [markdown("x" * 6_000), markdown("x" * 6_000)],
    "a button at its limits": [actions(button("x" * 75, value="x" * 2_000))],
    "25 buttons": [actions(*[button(action_id=str(number)) for number in range(25)])],
    "a table of 100 by 20": [table(100, 20)],
    "a plan of 50": [plan(50)],
    "rich text": [RICH],
}

REFUSED: dict[str, tuple[list[Block], str]] = {
    "51 blocks": ([{"type": "divider"}] * 51, "/blocks"),
    "an unknown type": ([{"type": "chart"}], "/blocks/0/type"),
    "an unknown property": ([{"type": "divider", "colour": "red"}], "/blocks/0"),
    "a section without text": ([{"type": "section"}], "/blocks/0"),
    "a section of 3,001": ([section("x" * 3_001)], "/blocks/0/text/text"),
    "an empty text": ([section("")], "/blocks/0/text/text"),
    "eleven fields": ([{"type": "section", "fields": [mrkdwn("x")] * 11}], "/blocks/0/fields"),
    "a header of 151": ([{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text"),
    "a header in mrkdwn": ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text/type"),
    "markdown of 12,001 in two": ([markdown("x" * 6_000), markdown("x" * 6_001)], "/blocks"),
    "a button text of 76": ([actions(button("x" * 76))], "/blocks/0/elements/0/text/text"),
    "a button value of 2,001": ([actions(button(value="x" * 2_001))], "/blocks/0/elements/0/value"),
    "a button of an unknown style": ([actions(button(style="default"))], "/blocks/0/elements/0/style"),
    "26 buttons": ([actions(*[button()] * 26)], "/blocks/0/elements"),
    "no button": ([actions()], "/blocks/0/elements"),
    "two buttons of one id": ([actions(button(action_id="a"), button(action_id="a"))], "/blocks/0"),
    "two blocks of one id": ([{"type": "divider", "block_id": "a"}] * 2, "/blocks"),
    "text among buttons": ([actions(mrkdwn("x"))], "/blocks/0/elements/0"),
    "a button in a context": ([{"type": "context", "elements": [button()]}], "/blocks/0/elements/0"),
    "eleven in a context": ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "/blocks/0/elements"),
    "an image without alt text": ([{"type": "image", "image_url": "https://example.com/a.png"}], "/blocks/0"),
    "an image of nothing": ([{"type": "image", "alt_text": "x"}], "/blocks/0"),
    "a file that is not there": ([{"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}}], "/slack_file"),
    "two tables": ([table(1, 1), table(1, 1)], "/blocks"),
    "a table of 101 rows": ([table(101, 1)], "/blocks/0/rows"),
    "a table of 21 columns": ([table(1, 21)], "/blocks/0/rows"),
    "a table of 10,001 characters": ([table(1, 1, "x" * 10_001)], "/blocks/0/rows"),
    "a data table without rows": ([data_table(1, 1)], "/blocks/0/rows"),
    "a data table with an empty cell": ([data_table(2, 1, "")], "/blocks/0/rows/0"),
    "a data table of 20,002 characters": ([data_table(2, 1, "x" * 10_001)], "/blocks/0/rows"),
    "a data table without caption": ([{"type": "data_table", "rows": rows(2, 1)}], "/blocks/0"),
    "three charts": ([CHART] * 3, "/blocks"),
    "a plan of 51": ([plan(51)], "/blocks/0/tasks"),
    "a task of an unknown status": ([{"type": "plan", "title": "x", "tasks": [task(1, "completed")]}], "/status"),
    "feedback of one side": (
        [{"type": "context_actions", "elements": [{"type": "feedback_buttons", "positive_button": side("x")}]}],
        "/blocks/0/elements/0",
    ),
}


@pytest.mark.parametrize("name", TAKEN)
async def test_blocks_within_the_limits_are_taken(slack: Slack, name: str) -> None:
    posted = await web_client(slack).chat_postMessage(channel=slack.channel("a"), text="x", blocks=TAKEN[name])
    assert posted["ok"]
    assert not slack.violations


@pytest.mark.parametrize("name", REFUSED)
async def test_blocks_beyond_them_are_refused_and_noted(slack: Slack, name: str) -> None:
    blocks, at = REFUSED[name]
    assert (
        await refusal(web_client(slack).chat_postMessage(channel=slack.channel("a"), text="x", blocks=blocks))
        == "invalid_blocks"
    )
    (violation,) = slack.violations
    assert (violation.method, violation.error) == ("chat.postMessage", "invalid_blocks")
    assert any(f"{at}]" in message for message in violation.messages)
    assert not slack.ledger


async def test_blocks_that_are_long_together_are_too_long(slack: Slack) -> None:
    long = [section("x" * 3_000)] * 5
    call = web_client(slack).chat_postMessage(channel=slack.channel("a"), text="x", blocks=long)
    assert await refusal(call) == "msg_blocks_too_long"
    assert [violation.error for violation in slack.violations] == ["msg_blocks_too_long"]


async def test_a_window_has_limits_of_its_own(slack: Slack) -> None:
    ada, client = slack.user("ada"), web_client(slack)
    await client.views_publish(user_id=ada, view={"type": "home", "blocks": [{"type": "divider"}] * 100})
    assert (
        await refusal(client.views_publish(user_id=ada, view={"type": "home", "blocks": [{"type": "divider"}] * 101}))
        == "invalid_arguments"
    )
    standing = slack.home(ada)
    assert standing is not None
    assert len(standing["blocks"]) == 100
