"""Links to Slack's messages."""

from __future__ import annotations

import pytest

from bot.platforms.slack.links import thread_in
from workflows.contracts import ThreadRef


def test_a_messages_link_names_its_thread() -> None:
    root = ThreadRef(platform="slack", workspace="T1", channel="C012AB", thread="1700000000.000100")
    link = "https://acme.slack.com/archives/C012AB/p1700000000000100"
    assert thread_in(link, "T1") == root
    assert thread_in(f"<{link}>", "T1") == root
    reply = "https://acme.slack.com/archives/C012AB/p1700000009000200?thread_ts=1700000000.000100&cid=C012AB"
    assert thread_in(reply, "T1") == root


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a1b2c",
        "https://acme.slack.com/archives/C012AB",
        "https://acme.slack.com.example.com/archives/C012AB/p1700000000000100",
        "https://acme.slack.com/archives/C012AB/p1700000000000100?thread_ts=x",
        "https://[acme.slack.com/archives/C012AB/p1700000000000100",
    ],
)
def test_anything_else_names_none(text: str) -> None:
    assert thread_in(text, "T1") is None
