"""What Temporal knows of a platform's conversations: which there are, and what each has heard of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecution, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError, RPCStatusCode

from bot.chat import Unavailable
from workflows import identity
from workflows.contracts import Heard, HeardOf, ThreadRef

MOST = 100
"""Conversations that are looked after."""

AWAKE = timedelta(days=7)
"""How long ago somebody must have spoken in one at the most."""

_LISTED = 1_000
_ANSWER = timedelta(seconds=2)
_AGAIN = 0.5
_TRIES = 3
"""Questions to one conversation where others have answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """One that goes on. `began` and `last` are moments of messages, in seconds since 1970."""

    thread: ThreadRef
    began: float
    last: float


class Conversations:
    """One platform's. `patience`: seconds to wait for a worker, in all."""

    def __init__(self, client: Client, platform: str, *, patience: float = 20.0) -> None:
        self._client = client
        self._platform = platform
        self._deadline = time.monotonic() + patience
        self._answered = False
        """Whether some conversation did: a worker is there, and who does not answer has trouble of its own."""

    async def lately(self) -> list[Conversation]:
        """Those in which somebody spoke lately, the newest first. Raises Unavailable where Temporal does not answer."""
        running = "WorkflowType = 'ConversationWorkflow' AND ExecutionStatus = 'Running'"
        since = (datetime.now(UTC) - AWAKE).isoformat()
        found = await self._list(
            f"{running} AND {identity.PLATFORM.name} = '{self._platform}' AND {identity.LAST_MESSAGE.name} > '{since}'"
        )
        if found is None:
            # A namespace without our attributes knows ids all the same.
            found = await self._list(f"{running} AND WorkflowId STARTS_WITH '{identity.of_platform(self._platform)}'")
        return sorted(found or (), key=lambda one: one.last, reverse=True)[:MOST]

    async def heard(self, thread: ThreadRef, ids: Sequence[str] = (), *, once: bool = False) -> Heard | None:
        """Which of these gestures a conversation has not heard of; None where no worker can say.

        A thread without a conversation has heard of none. `once`: a worker has one moment to say so, and no more.
        """
        handle = self._client.get_workflow_handle(identity.conversation_id(thread))
        tries = 0
        while True:
            tries += 1
            try:
                heard = await handle.query("heard", HeardOf(ids=tuple(ids)), result_type=Heard, rpc_timeout=_ANSWER)
            except (WorkflowQueryFailedError, WorkflowQueryRejectedError):
                return None
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return Heard(fresh=tuple(ids), waiting={})
            except RuntimeError:
                pass  # A client that was never connected says so by this class alone.
            else:
                self._answered = True
                return heard
            if once or time.monotonic() >= self._deadline or (self._answered and tries >= _TRIES):
                return None
            await asyncio.sleep(_AGAIN)

    async def _list(self, query: str) -> list[Conversation] | None:
        """What a query finds; None where the namespace does not understand it."""
        try:
            found = [execution async for execution in self._client.list_workflows(query, limit=_LISTED)]
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                return None
            raise Unavailable("Temporal cannot be reached") from error
        except RuntimeError as error:
            raise Unavailable("Temporal cannot be reached") from error
        known = [await _conversation(execution) for execution in found]
        return [one for one in known if one is not None]


async def _conversation(execution: WorkflowExecution) -> Conversation | None:
    thread = identity.thread_of(execution.id)
    if thread is None:
        return None
    last = execution.typed_search_attributes.get(identity.LAST_MESSAGE) or execution.start_time
    began = await execution.memo_value(identity.BEGAN, 0.0, type_hint=float)
    return Conversation(thread=thread, began=began, last=last.timestamp())
