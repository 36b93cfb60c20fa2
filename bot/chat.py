"""The chat port whole: the half that listens, and the inbox that listeners put everything into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol, TypeVar

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from bot.commands import sound
from workflows import door, identity
from workflows.chat import Chat
from workflows.contracts import (
    ConversationView,
    DeletedMessage,
    EditedMessage,
    IncomingMessage,
    OpenThreadRequest,
    RetryRequest,
    StopRequest,
    ThreadRef,
)
from workflows.policies import WORKFLOW_TASK_TIMEOUT
from workflows.search_attributes import missing
from workflows.tracing import traceparent

T = TypeVar("T")

HANDOVER_LIMIT = 2.0
"""Seconds in which a message is either durable or refused: a platform waits no longer for its acknowledgement."""

_NEVER = (
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.OUT_OF_RANGE,
    RPCStatusCode.UNIMPLEMENTED,
    RPCStatusCode.NOT_FOUND,
)
"""What will be answered to the same call again. Everything else may be a connection that broke, or a server in need."""


class Unavailable(Exception):
    """Temporal cannot be reached: nothing was promised, the same call may be made again."""


class Refused(Exception):
    """Temporal refuses this call, and will again: credentials, a missing namespace, a message it does not take."""


class NotOpened(Exception):
    """A command's thread could not be opened, and will not be."""


class NoConversation(Exception):
    """Nothing was ever asked in this thread."""


class Inbox:
    """Where every platform's listener hands over what people do. What returned is durable, and needs no live worker.

    Each method raises Unavailable where Temporal does not take it within two seconds, and Refused where it never will.
    Each may be called again with the same value: ids decide, and a repeat changes nothing.
    """

    def __init__(self, client: Client, *, searchable: bool) -> None:
        self._client = client
        self._searchable = searchable

    async def open(self, request: OpenThreadRequest) -> None:
        """Hand over a command that has no thread yet. Its thread comes from `opened`."""
        async with _handover(request.platform):
            request = replace(
                request,
                text=sound(request.text),
                searchable=self._searchable,
                trace=traceparent() or request.trace,
            )
            try:
                await _soon(
                    self._client.start_workflow(
                        "OpenThreadWorkflow",
                        request,
                        id=identity.opening_id(request),
                        task_queue=identity.TASK_QUEUE,
                        task_timeout=WORKFLOW_TASK_TIMEOUT,
                        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                        static_summary=f"{request.platform}: open a thread",
                    )
                )
            except WorkflowAlreadyStartedError:
                # The same command was handed over before, and its thread is open already.
                return

    async def opened(self, request: OpenThreadRequest) -> ThreadRef:
        """The thread of a command that was handed over. Waits as long as it takes: a worker has to open it.

        Raises NotOpened if it cannot be opened.
        """
        handle = self._client.get_workflow_handle(identity.opening_id(request), result_type=ThreadRef)
        while True:
            try:
                return await handle.result()
            except WorkflowFailureError as error:
                raise NotOpened("the opening failed") from error
            except RPCError as error:
                if error.status in _NEVER:
                    raise NotOpened("the opening is not known") from error
                await asyncio.sleep(HANDOVER_LIMIT)

    async def receive(self, message: IncomingMessage) -> None:
        """Hand over a message; its conversation starts if there is none."""
        async with _handover(message.thread.platform):
            message = replace(message, text=sound(message.text), trace=traceparent() or message.trace)
            await _soon(door.receive(self._client, message, searchable=self._searchable))

    async def follow(self, message: IncomingMessage) -> None:
        """Hand over a message of a thread in which we take part already. Raises NoConversation where we do not."""
        async with _handover(message.thread.platform):
            message = replace(message, text=sound(message.text), trace=traceparent() or message.trace)
            await _soon(self._conversation(message.thread).signal("receive", message), known=True)

    async def edit(self, thread: ThreadRef, edited: EditedMessage) -> None:
        """A person edited a message. Raises NoConversation."""
        await self._signal(thread, "edit", replace(edited, text=sound(edited.text)))

    async def delete(self, thread: ThreadRef, deleted: DeletedMessage) -> None:
        """A message was deleted. Raises NoConversation."""
        await self._signal(thread, "delete", deleted)

    async def retry(self, thread: ThreadRef, request: RetryRequest) -> None:
        """A person wants the last answer once more. Raises NoConversation."""
        async with _handover(thread.platform):
            traced = replace(request, trace=traceparent() or request.trace)
            await _soon(self._conversation(thread).signal("retry", traced), known=True)

    async def stop(self, thread: ThreadRef, request: StopRequest) -> None:
        """A person wants the running answer stopped. Raises NoConversation."""
        await self._signal(thread, "stop", request)

    async def view(self, thread: ThreadRef) -> ConversationView:
        """What a conversation says of itself; needs a live worker. Raises NoConversation."""
        handle = self._conversation(thread)
        try:
            return await _soon(handle.query("view", result_type=ConversationView), known=True)
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
            raise Unavailable("the conversation does not answer") from error

    async def _signal(self, thread: ThreadRef, name: str, value: EditedMessage | DeletedMessage | StopRequest) -> None:
        async with _handover(thread.platform):
            await _soon(self._conversation(thread).signal(name, value), known=True)

    def _conversation(self, thread: ThreadRef) -> WorkflowHandle[object, object]:
        return self._client.get_workflow_handle(identity.conversation_id(thread))


async def open_inbox(client: Client) -> Inbox:
    """The inbox of a connected client: conversations are searchable where the namespace has the attributes."""
    try:
        searchable = not await missing(client)
    except RPCError:
        searchable = False
    return Inbox(client, searchable=searchable)


class Listener(Protocol):
    """PORT. The half of a chat platform that hears what people do; it runs in the bot."""

    async def listen(self, inbox: Inbox) -> None:
        """Hand everything that people do into `inbox`, until cancelled.

        An event is acknowledged once it is durable. If it was and the platform was not told: it comes again, and its
        id is known.
        """
        ...


class ChatPlatform(Chat, Listener, Protocol):
    """PORT. One chat platform, both ways. Two objects may share it: delivery runs in the worker, listening in the bot.

    The terminal's listening half is its session.
    """


@asynccontextmanager
async def _handover(platform: str) -> AsyncGenerator[None]:
    """A turn's trace begins where its message comes in."""
    tracer = trace.get_tracer("clew.inbox")
    with tracer.start_as_current_span(
        "receive",
        kind=SpanKind.PRODUCER,
        attributes={"clew.platform": platform},
        # An exception's text may quote what people said.
        record_exception=False,
        set_status_on_exception=False,
    ):
        yield


async def _soon(call: Awaitable[T], *, known: bool = False) -> T:
    """Make a call within the limit. `known`: it is meant for a conversation that must exist."""
    try:
        async with asyncio.timeout(HANDOVER_LIMIT):
            return await call
    except TimeoutError:
        raise Unavailable("Temporal did not answer in time") from None
    except RPCError as error:
        if known and error.status is RPCStatusCode.NOT_FOUND:
            raise NoConversation("no conversation in this thread") from error
        if error.status in _NEVER:
            raise Refused(f"Temporal refuses: {error.status.name}") from error
        raise Unavailable("Temporal cannot be reached") from error
    except RuntimeError as error:
        # A client that was never connected says so by this class alone.
        raise Unavailable("Temporal cannot be reached") from error
