"""Record histories of typical conversations: `uv run python -m tests.histories.record [scene …]`.

A release keeps the histories of the ones before it, so that a conversation of months goes on. Recorded anew they only
ought to be where no release ever ran the code that made them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.histories.files import DIRECTORY, runs_of, write
from tests.histories.scenes import SCENES
from tests.support.market import RunningMarket, running_market
from tests.support.sandbox import running_sandbox
from tests.support.stack import stack_on
from tests.support.temporal import new_namespace, temporal_process
from tests.support.wire import wire_to

_EVENTS = 150


async def record(address: str, market: RunningMarket, scene: str) -> None:
    """Play one scene in a namespace of its own and keep what Temporal remembers of it."""
    namespace = await new_namespace(address)
    with tempfile.TemporaryDirectory() as directory:
        async with (
            running_sandbox() as sandbox,
            wire_to(urlsplit(market.url).port or 0) as tools,
            stack_on(address, namespace, market, sandbox, tools, Path(directory)) as stack,
        ):
            async with stack.worker():
                workflows = await SCENES[scene](stack)
            for index, workflow in enumerate(workflows):
                number = 0
                async for history in runs_of(stack.client, workflow):
                    number += 1
                    path = write(f"{scene}-{index + 1}-{number}", history)
                    print(f"{path.name}: {len(history.events)} events, {path.stat().st_size} bytes")


def main(wanted: Sequence[str]) -> None:
    """Record the scenes that are named, or all."""
    DIRECTORY.mkdir(exist_ok=True)
    # The embedded server waits for thousands of events; ours continue as new after one or two turns of a scene.
    options = ("--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={_EVENTS}")
    with (
        temporal_process(*options) as address,
        tempfile.TemporaryDirectory() as directory,
        running_market(Path(directory)) as market,
    ):
        for scene in wanted or SCENES:
            for old in DIRECTORY.glob(f"{scene}-*.json"):
                old.unlink()
            asyncio.run(record(address, market, scene))


if __name__ == "__main__":
    main(sys.argv[1:])
