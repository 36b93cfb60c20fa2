"""The one door into a conversation: signal-with-start, from bots and from activities alike."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from workflows import identity
from workflows.contracts import ConversationState, IncomingMessage
from workflows.policies import WORKFLOW_TASK_TIMEOUT


async def receive(client: Client, message: IncomingMessage, *, searchable: bool) -> None:
    """Send a message into its thread's conversation, which starts if there is none.

    If it happened and we were not told, or we run again: the conversation knows the message's id. Durable when this
    returns; needs no live worker. Raises temporalio's RPCError.
    """
    thread = message.thread
    options: dict[str, Any] = {}
    if searchable:
        options["search_attributes"] = TypedSearchAttributes(
            [
                SearchAttributePair(identity.PLATFORM, thread.platform),
                SearchAttributePair(identity.WORKSPACE, thread.workspace),
                SearchAttributePair(identity.ASKER, message.asker.user),
                SearchAttributePair(identity.TURN_STATE, "idle"),
                SearchAttributePair(identity.LAST_MESSAGE, datetime.now(UTC)),
            ]
        )
    subject = f"/research {message.research.symbol}" if message.research is not None else "question"
    await client.start_workflow(
        "ConversationWorkflow",
        ConversationState(thread=thread, searchable=searchable),
        id=identity.conversation_id(thread),
        task_queue=identity.TASK_QUEUE,
        task_timeout=WORKFLOW_TASK_TIMEOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal="receive",
        start_signal_args=[message],
        static_summary=f"{thread.platform}: {subject}",
        memo={identity.BEGAN: message.moment or time.time()},
        **options,
    )
