"""`uv run python -m tests.benchmarks.memory`: what each role's memory grows by a turn, as a line through many samples.

Askers in ten threads ask again as soon as they are answered. The first turns are a warm-up that does not count. With
`--each`, threads end: what a worker keeps of them, up to `policies.CACHED` conversations, counts then too. The
stand-in for Mistral and Temporal's own server are measured too, but only Clew's roles are judged. Ends with 1 where one
grows by more than `GROWTH` or is larger than `LARGEST`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from tests.benchmarks.asker import Asker, asking
from tests.benchmarks.measures import QUESTION
from tests.benchmarks.roles import Roles, running_roles

MIB = 1024 * 1024

GROWTH = 1 * MIB
"""Bytes in a thousand turns, at the most."""

LARGEST = 250 * MIB

JUDGED = ("worker", "mcp")

THREADS = 10
SAMPLE_EVERY = 10
Samples = Mapping[str, Sequence[tuple[int, int]]]
"""Turns answered so far, and resident bytes, by role."""


async def grow(roles: Roles, asker: Asker, turns: int, each: int) -> Samples:
    """Ask so many questions, and look now and then; `each`: how many in a thread."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    answered = 0

    async def person() -> None:
        nonlocal answered
        thread, own = asker.thread(), 0
        while answered < turns:
            await asker.ask(thread, QUESTION)
            answered, own = answered + 1, own + 1
            if answered % SAMPLE_EVERY == 0:
                for role, size in roles.memory().items():
                    found[role].append((answered, size))
            if own % each == 0:
                thread = asker.thread()

    await asyncio.gather(*(person() for _ in range(THREADS)))
    return found


def slope(samples: Sequence[tuple[int, int]]) -> float:
    """Bytes a turn."""
    turns, sizes = zip(*samples, strict=True)
    return statistics.linear_regression(turns, sizes).slope


async def run(turns: int, warm_up: int, each: int) -> tuple[Table, bool]:
    """Measure; whether all roles that are judged stay within both limits."""
    async with running_roles() as roles, asking(roles) as asker:
        samples = await grow(roles, asker, warm_up + turns, each)
    table = Table("role", "bytes a turn", "MiB in 1,000 turns", "MiB, largest", "judged")
    well = True
    for role, all_of_it in samples.items():
        counted = [sample for sample in all_of_it if sample[0] > warm_up]
        by_turn, largest = slope(counted), max(size for _, size in counted)
        good = by_turn * 1_000 <= GROWTH and largest <= LARGEST
        well &= good or role not in JUDGED
        judged = ("ok" if good else "TOO MUCH") if role in JUDGED else "-"
        table.add_row(role, f"{by_turn:,.0f}", f"{by_turn * 1_000 / MIB:.2f}", f"{largest / MIB:.0f}", judged)
    table.title = f"{turns:,} turns after a warm-up of {warm_up:,}"
    return table, well


def main() -> int:
    """Parse the command line, measure, print."""
    options = argparse.ArgumentParser(prog="tests.benchmarks.memory", description=__doc__)
    options.add_argument("--turns", type=int, default=1_500)
    options.add_argument("--warm-up", type=int, default=500)
    options.add_argument("--each", type=int, default=1_000_000, help="turns of a thread, then another one is opened")
    given = options.parse_args()
    table, well = asyncio.run(run(given.turns, given.warm_up, given.each))
    Console(soft_wrap=True, width=120).print(table)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
