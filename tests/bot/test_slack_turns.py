"""What people do on Slack, each surface, through bot and worker."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.bot.slack_desk import SlackDesk, text_of, working_desk
from tests.support.stack import Stack, eventually
from workflows.contracts import ThreadRef
from workflows.identity import ASKER, conversation_id

# tests/e2e/chats does the same through processes; here each surface stands alone.
pytestmark = pytest.mark.campaign

PRICE = "What is AAPL's last close?"
CLOSE = "252.2"


@pytest.fixture
async def quiet(idle_stack: Stack) -> AsyncGenerator[SlackDesk]:
    """A workspace with a worker; no bot listens yet."""
    async with working_desk(idle_stack) as desk:
        yield desk


@pytest.fixture
async def desk(quiet: SlackDesk) -> AsyncGenerator[SlackDesk]:
    """A workspace with worker and bot."""
    async with quiet.bot():
        yield quiet


async def test_a_mention_is_answered_once_in_its_thread_and_a_reply_there_needs_none(desk: SlackDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    assert CLOSE in text_of(answer)
    reply = desk.slack.say(desk.channel, desk.alice, "And its 52-week range?", thread=thread)
    await desk.outcome(thread, reply)
    assert len(desk.answers(thread)) == 2


async def test_a_reply_in_a_thread_of_others_is_not_for_us(desk: SlackDesk) -> None:
    root = desk.slack.say(desk.channel, desk.alice, "Lunch?")
    reply = desk.slack.say(desk.channel, desk.bob, "Yes!", thread=root)
    await eventually(lambda: desk.slack.acked(reply), "acknowledged")
    await desk.asked(PRICE)
    assert desk.answers(root) == []


async def test_a_reply_that_addresses_somebody_else_is_theirs(desk: SlackDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    aside = desk.slack.say(desk.channel, desk.alice, f"<@{desk.bob}> look at this", thread=thread)
    later = desk.slack.say(desk.channel, desk.alice, "And its volume?", thread=thread)
    await desk.outcome(thread, later)
    assert [message.ts for message in desk.slack.thread(desk.channel, thread)].count(aside) == 1
    assert len(desk.answers(thread)) == 2


async def test_a_direct_message_needs_no_mention(desk: SlackDesk) -> None:
    channel = desk.slack.dm(desk.alice)
    ts = desk.slack.say(channel, desk.alice, PRICE)
    answer = await desk.outcome(ts, ts, channel=channel)
    assert CLOSE in text_of(answer)


async def test_a_slash_command_opens_a_thread_with_a_report(desk: SlackDesk) -> None:
    command = desk.slack.command(desk.channel, desk.alice, "/research", "AAPL Is it expensive?")
    await eventually(lambda: command.acked, "acknowledged")
    root = await eventually(
        lambda: next((one for one in desk.slack.messages(desk.channel) if one.user == desk.slack.bot_user), None),
        "a root message",
    )
    answer = await desk.outcome(root.ts, command.trigger_id)
    kinds = [block["type"] for block in answer.blocks or []]
    assert {"markdown", "table", "image", "context", "actions", "context_actions"} <= set(kinds)
    assert f"<@{desk.alice}>" in root.text
    assert command.replies == []


async def test_an_empty_command_is_told_what_can_be_asked(desk: SlackDesk) -> None:
    command = desk.slack.command(desk.channel, desk.alice, "/research", "  ")
    await eventually(lambda: command.replies or None, "told")
    assert "/research SYMBOL" in command.replies[0].text


async def test_a_command_where_the_bot_is_not_is_told_how_to_invite_it(desk: SlackDesk) -> None:
    away = desk.slack.channel("elsewhere", member=False)
    command = desk.slack.command(away, desk.alice, "/research", "AAPL")
    await eventually(lambda: command.replies or None, "told")
    assert "/invite" in command.replies[0].text
    assert desk.slack.messages(away) == []


async def test_the_reaction_tries_again_in_place(desk: SlackDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    desk.slack.react(desk.channel, answer.ts, desk.alice, "repeat")
    again = await desk.outcome(thread, thread, attempt=2)
    assert again.ts == answer.ts


async def test_the_retry_button_of_somebody_else_is_refused_in_words(desk: SlackDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    desk.slack.click(desk.channel, answer.ts, desk.bob, "clew_retry")
    refusal = await eventually(
        lambda: next((one for one in desk.answers(thread) if "Only the person who asked" in text_of(one)), None),
        "a refusal",
    )
    assert desk.state(refusal) == "final"


async def test_the_stop_button_keeps_the_question_and_says_so(desk: SlackDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold")
    ts = desk.mention(PRICE)
    placeholder = await desk.working(ts, ts)
    desk.slack.click(desk.channel, placeholder.ts, desk.alice, "clew_stop")
    stopped = await desk.outcome(ts, ts)
    assert desk.state(stopped) == "stopped"


async def test_the_native_stop_and_the_stop_sign_stop_too(desk: SlackDesk) -> None:
    await desk.stack.sandbox.fault(kind="hold", times=0)
    first = desk.mention(PRICE)
    await desk.working(first, first)
    desk.slack.stop_session(desk.channel, first, desk.alice)
    assert desk.state(await desk.outcome(first, first)) == "stopped"
    second = desk.mention(PRICE)
    placeholder = await desk.working(second, second)
    desk.slack.react(desk.channel, placeholder.ts, desk.alice, "octagonal_sign")
    assert desk.state(await desk.outcome(second, second)) == "stopped"


async def test_a_follow_up_button_clicked_twice_asks_once_and_shows_what_was_asked(desk: SlackDesk) -> None:
    command = desk.slack.command(desk.channel, desk.alice, "/research", "AAPL")
    root = await eventually(
        lambda: next((one for one in desk.slack.messages(desk.channel) if one.user == desk.slack.bot_user), None),
        "a root message",
    )
    report = await desk.outcome(root.ts, command.trigger_id)
    for _ in range(2):
        desk.slack.click(desk.channel, report.ts, desk.bob, "clew_follow_up_1")
    await desk.outcome(root.ts, f"follow-up:{report.ts}:clew_follow_up_1")
    assert len(desk.answers(root.ts)) == 2
    assert any(f"<@{desk.bob}> asks" in one.text for one in desk.slack.thread(desk.channel, root.ts))


async def test_a_message_shortcut_answers_that_message_in_its_thread(desk: SlackDesk) -> None:
    ts = desk.slack.say(desk.channel, desk.bob, PRICE)
    desk.slack.shortcut(desk.channel, ts, desk.alice, "research_message")
    answer = await eventually(
        lambda: next((one for one in desk.answers(ts) if desk.state(one) == "final"), None), "an answer"
    )
    assert CLOSE in text_of(answer)


async def test_the_form_opens_a_thread(desk: SlackDesk) -> None:
    desk.slack.global_shortcut(desk.alice, "research_new")
    form = await eventually(lambda: next(iter(desk.slack.windows("research_form")), None), "a form")
    values: dict[str, object] = {"symbol": "AAPL"}
    values["channel"] = {"type": "conversations_select", "selected_conversation": desk.channel}
    desk.slack.submit(form["id"], desk.alice, values)
    root = await eventually(
        lambda: next((one for one in desk.slack.messages(desk.channel) if one.user == desk.slack.bot_user), None),
        "a root message",
    )
    await desk.outcome(root.ts, form["id"])


async def test_the_home_shows_recent_threads_and_usage(desk: SlackDesk) -> None:
    await desk.asked(PRICE)
    address = f"/archives/{desk.channel}/"

    def shown() -> bool:
        # What Temporal lists is a moment behind what it knows.
        desk.slack.open_home(desk.alice)
        return address in str(desk.slack.home(desk.alice))

    await eventually(shown, "the thread in the home")
    assert "tokens today" in str(desk.slack.home(desk.alice))


async def test_a_thread_stays_with_whoever_opened_it_when_others_ask_in_it(desk: SlackDesk) -> None:
    thread, _ = await desk.asked(PRICE)
    reply = desk.slack.say(desk.channel, desk.bob, "And its volume?", thread=thread)
    await desk.outcome(thread, reply)
    where = ThreadRef(platform="slack", workspace=desk.slack.team, channel=desk.channel, thread=thread)
    described = await desk.stack.client.get_workflow_handle(conversation_id(where)).describe()
    assert described.typed_search_attributes[ASKER] == desk.alice


async def test_the_admin_command_is_for_administrators(desk: SlackDesk) -> None:
    refused = desk.slack.command(desk.channel, desk.alice, "/research-admin", "status")
    shown = desk.slack.command(desk.channel, desk.root, "/research-admin", "status")
    await eventually(lambda: (refused.replies and shown.replies) or None, "told")
    assert "Only administrators" in refused.replies[0].text
    assert "Temporal" in shown.replies[0].text
    assert "clew-chat-slack" in shown.replies[0].text


async def test_an_administrator_pauses_looks_at_a_linked_thread_and_resumes(desk: SlackDesk) -> None:
    async def told(text: str, user: str = "") -> str:
        command = desk.slack.command(desk.channel, user or desk.root, "/research-admin", text)
        await eventually(lambda: command.replies or None, "told")
        return command.replies[0].text

    assert "Only administrators" in await told("pause", desk.alice)
    assert "New turns wait" in await told("pause Yahoo is down")
    ts = desk.mention(PRICE)
    said = "paused by an administrator"
    await eventually(lambda: any(said in text_of(one) for one in desk.answers(ts)), "the thread says so")
    link = f"https://acme.slack.com/archives/{desk.channel}/p{ts.replace('.', '')}"
    assert f"conversation:slack:{desk.slack.team}:{desk.channel}:{ts}" in await told(f"show {link}")
    assert "(Yahoo is down)" in await told("")
    assert "`show &lt;thread&gt;`" in await told("what")
    assert "go on in order" in await told("resume")
    await desk.outcome(ts, ts)


async def test_feedback_is_thanked_for(desk: SlackDesk) -> None:
    thread, answer = await desk.asked(PRICE)
    desk.slack.click(desk.channel, answer.ts, desk.alice, "clew_feedback", value=f"up:{thread}")
    await desk.whispered(desk.alice, "Thank you")
