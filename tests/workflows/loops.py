"""Tool loops on a real worker before a sandbox whose model always looks something up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.sandbox.brain.protocol import Call, Prompted, Reply
from bot.sandbox.outputs import text_of
from tests.support.market import RunningMarket
from tests.support.mistral import mistral_at
from tests.support.sandbox import RunningSandbox
from tests.workflows.loop_workflow import PLATFORM, Asked, Loop, Told
from workflows import identity
from workflows.activities.agents import AgentActivities
from workflows.activities.roster import Roster
from workflows.activities.tools import ToolActivities
from workflows.blobs import FileBlobStore
from workflows.contracts import BlobRef, Done, Limits, Live, Permit, ReadThread
from workflows.live import LiveBoards
from workflows.mcp_client import connect_tools
from workflows.mistral import Timeouts
from workflows.refusals import Refusals

_AT_ONCE = 24

IMPATIENT = Timeouts(idle=1.0, total=20.0, after_done=0.3)


class Looker:
    """A model that looks up the first word of what it is asked, an R for its T, and answers with what it was asked."""

    def reply(self, prompted: Prompted) -> Reply:
        """A call for a question; an answer for results."""
        asked = [text_of(entry) for entry in prompted.entries if entry["type"] == "message.input"][-1]
        if prompted.entries[-1]["type"] == "message.input":
            symbol = asked.split()[0].replace("T", "R")
            return Reply(calls=(Call(name="get_quote", arguments={"symbol": symbol}),))
        return Reply(text=f"An answer to: {asked}")


@activity.defn(name="show_progress")
async def unseen(_: Live) -> Done:
    """Nobody looks."""
    return Done()


@activity.defn(name="read_thread")
async def unread(_: ReadThread) -> BlobRef:
    """There is no thread to read."""
    raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class Loops:
    """Runs loops on a worker before a sandbox."""

    client: Client
    sandbox: RunningSandbox
    permit: Permit

    async def ask(self, thread: str, *questions: str) -> Told:
        """Ask in a thread of its own."""
        return await self.client.execute_workflow(
            Loop.run,
            Asked(thread=thread, questions=questions, permit=self.permit),
            id=f"loop-{thread}",
            task_queue=identity.TASK_QUEUE,
        )

    async def ask_all(self, threads: dict[str, tuple[str, ...]]) -> dict[str, Told]:
        """Ask in many threads, some at once: more would starve the heartbeats of this one process."""
        room = asyncio.Semaphore(_AT_ONCE)

        async def ask(thread: str, questions: tuple[str, ...]) -> Told:
            async with room:
                return await self.ask(thread, *questions)

        told = await asyncio.gather(*(ask(thread, questions) for thread, questions in threads.items()))
        return dict(zip(threads, told, strict=True))


@asynccontextmanager
async def loops_on(
    client: Client,
    market: RunningMarket,
    sandbox: RunningSandbox,
    directory: Path,
    *,
    timeouts: Timeouts = IMPATIENT,
    limits: Limits = Limits(deadline=60.0, tool_steps=4),
) -> AsyncGenerator[Loops]:
    """Loops, and the worker that runs them for as long as the block does."""
    async with (
        mistral_at(sandbox.url, timeouts) as mistral,
        connect_tools(market.url, market.token) as tools,
    ):
        blobs = FileBlobStore(directory / "blobs")
        boards = LiveBoards({}, Refusals())
        roster = Roster(mistral, tools)
        pinned, toolset = await roster.pin(["analyst"])
        agents = AgentActivities(mistral, tools, blobs, boards, roster=roster)
        calls = ToolActivities(tools, blobs, boards)
        async with (
            Worker(
                client,
                task_queue=identity.TASK_QUEUE,
                workflows=[Loop],
                activities=[agents.run_step, calls.call_tool],
                # The workflow sandbox loads modules anew for each of many workflows, which whole turns try well enough.
                workflow_runner=UnsandboxedWorkflowRunner(),
            ),
            Worker(client, task_queue=identity.chat_queue(PLATFORM), activities=[unseen, unread]),
        ):
            yield Loops(client=client, sandbox=sandbox, permit=Permit(agents=pinned, toolset=toolset, limits=limits))
