"""Ids never authorise (S8), on Slack: a thread of a channel that somebody is not in, by every way an id comes in.

Bob knows every id of Alice's thread: they are readable. Whatever he does with them does what an id does that never was,
nothing happens to her thread, and nothing that was said there comes to where he is.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from bot import words
from bot.admin_turns import handle_of
from bot.platforms.slack import words as slack_words
from bot.platforms.slack.views import CHANNEL, SYMBOL
from tests.bot.slack_desk import SlackDesk, working_desk
from tests.slack.server import Interaction, Message
from tests.slack.sockets import INTERACTIVE
from tests.slack.world import Reply
from tests.support.stack import Stack, eventually
from workflows.contracts import ThreadRef
from workflows.identity import conversation_id

CANARY, OWN = "ref. 482913570246", "ref. 739100284615"
NOWHERE = "1700000000.000100"


@dataclass(kw_only=True)
class Two:
    """Two private channels with a thread each. `hers` is one that Bob is not in."""

    desk: SlackDesk
    hers: str
    thread: str
    answer: Message
    own: str
    own_thread: str

    def state(self) -> tuple[object, ...]:
        """All that can be told of her thread, and how much models were asked."""
        standing = [
            (one.ts, one.text, json.dumps(one.blocks)) for one in self.desk.slack.thread(self.hers, self.thread)
        ]
        return (*standing, len(self.desk.slack.messages(self.hers)), len(self.desk.stack.sandbox.steps()))

    def heard(self) -> str:
        """All that Bob can read."""
        slack = self.desk.slack
        places = (self.own, slack.dm(self.desk.bob), self.desk.channel)
        seen = [str(slack.messages(place)) + str(slack.ephemerals(place, self.desk.bob)) for place in places]
        return " ".join([*seen, str(slack.thread(self.own, self.own_thread))])

    def press(self, action: str, *, channel: str, ts: str, thread: str) -> Interaction:
        """Press a button, with ids in the payload that are not of one message."""
        slack: Any = self.desk.slack
        payload: dict[str, Any] = {
            **slack._about(self.desk.bob, "block_actions"),
            "container": {"type": "message", "message_ts": ts, "channel_id": channel, "thread_ts": thread},
            "channel": {"id": channel, "name": "somewhere"},
            "message": {"type": "message", "ts": ts, "thread_ts": thread, "text": "", "user": slack.bot_user},
            "state": {"values": {}},
            "actions": [{"action_id": action, "type": "button", "value": "What now?", "action_ts": NOWHERE}],
        }
        reply = Reply(channel=self.own, user=self.desk.bob, message=ts)
        return slack._do(lambda: slack._send(INTERACTIVE, payload, reply))


@pytest.fixture
async def two(idle_stack: Stack) -> AsyncGenerator[Two]:
    async with working_desk(idle_stack) as desk, desk.bot():
        slack: Any = desk.slack
        hers, own = slack.channel("hers", private=True), slack.channel("own", private=True)
        # Whoever joins is in every channel of the loopback's, until they leave.
        slack._do(lambda: slack._world.places[hers].members.discard(desk.bob))
        found: list[tuple[str, Message]] = []
        for channel, user, text in ((hers, desk.alice, CANARY), (own, desk.bob, OWN)):
            said = slack.say(channel, user, f"<@{slack.bot_user}> What is AAPL's last close? ({text})")
            found.append((said, await desk.outcome(said, said, channel=channel)))
        yield Two(
            desk=desk,
            hers=hers,
            thread=found[0][0],
            answer=found[0][1],
            own=own,
            own_thread=found[1][0],
        )


async def told(two: Two, act: Callable[[], Interaction]) -> str:
    """What Bob is told of something that he does, or would be if he could be shown anything there."""
    whispers = [one for one in two.desk.slack.requests if one.method == "chat.postEphemeral"]
    done = act()
    await eventually(lambda: done.acked or done.failed, "acknowledged")
    if done.replies:
        return done.replies[0].text
    if done.response:
        return json.dumps(done.response)

    def new() -> list[str]:
        found = [one for one in two.desk.slack.requests if one.method == "chat.postEphemeral"]
        return [str(one.arguments["text"]) for one in found[len(whispers) :]]

    return (await eventually(lambda: new() or None, "told"))[0]


async def test_a_button_with_ids_of_another_thread_says_what_it_says_of_none(two: Two) -> None:
    before = two.state()
    for action in ("clew_retry", "clew_stop", "clew_follow_up_1"):
        swapped = partial(two.press, action, channel=two.own, ts=two.answer.ts, thread=two.thread)
        unknown = partial(two.press, action, channel=two.own, ts=NOWHERE, thread=NOWHERE)

        assert await told(two, swapped) == await told(two, unknown) == words.NOTHING_ASKED
    assert two.state() == before
    assert CANARY not in two.heard()
    assert OWN in two.heard()


async def test_a_form_that_names_a_channel_its_sender_cannot_see_opens_nothing_there(two: Two) -> None:
    desk, before = two.desk, two.state()
    said: list[str] = []
    for channel in (two.hers, "C0NOWHERE", desk.slack.dm(desk.alice)):
        opened = len(desk.slack.windows("research_form"))
        desk.slack.global_shortcut(desk.bob, "research_new")
        form = await eventually(
            lambda opened=opened: next(iter(desk.slack.windows("research_form")[opened:]), None), "a form"
        )
        chosen = {"type": "conversations_select", "selected_conversation": channel}
        filled = {SYMBOL: "IBM", CHANNEL: chosen}
        said.append(await told(two, lambda form=form, filled=filled: desk.slack.submit(form["id"], desk.bob, filled)))

    assert said[0] == said[1] == said[2]
    assert slack_words.INVITE[:20] in said[0]
    assert two.state() == before


@pytest.mark.campaign
@pytest.mark.parametrize("verb", ["show", "retry", "stop"])
async def test_no_name_of_a_thread_opens_anything_to_who_is_no_administrator(two: Two, verb: str) -> None:
    desk, before = two.desk, two.state()
    ref = ThreadRef(platform="slack", workspace=desk.slack.team, channel=two.hers, thread=two.thread)
    link = f"https://clew.slack.com/archives/{two.hers}/p{two.thread.replace('.', '')}"
    names = [conversation_id(ref), handle_of(conversation_id(ref)), link, "conversation:slack:T1:C0:1.0", "abcde", ""]

    said = [
        await told(two, lambda name=name: desk.slack.command(two.own, desk.bob, "/research-admin", f"{verb} {name}"))
        for name in names
    ]

    assert set(said) == {words.NOT_ADMIN}
    assert two.state() == before
    shown = await told(two, lambda: desk.slack.command(two.own, desk.root, "/research-admin", f"show {names[0]}"))
    assert names[0] in shown
    assert CANARY not in shown


@pytest.mark.campaign
async def test_a_link_into_another_workspace_names_none_of_ours(two: Two) -> None:
    links = [
        f"https://evil.example/archives/{two.hers}/p1700000000000100",
        "https://x.slack.com/archives/C0/p1700000000000100",
    ]

    said = [
        await told(
            two, lambda link=link: two.desk.slack.command(two.own, two.desk.root, "/research-admin", f"show {link}")
        )
        for link in links
    ]

    assert set(said) == {words.NO_THREAD}


@pytest.mark.campaign
async def test_a_reaction_that_names_a_message_of_another_channel_does_nothing(two: Two) -> None:
    desk, before = two.desk, two.state()
    slack: Any = desk.slack
    heard = len(desk.slack.envelopes)
    item = {"type": "message", "channel": two.own, "ts": two.answer.ts}
    event = {"type": "reaction_added", "user": desk.bob, "reaction": "repeat", "item": item, "event_ts": NOWHERE}
    slack._do(lambda: slack._emit_in(two.own, {**event, "item_user": slack.bot_user}))
    await eventually(
        lambda: desk.slack.envelopes[heard:] and all(one.acked for one in desk.slack.envelopes[heard:]), "heard"
    )

    # What comes after it is answered, so it is over.
    said = slack.say(two.own, desk.bob, "status", thread=two.own_thread)
    await desk.whispered(desk.bob, "This thread is", two.own)

    assert two.state() == before
    assert said


@pytest.mark.campaign
async def test_the_home_of_somebody_shows_their_own_threads_alone(two: Two) -> None:
    desk = two.desk
    desk.slack.open_home(desk.bob)
    home = await eventually(lambda: desk.slack.home(desk.bob) or None, "a home")

    shown = json.dumps(home)
    assert two.own in shown
    assert two.hers not in shown
    assert two.thread.replace(".", "") not in shown


@pytest.mark.campaign
async def test_models_are_asked_about_one_thread_each(two: Two) -> None:
    sandbox = two.desk.stack.sandbox
    asked = [" ".join(sandbox.questions(one.id)) for one in sandbox.branches(agent="clew-analyst")]

    assert sum(CANARY in one for one in asked) == 1
    assert sum(OWN in one for one in asked) == 1
    assert not any(CANARY in one and OWN in one for one in asked)
