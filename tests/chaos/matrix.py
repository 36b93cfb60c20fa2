"""The directed cases: every row on its platforms, on one set that stays healthy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from tests.chaos.case import NEVER, PATIENCE, Case, Verdict
from tests.chaos.checker import Finding
from tests.chaos.rig import Rig, rig
from tests.chaos.rows import calm, clocks, deploys, discord, disks, model, posting, slack, temporal, tools
from tests.chaos.rows.table import Row
from tests.histories.collect import collect

ROWS: tuple[Row, ...] = (
    *calm.ROWS,
    *slack.ROWS,
    *discord.ROWS,
    *temporal.ROWS,
    *deploys.ROWS,
    *clocks.ROWS,
    *disks.ROWS,
    *model.ROWS,
    *tools.ROWS,
    *posting.ROWS,
)


def chosen(ids: Sequence[str], *, quick: bool) -> list[Row]:
    """The rows of these ids, or all. A family's letters, or an id without what follows its dash, stand for several."""
    named = [row for row in ROWS if not ids or any(one in _names(row) for one in ids)]
    return [row for row in named if not (quick and row.slow)]


def _names(row: Row) -> tuple[str, str, str]:
    number = row.id.partition("-")[0]
    return row.id, number, number.rstrip("0123456789")


def run_row(rig: Rig, row: Row, platform: str, *, patience: float = PATIENCE) -> Verdict:
    """One row on one platform, and what comes of it."""
    rig.ready()
    case = Case(rig, platform, patience=patience)
    try:
        try:
            row.run(case)
        except AssertionError as error:
            # Something never came true: what was asked is judged all the same.
            case.claims.append(Finding(invariant=NEVER, text=str(error)))
        return case.verdict()
    finally:
        rig.heal()


def runs(ids: Sequence[str], *, quick: bool, once: bool = False, share: str = "1/1") -> list[tuple[Row, str]]:
    """Which rows to run on which platform. `once`: each on one, in turns; `share`: the n-th of so many, as 1/2."""
    every = [
        (row, platform)
        for number, row in enumerate(chosen(ids, quick=quick))
        for platform in ([row.platforms[number % len(row.platforms)]] if once else row.platforms)
    ]
    first, of = map(int, share.split("/"))
    return every[first - 1 :: of]


def run_matrix(ids: Sequence[str], *, quick: bool, once: bool = False, share: str = "1/1", histories: int = 0) -> bool:
    """Run rows, print a line each; whether all are green and were hit.

    What proved nothing is tried once more: something was too slow to be struck. What broke an invariant is red.
    `histories`: how many of those that it made are kept, to be replayed by the tests, if their like is not kept yet.
    """
    wanted, green, began = runs(ids, quick=quick, once=once, share=share), True, time.monotonic()
    with rig() as made:
        for row, platform in wanted:
            verdict = run_row(made, row, platform)
            show(row, platform, verdict)
            if verdict.unproven:
                verdict = run_row(made, row, platform)
                show(row, platform, verdict)
            green &= not verdict.findings and not verdict.missed
        if histories:
            print(f"{asyncio.run(_keep(made, histories))} histories kept", flush=True)
    print(f"{len(wanted)} runs in {time.monotonic() - began:.0f} s: {'green' if green else 'RED'}", flush=True)
    return green and bool(wanted)


async def _keep(made: Rig, most: int) -> int:
    return await collect(await made.connected(), most=most)


def show(row: Row, platform: str, verdict: Verdict) -> None:
    """One line, and one for each finding."""
    colour = "not hit" if verdict.missed else "RED" if verdict.findings else "green"
    print(f"{row.id:14} {platform:8} {colour:8} {verdict.seconds:5.1f} s  {row.title}", flush=True)
    for what in verdict.missed:
        print(f"{'':24} never struck: {what}")
    for finding in verdict.findings:
        print(f"{'':24} {finding.invariant}: {finding.text}")
