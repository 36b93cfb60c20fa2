"""The inbox before servers that fail; what it does before one that works is in test_terminal_session.py."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from bot.chat import Inbox, NoConversation, Refused, Unavailable
from bot.terminal.watch import Leaving
from tests.support.values import ALICE, THREAD
from workflows.contracts import DeletedMessage, IncomingMessage, OpenThreadRequest, StopRequest

MESSAGE = IncomingMessage(thread=THREAD, message="m1", asker=ALICE, text="What is a bond?")
COMMAND = OpenThreadRequest(
    platform="terminal", workspace="w", channel="c", request="r1", asker=ALICE, text="/research AAPL"
)


class Server:
    """Stands in for a connected client: remembers what it was given, or refuses with a status."""

    def __init__(self, status: RPCStatusCode | None = None) -> None:
        self.status = status
        self.started: list[tuple[str, Any, dict[str, Any]]] = []

    async def start_workflow(self, name: str, argument: object, **options: Any) -> None:
        self._maybe_refuse()
        self.started.append((name, argument, options))

    def get_workflow_handle(self, workflow_id: str, **_: object) -> Server:
        return self

    async def signal(self, name: str, argument: object) -> None:
        self._maybe_refuse()
        self.started.append((name, argument, {}))

    def _maybe_refuse(self) -> None:
        if self.status is not None:
            raise RPCError("no", self.status, b"")

    def inbox(self) -> Inbox:
        return Inbox(cast("Client", self), searchable=False)


async def test_a_message_carries_the_trace_it_came_in() -> None:
    server = Server()
    context = SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=True, trace_flags=TraceFlags(1))
    with trace.use_span(NonRecordingSpan(context)):
        await server.inbox().receive(MESSAGE)
        await server.inbox().open(COMMAND)
    [(_, _, options), (_, opened, _)] = server.started
    [received] = options["start_signal_args"]
    for traced in (received, opened):
        version, trace_id, _, flags = traced.trace.split("-")
        assert (version, int(trace_id, 16), flags) == ("00", 0xABC, "01")


async def test_a_text_that_no_encoding_can_say_is_mended_at_the_door() -> None:
    server = Server()
    await server.inbox().receive(IncomingMessage(thread=THREAD, message="m1", asker=ALICE, text="half \ud83d"))
    [(_, _, options)] = server.started
    assert options["start_signal_args"][0].text == "half ?"


@pytest.mark.parametrize(
    "status",
    [
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.INTERNAL,
    ],
)
async def test_what_may_pass_is_unavailable(status: RPCStatusCode) -> None:
    inbox = Server(status).inbox()
    with pytest.raises(Unavailable):
        await inbox.receive(MESSAGE)
    with pytest.raises(Unavailable):
        await inbox.stop(THREAD, StopRequest(request="s1", asker=ALICE))


@pytest.mark.parametrize("status", [RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.PERMISSION_DENIED])
async def test_what_will_not_pass_is_refused(status: RPCStatusCode) -> None:
    inbox = Server(status).inbox()
    with pytest.raises(Refused):
        await inbox.receive(MESSAGE)
    with pytest.raises(Refused):
        await inbox.open(COMMAND)


async def test_a_signal_that_finds_nobody_is_no_conversation_and_a_start_that_does_is_refused() -> None:
    inbox = Server(RPCStatusCode.NOT_FOUND).inbox()
    with pytest.raises(NoConversation):
        await inbox.delete(THREAD, DeletedMessage(message="m1"))
    with pytest.raises(Refused):
        await inbox.receive(MESSAGE)


async def test_a_server_that_does_not_answer_is_unavailable_within_two_seconds() -> None:
    over, left = asyncio.Event(), asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()
        left.set()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    client = await Client.connect(f"127.0.0.1:{listener.sockets[0].getsockname()[1]}", lazy=True)
    async with asyncio.timeout(4):
        with pytest.raises(Unavailable):
            await Inbox(client, searchable=False).receive(MESSAGE)
    over.set()
    await left.wait()
    listener.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = await Client.connect(f"127.0.0.1:{unused.getsockname()[1]}", lazy=True)
        with pytest.raises(Unavailable):
            await Inbox(client, searchable=False).receive(MESSAGE)


async def test_the_first_interrupt_offers_and_the_second_leaves() -> None:
    interrupted, offers = asyncio.Event(), list[str]()
    leaving = Leaving(interrupted, lambda: offers.append("offer"))
    assert not leaving.decided(busy=True)
    interrupted.set()
    assert not leaving.decided(busy=True)
    assert offers == ["offer"]
    assert not leaving.decided(busy=True)
    interrupted.set()
    assert leaving.decided(busy=True)


async def test_an_interrupt_leaves_at_once_where_nothing_runs_or_nobody_reads_an_offer() -> None:
    interrupted = asyncio.Event()
    interrupted.set()
    assert Leaving(interrupted, lambda: None).decided(busy=False)
    assert Leaving(interrupted, None).decided(busy=True)
