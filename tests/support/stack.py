"""Clew whole, for tests: the worker role as the product composes it, before real services on loopback.

Temporal and the tool server are shared by a session; the namespace, the sandbox, the store and the worker are a test's
own. What people do goes through the product's own session and inbox.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from temporalio.client import Client, WorkflowHandle

from bot.chat import open_inbox
from bot.connect import connect
from bot.platforms.terminal_records import StoredMessage, new_id
from bot.platforms.terminal_store import TerminalStore, open_store
from bot.platforms.terminal_values import answer_from_data
from bot.roles import worker as worker_role
from bot.settings import Settings
from bot.terminal.desk import TerminalSession
from tests.support.market import FaultyMarket, RunningMarket
from tests.support.sandbox import RunningSandbox
from tests.support.temporal import settings_for
from tests.support.wire import Wire
from workflows import identity
from workflows.contracts import OUTCOMES, Answer, AnswerState, Asker, Research, RetryRequest, StopRequest, ThreadRef
from workflows.conversation import ConversationWorkflow
from workflows.mcp_client import ToolTimeouts
from workflows.mistral import Timeouts

T = TypeVar("T")

PATIENCE = 45.0
"""Seconds until something that has to happen counts as lost."""


async def eventually(look: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """Wait until `look` gives something other than None or False; fail with `what` otherwise."""
    deadline = time.monotonic() + patience
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < deadline, f"never came true: {what}"
        await asyncio.sleep(0.02)


@dataclass(kw_only=True)
class Stack:
    """Everything a test looks at. `tools` is the wire between worker and tool server."""

    client: Client
    settings: Settings
    sandbox: RunningSandbox
    market: FaultyMarket
    tools: Wire
    store: TerminalStore
    session: TerminalSession

    # --- What people do ----------------------------------------------------------------------------------------------

    def thread(self) -> str:
        """A new thread's id."""
        return self.store.new_thread()

    async def say(self, thread: str, text: str) -> str:
        """Ask in a thread; returns the question's id, which is its answer's key."""
        return await self.session.say(thread, text)

    async def research(self, symbol: str, question: str = "") -> tuple[str, str]:
        """`/research`: returns the thread and the answer's key."""
        text = f"/research {symbol} {question}".strip()
        thread, request = await self.session.research(text, Research(symbol=symbol, question=question))
        return thread.thread, request

    async def retry(self, thread: str, *, asker: Asker | None = None, request: str = "", answer: str = "") -> str:
        """Ask for another attempt; returns the gesture's id."""
        wanted = RetryRequest(request=request or new_id(), asker=asker or self.session.asker, answer=answer)
        await self.session.inbox.retry(self.ref(thread), wanted)
        return wanted.request

    async def stop(self, thread: str, *, asker: Asker | None = None, answer: str = "") -> None:
        """Stop the running answer."""
        await self.session.inbox.stop(
            self.ref(thread), StopRequest(request=new_id(), asker=asker or self.session.asker, answer=answer)
        )

    # --- What stands there -------------------------------------------------------------------------------------------

    def ref(self, thread: str) -> ThreadRef:
        """The thread as the workflow knows it."""
        return self.session.ref(thread)

    def conversation(self, thread: str) -> WorkflowHandle[ConversationWorkflow, None]:
        """The thread's workflow."""
        return self.client.get_workflow_handle_for(ConversationWorkflow.run, identity.conversation_id(self.ref(thread)))

    def messages(self, thread: str) -> list[StoredMessage]:
        """What Clew said in a thread and is still there, oldest first."""
        return [message for message in self.store.messages(thread) if message.author == "clew"]

    def answer(self, thread: str, key: str) -> Answer | None:
        """The first part of the answer under `key`, as it stands."""
        return next((answer_from_data(found.body) for found in self.messages(thread) if found.key == key), None)

    def posts(self, key: str) -> int:
        """How often something was posted under `key`, deleted or not."""
        return sum(entry.kind == "post" and entry.key == key for entry in self.store.ledger())

    async def outcome(self, thread: str, key: str, *, attempt: int = 1) -> Answer:
        """Wait for the outcome of an attempt."""

        def look() -> Answer | None:
            answer = self.answer(thread, key)
            over = answer is not None and answer.state in OUTCOMES and answer.attempt >= attempt
            return answer if over else None

        return await eventually(look, f"an outcome of {key}, attempt {attempt}")

    async def ask(self, text: str, thread: str | None = None) -> tuple[str, Answer]:
        """Ask and wait; returns the thread and the outcome."""
        where = thread or self.thread()
        return where, await self.outcome(where, await self.say(where, text))

    async def working(self, thread: str, key: str) -> Answer:
        """Wait until the placeholder shows that work has begun."""

        def look() -> Answer | None:
            answer = self.answer(thread, key)
            return answer if answer is not None and answer.state is AnswerState.WORKING and answer.lines else None

        return await eventually(look, f"progress of {key}")

    # --- The worker --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def worker(
        self,
        *,
        timeouts: Timeouts = Timeouts(),
        tool_timeouts: ToolTimeouts = ToolTimeouts(),
        guarded: bool = False,
        **changes: object,
    ) -> AsyncGenerator[None]:
        """Run the worker role, with other time-outs and settings if asked, for as long as the block runs."""
        until = asyncio.Event()
        settings = self.settings.model_copy(update=changes)
        role = worker_role.run(settings, until, timeouts=timeouts, tool_timeouts=tool_timeouts, guarded=guarded)
        task = asyncio.create_task(role)
        try:
            yield
        finally:
            until.set()
            await task


@asynccontextmanager
async def stack_on(
    address: str, namespace: str, market: RunningMarket, sandbox: RunningSandbox, tools: Wire, directory: Path
) -> AsyncGenerator[Stack]:
    """A stack in a namespace. No worker runs yet."""
    settings = settings_for(
        address,
        namespace,
        directory,
        clew_sandbox_url=sandbox.url,
        mcp_server_url=f"http://127.0.0.1:{tools.port}/mcp",
        mcp_auth_token=market.token,
    )
    client = await connect(settings)
    with open_store(directory) as store:
        session = TerminalSession(
            store,
            await open_inbox(client),
            Console(file=io.StringIO(), width=100),
            blobs_dir=directory / "blobs",
            user="alice",
        )
        yield Stack(
            client=client,
            settings=settings,
            sandbox=sandbox,
            market=market.market,
            tools=tools,
            store=store,
            session=session,
        )
