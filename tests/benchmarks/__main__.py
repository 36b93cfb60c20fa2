"""`uv run python -m tests.benchmarks`: everything from one run on one machine, as ratios where its speed matters."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.benchmarks import measures
from tests.benchmarks.asker import asking
from tests.benchmarks.floor import floor_on
from tests.benchmarks.roles import Roles, running_roles

_MIB = 1024 * 1024


async def run(*, quick: bool) -> Table:
    """Measure all of it."""
    samples, turns, each, kills = (10, 20, 1, 1) if quick else (60, 200, 3, 5)
    table = Table("measure", "value", "beside", title=_machine(), title_justify="left", expand=False)
    async with running_roles() as roles:
        path = roles.directory / "floor.sock"
        roles.start("floor", "tests.benchmarks.floor", str(roles.settings.clew_embedded_temporal), str(path))
        async with asking(roles) as asker, floor_on(roles.client, path) as floor:
            _latency(table, await measures.latency(roles, asker, floor, samples))
            roles.kill("floor")
            memory = roles.memory()
            _growth(table, *await measures.growth(roles, asker, turns))
            _throughput(table, await measures.throughput(asker, 100, each))
            _memory(table, memory, roles)
            _recovery(table, await measures.recovery(roles, asker, kills))
    return table


def _latency(table: Table, found: measures.Latency) -> None:
    total = [turn.outcome for turn in found.turns]
    beside = f"floor: {_ms(found.floor, 50)} / {_ms(found.floor, 95)}, {found.activities} activities in a row"
    table.add_row("follow-up, p50 / p95, no think time", f"{_ms(total, 50)} / {_ms(total, 95)}", beside)
    ratio = f"{_at(total, 50) / _at(found.floor, 50):.2f} / {_at(total, 95) / _at(found.floor, 95):.2f}"
    table.add_row("  as a ratio to the floor", ratio, "1.00 is Temporal alone")
    added = [ours - bare for ours, bare in zip(total, found.floor, strict=True)]
    table.add_row(
        "  added to the floor", f"{_ms(added, 50)} / {_ms(added, 95)}", "two model steps and a tool call, over HTTP"
    )
    sign = [turn.sign for turn in found.turns]
    share = f"{_at(sign, 50) / _at(total, 50):.2f} of the whole turn"
    table.add_row("first visible sign, p50 / p95", f"{_ms(sign, 50)} / {_ms(sign, 95)}", share)


def _growth(table: Table, early: measures.Growth, late: measures.Growth) -> None:
    for name in ("events", "history_bytes", "sent_bytes"):
        before, after = getattr(early, name), getattr(late, name)
        what = {
            "events": "history events a turn",
            "history_bytes": "history bytes a turn",
            "sent_bytes": "bytes sent to Mistral a follow-up",
        }
        table.add_row(
            f"{what[name]}, turn {early.turn} → {late.turn}", f"{before:,} → {after:,}", f"ratio {after / before:.2f}"
        )


def _throughput(table: Table, found: measures.Throughput) -> None:
    table.add_row(
        f"turns a second, {found.threads} threads",
        f"{found.turns / found.seconds:.1f}",
        f"{found.turns} turns, all roles on this machine",
    )


def _memory(table: Table, before: dict[str, int], roles: Roles) -> None:
    for role, now in roles.memory().items():
        table.add_row(
            f"memory of {role}", f"{now / _MIB:.0f} MiB", f"{before[role] / _MIB:.0f} MiB before growth and throughput"
        )


def _recovery(table: Table, found: Sequence[float]) -> None:
    table.add_row(
        "kill -9 of the only worker to the answer",
        f"{_at(found, 50):.1f} s, worst {max(found):.1f} s",
        f"no think time, {len(found)} kills in the middle of a step",
    )


def _at(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def _ms(values: Sequence[float], percent: int) -> str:
    return f"{_at(values, percent) * 1000:.0f} ms"


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> None:
    """Parse the command line, measure, print."""
    options = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    options.add_argument("--quick", action="store_true", help="few samples: to see that it works")
    given = options.parse_args()
    Console(soft_wrap=True, width=150).print(asyncio.run(run(quick=given.quick)))


if __name__ == "__main__":
    main()
