"""conversations.*: windows, pages, and metadata that must be asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.slack.bolt_app import refusal, web_client
from tests.slack.server import Slack
from tests.slack.test_messages import METADATA

pytestmark = pytest.mark.campaign


async def test_a_long_thread_comes_in_pages_the_root_once(slack: Slack) -> None:
    client, channel, ada = web_client(slack), slack.channel("a"), slack.user("ada")
    root = slack.say(channel, ada, "root")
    said = [root, *(slack.say(channel, ada, str(number), thread=root) for number in range(40))]
    seen: list[str] = []
    sizes: list[int] = []
    cursor: str | None = None
    while cursor != "":
        page = await client.conversations_replies(channel=channel, ts=root, limit=200, cursor=cursor)
        seen += [message["ts"] for message in page["messages"]]
        sizes.append(len(page["messages"]))
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] is (cursor != "")
    assert seen == said
    assert sizes == [15, 15, 11]


async def test_a_window_of_a_thread_leaves_out_its_edges_unless_told_otherwise(slack: Slack) -> None:
    client, channel, ada = web_client(slack), slack.channel("a"), slack.user("ada")
    root = slack.say(channel, ada, "root")
    one, two, three = (slack.say(channel, ada, str(number), thread=root) for number in range(3))

    async def found(**window: Any) -> list[str]:
        page = await client.conversations_replies(channel=channel, ts=root, **window)
        return [message["ts"] for message in page["messages"]]

    assert await found(oldest=one) == [root, two, three]
    assert await found(oldest=one, inclusive=True) == [root, one, two, three]
    assert await found(oldest=one, latest=three) == [root, two]
    assert [m["ts"] for m in (await client.conversations_replies(channel=channel, ts=two))["messages"]] == [two]


async def test_metadata_comes_only_where_it_is_asked_for(slack: Slack) -> None:
    client, channel, ada = web_client(slack), slack.channel("a"), slack.user("ada")
    root = slack.say(channel, ada, "root")
    await client.chat_postMessage(channel=channel, thread_ts=root, text="answer", metadata=METADATA)
    bare = await client.conversations_replies(channel=channel, ts=root)
    full = await client.conversations_replies(channel=channel, ts=root, include_all_metadata=True)
    assert "metadata" not in bare["messages"][1]
    assert full["messages"][1]["metadata"] == METADATA


async def test_history_shows_roots_newest_first_and_goes_forward_from_oldest(slack: Slack) -> None:
    client, channel, ada = web_client(slack), slack.channel("a"), slack.user("ada")
    roots = [slack.say(channel, ada, str(number)) for number in range(4)]
    slack.say(channel, ada, "a reply", thread=roots[0])
    slack.pages(2)
    newest = await client.conversations_history(channel=channel)
    assert [message["ts"] for message in newest["messages"]] == [roots[3], roots[2]]
    after = await client.conversations_history(channel=channel, oldest=roots[0])
    assert [message["ts"] for message in after["messages"]] == [roots[2], roots[1]]
    assert after["has_more"]
    cursor = after["response_metadata"]["next_cursor"]
    last = await client.conversations_history(channel=channel, oldest=roots[0], cursor=cursor)
    assert [message["ts"] for message in last["messages"]] == [roots[3]]
    first = await client.conversations_history(channel=channel, oldest="0", latest=roots[1])
    assert (first["messages"][0]["reply_count"], first["messages"][0]["ts"]) == (1, roots[0])


async def test_the_bot_lists_where_it_is_and_what_is_public(slack: Slack) -> None:
    client, ada = web_client(slack), slack.user("ada")
    inside, outside = slack.channel("a"), slack.channel("b", member=False)
    slack.channel("c", member=False, private=True)
    archived = slack.channel("d", archived=True)
    every = "public_channel,private_channel,im"
    joined = await client.users_conversations(types=every, exclude_archived=True)
    assert {place["id"] for place in joined["channels"]} == {inside, slack.dm(ada)}
    public = await client.conversations_list()
    assert {place["id"]: place["is_member"] for place in public["channels"]} == {
        inside: True,
        outside: False,
        archived: True,
    }
    assert (await client.conversations_members(channel=inside))["members"] == [ada]
    assert (await client.conversations_info(channel=slack.dm(ada)))["channel"]["user"] == ada


async def test_a_thread_that_is_not_there_is_not_found(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    assert await refusal(client.conversations_replies(channel=channel, ts="1.000001")) == "thread_not_found"
