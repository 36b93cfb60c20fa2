"""Who and what Slack brings that is not for us, not allowed, or not what it seems."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.platforms.slack import listening
from bot.roles import bot as bot_role
from bot.settings import SettingsError
from tests.bot.slack_desk import SlackDesk, desk_on, text_of, working_desk
from tests.slack.server import running_slack
from tests.support.stack import Stack, eventually
from tests.support.wire import wire_to
from workflows.contracts import ThreadRef
from workflows.conversation import ConversationWorkflow
from workflows.identity import conversation_id

PRICE = "What is AAPL's last close?"


@pytest.fixture
async def desk(idle_stack: Stack) -> AsyncGenerator[SlackDesk]:
    async with working_desk(idle_stack) as desk, desk.bot():
        yield desk


async def test_guests_and_strangers_are_told_that_they_may_not_and_nothing_is_asked(desk: SlackDesk) -> None:
    slack = desk.slack
    guest, stranger = slack.user("Guest", guest=True), slack.user("Stranger", team="TOTHER")
    for user in (guest, stranger):
        desk.mention(PRICE, user=user)
        await desk.whispered(user, "You may not ask me here")
        command = slack.command(desk.channel, user, "/research", "AAPL")
        await eventually(lambda command=command: command.replies or None, "told")
        assert "You may not ask me here" in command.replies[0].text
    assert desk.stack.sandbox.steps() == []


async def test_another_bot_is_heard_by_nobody(desk: SlackDesk) -> None:
    robot = desk.slack.user("Robot", bot=True)
    ts = desk.mention(PRICE, user=robot)
    await eventually(lambda: desk.slack.acked(ts), "acknowledged")
    thread, _ = await desk.asked(PRICE)
    assert desk.answers(ts) == []
    reply = desk.slack.say(desk.channel, robot, "Is it?", thread=thread)
    await eventually(lambda: desk.slack.acked(reply), "acknowledged")
    assert len(desk.answers(thread)) == 1
    assert desk.slack.ephemerals(desk.channel, robot) == []


async def test_an_uninvited_reply_of_a_guest_in_our_thread_is_passed_over_in_silence(desk: SlackDesk) -> None:
    guest = desk.slack.user("Guest", guest=True)
    thread, _ = await desk.asked(PRICE)
    reply = desk.slack.say(desk.channel, guest, "And its volume?", thread=thread)
    await eventually(lambda: desk.slack.acked(reply), "acknowledged")
    later = desk.slack.say(desk.channel, desk.alice, "And its volume?", thread=thread)
    await desk.outcome(thread, later)
    assert len(desk.answers(thread)) == 2
    assert desk.slack.ephemerals(desk.channel, guest) == []


async def test_a_mention_of_nothing_is_told_what_can_be_asked(desk: SlackDesk) -> None:
    desk.mention("")
    await desk.whispered(desk.alice, "Ask a question")


async def test_one_mention_as_two_events_delivered_twice_each_is_one_turn(desk: SlackDesk) -> None:
    desk.slack.twice(True)
    ts = desk.mention(PRICE)
    await desk.outcome(ts, ts)
    desk.slack.redeliver(ts=ts, new_event_id=True)
    await desk.asked(PRICE)
    assert [one.key for one in desk.slack.ledger if one.method == "chat.postMessage"].count(ts) == 1
    assert len(desk.stack.sandbox.steps("start")) == 2


async def test_a_queued_question_that_is_edited_is_answered_as_it_reads_now(desk: SlackDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold")
    first = desk.mention(PRICE)
    await desk.working(first, first)
    second = desk.slack.say(desk.channel, desk.alice, "What is IBM's last close?", thread=first)
    placeholder = await desk.working(first, second)
    assert desk.state(placeholder) == "waiting"
    desk.slack.edit(desk.channel, second, "What is MSFT's last close?")
    await eventually(lambda: desk.slack.acked(second) or None, "acknowledged")
    await desk.stack.sandbox.clear()
    assert "27.95" in text_of(await desk.outcome(first, second))


async def test_a_question_that_is_deleted_while_it_waits_leaves_nothing_behind(desk: SlackDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold")
    first = desk.mention(PRICE)
    await desk.working(first, first)
    second = desk.slack.say(desk.channel, desk.alice, "And its volume?", thread=first)
    await desk.working(first, second)
    desk.slack.remove(desk.channel, second)
    await eventually(lambda: len(desk.answers(first)) == 1, "the placeholder is withdrawn")
    await desk.stack.sandbox.clear()
    await desk.outcome(first, first)


async def test_a_mention_that_is_edited_in_later_is_a_question(desk: SlackDesk) -> None:
    ts = desk.slack.say(desk.channel, desk.alice, PRICE)
    desk.slack.edit(desk.channel, ts, f"<@{desk.slack.bot_user}> {PRICE}")
    await desk.outcome(ts, ts)


async def test_a_placeholder_that_a_moderator_deletes_is_a_stop_and_nothing_comes_back(desk: SlackDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold")
    ts = desk.mention(PRICE)
    placeholder = await desk.working(ts, ts)
    desk.slack.remove(desk.channel, placeholder.ts)
    await desk.stack.sandbox.clear()
    later = desk.slack.say(desk.channel, desk.alice, "And its volume?", thread=ts)
    await desk.outcome(ts, later)
    assert len(desk.answers(ts)) == 1


async def test_a_placeholder_that_is_deleted_ends_its_turn_although_the_model_still_thinks(desk: SlackDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold", times=0)
    ts = desk.mention(PRICE)
    placeholder = await desk.working(ts, ts)
    await eventually(lambda: desk.stack.sandbox.board.waiting > 0, "the step")
    desk.slack.remove(desk.channel, placeholder.ts)
    thread = ThreadRef(platform="slack", workspace="T0CLEW", channel=desk.channel, thread=ts)
    conversation = desk.stack.client.get_workflow_handle_for(ConversationWorkflow.run, conversation_id(thread))
    while (await conversation.query(ConversationWorkflow.view)).state != "idle":
        assert desk.answers(ts) == []
    assert desk.slack.asked("chat.delete") == []


@pytest.mark.campaign
async def test_a_reaction_on_somebody_elses_message_is_nothing(desk: SlackDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    theirs = desk.slack.say(desk.channel, desk.bob, "Nice!", thread=thread)
    desk.slack.react(desk.channel, theirs, desk.alice, "repeat")
    desk.slack.react(desk.channel, answer.ts, desk.alice, "tada")
    later = desk.slack.say(desk.channel, desk.alice, "And its volume?", thread=thread)
    await desk.outcome(thread, later)
    assert "attempt 2" not in "".join(text_of(one) for one in desk.answers(thread))


@pytest.mark.campaign
async def test_an_event_that_nobody_listens_to_is_acknowledged_all_the_same(desk: SlackDesk) -> None:
    desk.slack.subscriptions |= {"reaction_removed"}
    ts = desk.slack.say(desk.channel, desk.bob, "Lunch?")
    desk.slack.react(desk.channel, ts, desk.alice, "tada")
    desk.slack.unreact(desk.channel, ts, desk.alice, "tada")
    await eventually(lambda: any(one.kind == "reaction_removed" for one in desk.slack.envelopes), "it is sent")
    await eventually(lambda: all(one.acked for one in desk.slack.envelopes), "it is acknowledged")


@pytest.mark.campaign
async def test_a_mention_in_a_thread_that_predates_the_bot_is_answered_there(desk: SlackDesk) -> None:
    root = desk.slack.say(desk.channel, desk.bob, "Apple, anyone?")
    desk.slack.say(desk.channel, desk.alice, "Let us ask.", thread=root)
    ts = desk.mention(PRICE, thread=root)
    answer = await desk.outcome(root, ts)
    assert "252.2" in text_of(answer)


async def test_what_a_model_writes_pings_nobody(desk: SlackDesk) -> None:
    nasty = "<!channel> <!here|here> <@U123> <#C1> <!subteam^S1|team> @everyone &lt;!channel&gt; done"
    await desk.stack.sandbox.fault(kind="text", text=nasty)
    ts = desk.mention(PRICE)
    answer = await desk.outcome(ts, ts)
    shown = text_of(answer) + answer.text
    assert not any(sting in shown for sting in ("<!channel", "<!here", "<@U123", "<#C1", "<!subteam"))
    assert "done" in shown


async def test_an_answer_of_sixty_thousand_characters_comes_in_parts_that_slack_takes(desk: SlackDesk) -> None:
    long = "\n\n".join(f"Paragraph {number}. {'word ' * 90}" for number in range(125))
    await desk.stack.sandbox.fault(kind="text", text=long)
    ts = desk.mention(PRICE)
    await desk.outcome(ts, ts)

    def complete() -> bool:
        shown = [text_of(one) for one in desk.answers(ts)]
        return len(shown) > 5 and "Paragraph 124." in shown[-1]

    await eventually(complete, "all parts")
    whole = " ".join(text_of(one) for one in desk.answers(ts))
    assert [whole.count(f"Paragraph {number}. ") for number in range(125)] == [1] * 125


@pytest.mark.campaign
async def test_a_table_of_two_hundred_rows_is_shown(desk: SlackDesk) -> None:
    rows = "\n".join(f"| row {number} | {number} |" for number in range(200))
    await desk.stack.sandbox.fault(kind="text", text=f"| name | value |\n|---|---|\n{rows}")
    ts = desk.mention(PRICE)
    answer = await desk.outcome(ts, ts)
    assert "row 199" in text_of(answer)


async def test_an_archived_channel_is_said_to_be_one(desk: SlackDesk) -> None:
    archived = desk.slack.channel("old", archived=True)
    command = desk.slack.command(archived, desk.alice, "/research", "AAPL")
    await eventually(lambda: command.replies or None, "told")
    assert "archived" in command.replies[0].text


async def test_an_answer_into_a_channel_that_was_archived_meanwhile_parks(desk: SlackDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold")
    ts = desk.mention(PRICE)
    await desk.working(ts, ts)
    desk.slack.set_place(desk.channel, archived=True)
    await desk.stack.sandbox.clear()
    shown = desk.slack.command(desk.channel, desk.root, "/research-admin", "status")
    await eventually(lambda: shown.replies or None, "told")
    while "1 parked" not in shown.replies[0].text:
        shown = desk.slack.command(desk.channel, desk.root, "/research-admin", "status")
        await eventually(lambda shown=shown: shown.replies or None, "told")


async def test_a_post_whose_acknowledgement_is_lost_stands_once(desk: SlackDesk) -> None:
    desk.slack.fault("chat.postMessage", "drop", when="after")
    ts = desk.mention(PRICE)
    await desk.outcome(ts, ts)
    assert [one.key for one in desk.slack.ledger if one.method == "chat.postMessage"] == [ts]


async def test_what_comes_while_temporal_is_away_is_not_acknowledged_and_a_command_is_told(idle_stack: Stack) -> None:
    port = int(str(idle_stack.settings.clew_embedded_temporal).rpartition(":")[2])
    with running_slack() as slack:
        async with (
            desk_on(idle_stack, slack) as desk,
            idle_stack.worker(),
            wire_to(port) as temporal,
            desk.bot(clew_embedded_temporal=f"127.0.0.1:{temporal.port}"),
        ):
            await temporal.down()
            ts = desk.mention(PRICE)
            command = slack.command(desk.channel, desk.alice, "/research", "AAPL")
            await eventually(lambda: command.replies or None, "told")
            assert "nothing was done" in command.replies[0].text
            assert not slack.acked(ts)
            await temporal.up()
            slack.redeliver(ts=ts)
            await desk.outcome(ts, ts)
            await eventually(lambda: slack.acked(ts), "acknowledged")


async def test_a_bot_whose_token_is_revoked_ends_with_a_plain_word(idle_stack: Stack) -> None:
    with running_slack() as slack:
        slack.revoke_token()
        async with desk_on(idle_stack, slack) as desk:
            with pytest.raises(SettingsError) as refused:
                await bot_role.run(desk.stack.settings, asyncio.Event())
    assert "Slack refuses us" in str(refused.value)
    assert slack.bot_token not in str(refused.value)


async def test_slack_is_asked_who_we_are_before_the_first_event_and_not_by_it(desk: SlackDesk) -> None:
    desk.slack.fault("auth.test", "error", error="internal_error", times=20)
    channel = desk.slack.dm(desk.alice)
    ts = desk.slack.say(channel, desk.alice, PRICE)
    await desk.outcome(ts, ts, channel=channel)


async def test_somebody_whom_slack_does_not_show_is_told_that_they_may_not(desk: SlackDesk) -> None:
    desk.slack.fault("users.info", "error", error="user_not_visible")
    ts = desk.mention(PRICE)
    await desk.whispered(desk.alice, "You may not ask me here")
    await eventually(lambda: desk.slack.acked(ts), "acknowledged")


async def test_a_command_is_answered_in_time_however_slow_slack_is(desk: SlackDesk) -> None:
    slow = desk.slack.fault("users.info", "hold")
    command = desk.slack.command(desk.channel, desk.alice, "/research", "AAPL")
    await eventually(lambda: command.replies or None, "told")
    assert "nothing was done" in command.replies[0].text
    slow.release()


@pytest.mark.campaign
async def test_a_bot_whose_sockets_never_open_begins_anew(idle_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "DEAF", 1.0)
    with running_slack() as slack:
        async with desk_on(idle_stack, slack) as desk:
            slack.fault("socket", "status", status=401, times=0)
            task = asyncio.create_task(bot_role.run(desk.stack.settings, until := asyncio.Event()))
            await eventually(lambda: len(slack.asked("apps.connections.open")) > 3, "another address is asked for")
            until.set()
            await task
