"""chat.*: what stands after each call, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.slack.bolt_app import refusal, refused, web_client
from tests.slack.server import Slack

pytestmark = pytest.mark.campaign

METADATA = {"event_type": "answer", "event_payload": {"key": "turn:1"}}
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "in a block"}}]


async def test_an_update_keeps_metadata_and_drops_blocks_that_it_does_not_name(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    posted = await client.chat_postMessage(channel=channel, text="one", blocks=BLOCKS, metadata=METADATA)
    await client.chat_update(channel=channel, ts=posted["ts"], text="two")
    (message,) = slack.messages(channel)
    assert (message.text, message.blocks, message.key) == ("two", [], "turn:1")
    assert message.edited is not None
    assert [(write.method, write.key) for write in slack.ledger] == [
        ("chat.postMessage", "turn:1"),
        ("chat.update", "turn:1"),
    ]


async def test_an_update_takes_4_000_characters_of_text_and_no_more(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    posted = await client.chat_postMessage(channel=channel, text="one")
    await client.chat_update(channel=channel, ts=posted["ts"], text="x" * 4_000)
    assert await refusal(client.chat_update(channel=channel, ts=posted["ts"], text="x" * 4_001)) == "msg_too_long"
    assert len(slack.message(channel, posted["ts"]).text) == 4_000


async def test_what_is_deleted_is_gone_for_every_method(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    ts = (await client.chat_postMessage(channel=channel, text="one"))["ts"]
    await client.chat_delete(channel=channel, ts=ts)
    assert slack.thread(channel, ts) == []
    assert slack.message(channel, ts).deleted
    assert await refusal(client.chat_update(channel=channel, ts=ts, text="two")) == "message_not_found"
    assert await refusal(client.chat_delete(channel=channel, ts=ts)) == "message_not_found"
    assert await refusal(client.reactions_add(channel=channel, timestamp=ts, name="eyes")) == "message_not_found"
    assert await refusal(client.chat_postMessage(channel=channel, thread_ts=ts, text="x")) == "thread_not_found"


async def test_a_thread_outlives_its_root_as_long_as_there_are_replies(slack: Slack) -> None:
    client, channel, ada = web_client(slack), slack.channel("a"), slack.user("ada")
    root = slack.say(channel, ada, "question")
    await client.chat_postMessage(channel=channel, thread_ts=root, text="answer")
    slack.remove(channel, root)
    await client.chat_postMessage(channel=channel, thread_ts=root, text="more")
    assert [message.text for message in slack.thread(channel, root)] == ["answer", "more"]
    tombstones = [envelope.event["message"] for envelope in slack.envelopes if "previous_message" in envelope.event]
    assert [(message["subtype"], message["ts"]) for message in tombstones] == [("tombstone", root)]


PLACES: dict[str, tuple[Callable[[Slack], str], str]] = {
    "where the bot is not": (lambda slack: slack.channel("a", member=False), "not_in_channel"),
    "where the bot cannot look": (lambda slack: slack.channel("a", member=False, private=True), "channel_not_found"),
    "what is archived": (lambda slack: slack.channel("a", archived=True), "is_archived"),
    "nowhere": (lambda _: "C0NOWHERE", "channel_not_found"),
}


@pytest.mark.parametrize("name", PLACES)
async def test_no_message_is_posted(slack: Slack, name: str) -> None:
    make, error = PLACES[name]
    assert await refusal(web_client(slack).chat_postMessage(channel=make(slack), text="x")) == error
    assert not slack.ledger


async def test_somebody_elses_message_is_not_the_bots_to_change(slack: Slack) -> None:
    client, channel, ada = web_client(slack), slack.channel("a"), slack.user("ada")
    ts = slack.say(channel, ada, "mine")
    assert await refusal(client.chat_update(channel=channel, ts=ts, text="x")) == "cant_update_message"
    assert await refusal(client.chat_delete(channel=channel, ts=ts)) == "cant_delete_message"


async def test_an_ephemeral_message_is_seen_by_one_person_alone(slack: Slack) -> None:
    client, channel, ada, bob = web_client(slack), slack.channel("a"), slack.user("ada"), slack.user("bob")
    await client.chat_postEphemeral(channel=channel, user=ada, text="for you")
    assert [shown.text for shown in slack.ephemerals(channel, ada)] == ["for you"]
    assert slack.ephemerals(channel, bob) == []
    assert slack.messages(channel) == []


async def test_a_reaction_is_added_once(slack: Slack) -> None:
    client, channel, ada = web_client(slack), slack.channel("a"), slack.user("ada")
    ts = slack.say(channel, ada, "look")
    await client.reactions_add(channel=channel, timestamp=ts, name="eyes")
    assert await refusal(client.reactions_add(channel=channel, timestamp=ts, name="eyes")) == "already_reacted"
    assert slack.message(channel, ts).reactions == [("eyes", slack.bot_user)]


async def test_tokens_and_scopes_are_looked_at(slack: Slack) -> None:
    channel = slack.channel("a")
    known = await web_client(slack).auth_test()
    assert "chat:write" in known.headers["x-oauth-scopes"]
    assert (known["team_id"], known["user_id"], known["bot_id"]) == (slack.team, slack.bot_user, slack.bot_id)
    assert await refusal(web_client(slack, token="xoxb-other").auth_test()) == "invalid_auth"
    assert await refusal(web_client(slack, token="xapp-other").auth_test()) == "invalid_auth"
    slack.set_scopes("channels:read")
    answer = await refused(web_client(slack).chat_postMessage(channel=channel, text="x"))
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "chat:write", "channels:read")
    slack.revoke_token()
    assert await refusal(web_client(slack).auth_test()) == "token_revoked"


async def test_a_method_that_slack_does_not_have_is_noted(slack: Slack) -> None:
    assert await refusal(web_client(slack).api_call("chat.postMesage")) == "unknown_method"
    assert slack.unknown_methods() == ["chat.postMesage"]


async def test_who_writes_from_elsewhere_can_be_told(slack: Slack) -> None:
    client, channel = web_client(slack), slack.channel("a")
    foreign, guest, stranger = (
        slack.user("eve", team="T0OTHER"),
        slack.user("gus", guest=True),
        slack.user("sam", stranger=True),
    )
    slack.say(channel, foreign, "<@U0BOT> hi")
    mention, _ = (envelope for envelope in slack.envelopes)
    assert (mention.payload["team_id"], mention.event["user_team"], mention.payload["is_ext_shared_channel"]) == (
        slack.team,
        "T0OTHER",
        True,
    )
    people = {name: (await client.users_info(user=name))["user"] for name in (foreign, guest, stranger)}
    assert people[foreign]["team_id"] == "T0OTHER"
    assert people[guest]["is_restricted"]
    assert people[stranger]["is_stranger"]
