"""What is measured, one function each. All of them work on one running set of roles."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType

from tests.benchmarks.asker import Asker, Timed
from tests.benchmarks.floor import Floor
from tests.benchmarks.roles import Roles

QUESTION = "What is AAPL's last close?"
"""One tool call, two steps: the plainest question that needs data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Seconds, one a turn, in order of asking; `activities` is how many a turn makes up to its outcome."""

    activities: int
    turns: tuple[Timed, ...]
    floor: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Growth:
    """One turn's cost: events and bytes that it adds to Temporal's history, bytes that are sent to Mistral."""

    turn: int
    events: int
    history_bytes: int
    sent_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Throughput:
    """Turns finished in so many seconds, over so many threads that each ask again when they are answered."""

    threads: int
    turns: int
    seconds: float


async def latency(roles: Roles, asker: Asker, floor: Floor, samples: int) -> Latency:
    """Follow-ups, each beside an errand of the floor with as many activities, in turns."""
    thread = asker.thread()
    for _ in range(3):
        await asker.ask(thread, QUESTION)
    before = await _activities(roles, asker.conversation(thread))
    await asker.ask(thread, QUESTION)
    # The last one only books tokens, when the answer stands already.
    count = await _activities(roles, asker.conversation(thread)) - before - 1
    for _ in range(3):
        await floor.errand(count)
    turns: list[Timed] = []
    bare: list[float] = []
    for _ in range(samples):
        turns.append(await asker.ask(thread, QUESTION))
        bare.append(await floor.errand(count))
    return Latency(activities=count, turns=tuple(turns), floor=tuple(bare))


async def growth(roles: Roles, asker: Asker, turns: int) -> tuple[Growth, Growth]:
    """The second turn of a thread, and the one `turns` later: both are follow-ups."""
    thread = asker.thread()
    await asker.ask(thread, QUESTION)
    early = await _one_turn(roles, asker, thread, 1)
    for _ in range(turns - 2):
        await asker.ask(thread, QUESTION)
    return early, await _one_turn(roles, asker, thread, turns)


async def throughput(asker: Asker, threads: int, each: int) -> Throughput:
    """Closed loop: every thread asks again as soon as it is answered. Threads are warm."""
    names = [asker.thread() for _ in range(threads)]
    await asyncio.gather(*(asker.ask(name, QUESTION) for name in names))
    began = time.monotonic()

    async def loop(name: str) -> None:
        for _ in range(each):
            await asker.ask(name, QUESTION)

    await asyncio.gather(*(loop(name) for name in names))
    return Throughput(threads=threads, turns=threads * each, seconds=time.monotonic() - began)


async def recovery(roles: Roles, asker: Asker, samples: int) -> tuple[float, ...]:
    """Seconds from SIGKILL of the only worker, in the middle of a step, to the answer; it is started again at once."""
    found: list[float] = []
    for _ in range(samples):
        await roles.hold_next_step()
        key = await asker.send(asker.thread(), QUESTION)
        while not await roles.holding():  # noqa: ASYNC110 - state of another process, which sets no event
            await asyncio.sleep(0.01)
        killed = time.time()
        roles.kill("worker")
        await roles.start_worker()
        found.append(await asker.wait(key) - killed)
    return tuple(found)


async def _one_turn(roles: Roles, asker: Asker, thread: str, turn: int) -> Growth:
    """Cost of one turn. One during which the history was cut off does not count: the next one does."""
    workflow = asker.conversation(thread)
    while True:
        run, events, size = await _history(roles, workflow)
        sent = len(await roles.steps())
        await asker.ask(thread, QUESTION)
        after, more_events, more_size = await _settled(roles, workflow, events)
        if after == run:
            return Growth(
                turn=turn,
                events=more_events - events,
                history_bytes=more_size - size,
                sent_bytes=sum(step["size"] for step in (await roles.steps())[sent:]),
            )


async def _settled(roles: Roles, workflow: str, events: int) -> tuple[str, int, int]:
    """The history once the turn's books are kept, which happens after its answer."""
    while (await _history(roles, workflow))[1] == events or await _open(roles, workflow):  # noqa: ASYNC110 - as below
        await asyncio.sleep(0.02)
    return await _history(roles, workflow)


async def _history(roles: Roles, workflow: str) -> tuple[str, int, int]:
    described = await roles.client.get_workflow_handle(workflow).describe()
    size = described.raw_description.workflow_execution_info.history_size_bytes
    return described.run_id or "", described.history_length, size


async def _open(roles: Roles, workflow: str) -> bool:
    described = (await roles.client.get_workflow_handle(workflow).describe()).raw_description
    return bool(described.pending_activities) or described.HasField("pending_workflow_task")


async def _activities(roles: Roles, workflow: str) -> int:
    """Activities of a conversation's present run so far, once nothing is pending."""
    while await _open(roles, workflow):  # noqa: ASYNC110 - state of a server, which sets no event
        await asyncio.sleep(0.02)
    events = roles.client.get_workflow_handle(workflow).fetch_history_events()
    return sum([event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED async for event in events])
