"""`uv run python -m tests.benchmarks.report`: how long administrators wait for a report with many open conversations.

They are opened on a server of their own, in the states that conversations have, with new turns paused; twenty of them
run. No worker is needed for them to be open; one that only keeps the ledger and the pause runs. Ends with 1 where a
report comes later than a chat platform waits for it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.worker import Worker

from bot.administering import Administering
from bot.connect import connect
from tests.support.temporal import settings_for, temporal_process
from workflows import identity, search_attributes
from workflows.contracts import Asker, ConversationState, ThreadRef
from workflows.hold import HoldWorkflow
from workflows.ledger import TemporalLedger
from workflows.pausing import TemporalHold
from workflows.usage import UsageWorkflow

LIMIT = 3.0
"""Seconds that Slack waits for an answer to a command."""

RUNNING = 20
_AT_ONCE = 50
_QUEUE = "nobody"
"""A queue without a worker: these conversations only have to be open."""


async def open_conversations(client: Client, count: int) -> None:
    """Open conversations: the newest ones run, some are parked, most are idle."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def start(number: int) -> None:
        thread = ThreadRef(platform="slack", workspace="T1", channel=f"C{number % 100}", thread=f"{number}.000100")
        state = "running" if number >= count - RUNNING else "parked" if number % 100 == 0 else "idle"
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(identity.PLATFORM, thread.platform),
                SearchAttributePair(identity.WORKSPACE, thread.workspace),
                SearchAttributePair(identity.ASKER, f"U{number % 1000}"),
                SearchAttributePair(identity.TURN_STATE, state),
                SearchAttributePair(identity.LAST_MESSAGE, datetime.now(UTC)),
            ]
        )
        async with room:
            await client.start_workflow(
                "ConversationWorkflow",
                ConversationState(thread=thread, searchable=True),
                id=identity.conversation_id(thread),
                task_queue=_QUEUE,
                search_attributes=attributes,
                static_summary="slack: question",
            )

    await asyncio.gather(*(start(number) for number in range(count)))


async def reports(client: Client, samples: int, expected: str) -> list[float]:
    """Seconds of one report each, once all conversations are counted."""
    admin = Administering(client, platforms=("terminal", "slack"), ui="http://ui.test")
    while expected not in (told := await admin.run("status", by="slack:U1")):  # noqa: ASYNC110 - a server's state
        await asyncio.sleep(0.2)
    found: list[float] = []
    for _ in range(samples):
        began = time.monotonic()
        told = await admin.run("status", by="slack:U1")
        found.append(time.monotonic() - began)
        if expected not in told or "Not known in time" in told:
            raise RuntimeError(told)
    return found


async def run(
    address: str, directory: Path, count: int, samples: int, *, namespace: str = "default"
) -> tuple[float, Sequence[float]]:
    """Open conversations and ask for reports; gives the seconds of both."""
    client = await connect(settings_for(address, namespace, directory), long_lived=True)
    await search_attributes.ensure(client)
    thread = ThreadRef(platform="slack", workspace="T1", channel="C1", thread="1.000100")
    await TemporalLedger(client).book(thread, Asker(user="U1"), "m1:1", 1_000)
    await TemporalHold(client).pause("slack:U1", "Mistral is down")
    async with Worker(client, task_queue=identity.TASK_QUEUE, workflows=[UsageWorkflow, HoldWorkflow]):
        began = time.monotonic()
        await open_conversations(client, count)
        opened = time.monotonic() - began
        parked = sum(number % 100 == 0 for number in range(count - RUNNING))
        expected = f"{RUNNING} running, 0 paused, {parked:,} parked, {count - RUNNING - parked:,} idle"
        return opened, sorted(await reports(client, samples, expected))


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="tests.benchmarks.report", description=__doc__)
    options.add_argument("--conversations", type=int, default=10_000)
    options.add_argument("--samples", type=int, default=100)
    given = options.parse_args()
    with temporal_process() as address, tempfile.TemporaryDirectory() as directory:
        opened, found = asyncio.run(run(address, Path(directory), given.conversations, given.samples))
    table = Table("measure", "value")
    table.add_row(f"opening {given.conversations:,} conversations", f"{opened:.0f} s")
    middle, late = found[len(found) // 2], found[min(len(found) - 1, round(0.95 * (len(found) - 1)))]
    table.add_row("a report, p50 / p95 / worst", f"{middle * 1000:.0f} / {late * 1000:.0f} / {found[-1] * 1000:.0f} ms")
    in_time = found[-1] < LIMIT
    table.add_row(f"all within {LIMIT:.0f} s", "yes" if in_time else "NO")
    Console(soft_wrap=True, width=120).print(table)
    sys.exit(0 if in_time else 1)


if __name__ == "__main__":
    main()
