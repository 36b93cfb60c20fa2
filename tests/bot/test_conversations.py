"""What Temporal knows of conversations, with and without search attributes, with and without a worker."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.conversations import Conversation, Conversations
from tests.support.stack import PATIENCE
from tests.support.values import ALICE, THREAD
from workflows import door, search_attributes
from workflows.contracts import Heard, IncomingMessage
from workflows.conversation import ConversationWorkflow
from workflows.identity import TASK_QUEUE


def said(moment: float, *, thread: str = "t1", platform: str = "terminal") -> IncomingMessage:
    where = replace(THREAD, platform=platform, thread=thread)
    return IncomingMessage(thread=where, message=f"m{moment}", asker=ALICE, text="What is a bond?", moment=moment)


@pytest.fixture
async def client(temporal_server: str, namespace: str) -> Client:
    return await Client.connect(temporal_server, namespace=namespace)


async def listed(client: Client, count: int) -> list[Conversation]:
    """Wait until visibility shows so many of the terminal's."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await Conversations(client, "terminal").lately()
            if len(found) == count:
                return found
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("searchable", [True, False])
async def test_a_platforms_conversations_are_listed_with_their_beginning(client: Client, *, searchable: bool) -> None:
    if searchable:
        await search_attributes.ensure(client)
    for message in (said(10.0), said(20.0, thread="t2"), said(30.0, platform="another"), said(40.0)):
        await door.receive(client, message, searchable=searchable)
    found = await listed(client, 2)
    assert [(one.thread.thread, one.began) for one in found] == [("t2", 20.0), ("t1", 10.0)]


async def test_a_thread_without_a_conversation_has_heard_of_nothing(client: Client) -> None:
    assert await Conversations(client, "terminal").heard(THREAD, ["m1"]) == Heard(fresh=("m1",), waiting={})


@pytest.mark.campaign
async def test_without_a_worker_nobody_can_say_what_a_conversation_has_heard_of(client: Client) -> None:
    await door.receive(client, said(10.0), searchable=False)
    assert await Conversations(client, "terminal", patience=0.0).heard(THREAD, ["m10.0"]) is None


@pytest.mark.campaign
async def test_a_conversation_that_does_not_answer_where_others_did_is_given_up_soon(client: Client) -> None:
    conversations = Conversations(client, "terminal", patience=10 * PATIENCE)
    for name in ("t1", "t2"):
        await door.receive(client, said(10.0, thread=name), searchable=False)
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[ConversationWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        answered = await conversations.heard(THREAD, ["m10.0"])
    assert answered is not None
    assert answered.fresh == ()
    async with asyncio.timeout(PATIENCE):
        assert await conversations.heard(replace(THREAD, thread="t2"), ["m10.0"]) is None
