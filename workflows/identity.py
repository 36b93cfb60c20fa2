"""Ids, built in one place: workflow ids, task queues, search attributes, keys."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey

from workflows.contracts import Asker, OpenThreadRequest, ThreadRef

TASK_QUEUE = "clew"
"""Workflows, agent steps and tool calls."""

PLATFORM = SearchAttributeKey.for_keyword("ClewPlatform")
WORKSPACE = SearchAttributeKey.for_keyword("ClewWorkspace")
ASKER = SearchAttributeKey.for_keyword("ClewAsker")
TURN_STATE = SearchAttributeKey.for_keyword("ClewTurnState")
LAST_MESSAGE = SearchAttributeKey.for_datetime("ClewLastMessage")
SEARCH_ATTRIBUTES = (PLATFORM, WORKSPACE, ASKER, TURN_STATE, LAST_MESSAGE)

BEGAN = "began"
"""A conversation's memo: the moment of its first message, before which nothing in its thread was meant for us."""


TURN_STATES = ("running", "paused", "parked", "idle")
"""Values of the search attribute ClewTurnState. Paused: a turn waits for the end of a pause."""

HOLD = "hold"
"""Workflow id of the pause; there is a pause where it runs."""

HOLD_MEMO = "hold"
"""Name of the memo that says who paused, since when and why: it can be read while no worker answers."""

USAGE_TOTAL = "usage-total"
"""Workflow id of the ledger of everybody's tokens."""


def conversation_id(thread: ThreadRef) -> str:
    """Workflow id of a thread's conversation."""
    return f"conversation:{thread.platform}:{thread.workspace}:{thread.channel}:{thread.thread}"


def of_platform(platform: str) -> str:
    """What the workflow ids of all conversations of a platform begin with."""
    return f"conversation:{platform}:"


def opening_id(request: OpenThreadRequest) -> str:
    """Workflow id of a slash command's opening."""
    return f"opening:{request.platform}:{request.workspace}:{request.request}"


def usage_id(platform: str, workspace: str, asker: Asker) -> str:
    """Workflow id of an asker's token ledger."""
    return f"usage:{platform}:{workspace}:{asker.user}"


def workspace_usage_id(platform: str, workspace: str) -> str:
    """Workflow id of the ledger of all of a workspace's askers."""
    return f"usage-workspace:{platform}:{workspace}"


def chat_queue(platform: str) -> str:
    """Task queue of a platform's delivery: one queue, so that its rate limit holds across workers."""
    return f"clew-chat-{platform}"


def thread_of(workflow_id: str) -> ThreadRef | None:
    """The thread of a conversation's workflow id, or None if it is not one."""
    kind, _, rest = workflow_id.partition(":")
    fields = rest.split(":", 3)
    if kind != "conversation" or len(fields) != 4:
        return None
    return ThreadRef(platform=fields[0], workspace=fields[1], channel=fields[2], thread=fields[3])
