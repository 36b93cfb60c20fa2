"""The floor: a bare workflow on the same server, one signal and as many activities in a row as a turn makes.

`python -m tests.benchmarks.floor ADDRESS SOCKET` is its worker; the last activity tells the time through the socket.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

QUEUE = "floor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """One signal: so many activities, the last of which tells that errand `number` is done."""

    number: int
    activities: int


@workflow.defn(name="FloorWorkflow")
class FloorWorkflow:
    """An entity that does nothing but what its signals cost."""

    @workflow.init
    def __init__(self) -> None:
        self._waiting: list[Errand] = []

    @workflow.run
    async def run(self) -> None:
        """Run errands for ever."""
        while True:
            await workflow.wait_condition(lambda: bool(self._waiting))
            errand = self._waiting.pop(0)
            for _ in range(errand.activities - 1):
                await workflow.execute_activity(nothing, errand, start_to_close_timeout=timedelta(seconds=10))
            await workflow.execute_activity("tell", errand, start_to_close_timeout=timedelta(seconds=10))

    @workflow.signal
    def send(self, errand: Errand) -> None:
        """One more errand."""
        self._waiting.append(errand)


@activity.defn(name="nothing")
async def nothing(errand: Errand) -> None:
    """Do nothing."""


class Teller:
    """Tells the time of each errand's end."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._path = path

    @activity.defn(name="tell")
    async def tell(self, errand: Errand) -> None:
        """Send the errand's number and the time."""
        self._socket.sendto(f"{errand.number} {time.time()}".encode(), self._path)


class Floor:
    """The client's side: `errand` gives the seconds from signal to last activity."""

    def __init__(self, handle: WorkflowHandle[FloorWorkflow, None], told: socket.socket) -> None:
        self._handle = handle
        self._told = told
        self._number = 0

    async def errand(self, activities: int) -> float:
        """Send one errand and wait for its end."""
        self._number += 1
        began = time.time()
        await self._handle.signal(FloorWorkflow.send, Errand(number=self._number, activities=activities))
        while True:
            number, moment = (await asyncio.get_running_loop().sock_recv(self._told, 100)).decode().split()
            if int(number) == self._number:
                return float(moment) - began


@asynccontextmanager
async def floor_on(client: Client, path: Path) -> AsyncGenerator[Floor]:
    """A running floor. Its worker has to be started apart, with the same path."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(path))
        told.setblocking(False)
        handle = await client.start_workflow(FloorWorkflow.run, id="floor", task_queue=QUEUE)
        yield Floor(handle, told)
        await handle.terminate()


async def main(address: str, path: str) -> None:
    """Be the worker."""
    client = await Client.connect(address)
    await Worker(client, task_queue=QUEUE, workflows=[FloorWorkflow], activities=[nothing, Teller(path).tell]).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
