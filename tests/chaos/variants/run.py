"""Runs each variant's row: first as the product is, where all must be green, then broken, where it must be red."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.chaos.matrix import ROWS, run_row
from tests.chaos.rig import Rig, rig
from tests.chaos.rows.table import Row
from tests.chaos.variants.table import VARIANTS, Variant

_BROKEN = ("worker", "bot")
_PATIENCE = 25.0
"""Seconds until what a broken variant has lost counts as lost."""


def run_variants(names: Sequence[str], *, quick: bool = False) -> bool:
    """Whether all variants were found out, and nothing where nothing was broken."""
    chosen = [one for one in VARIANTS if (not names or one.name in names) and not (quick and _row(one.row).slow)]
    began, well = time.monotonic(), True
    # Catching up would find again what a too early acknowledgement lost: here the acknowledgement alone is judged.
    with rig(CLEW_CATCH_UP_HOURS="0") as made:
        for row, platform in dict.fromkeys((one.row, one.platform) for one in chosen):
            well &= _control(made, row, platform)
        for one in chosen:
            made.injected.build(one.name)
            made.ready()
            made.started_anew(*_BROKEN)
            well &= _found_out(made, one)
    print(f"{len(chosen)} variants in {time.monotonic() - began:.0f} s: {'all found out' if well else 'FAILED'}")
    return well and bool(chosen)


def _control(made: Rig, ident: str, platform: str) -> bool:
    verdict = run_row(made, _row(ident), platform)
    green = not verdict.findings and not verdict.missed
    print(f"{'as it is':20} {ident:10} {platform:8} {'green' if green else 'RED'}", flush=True)
    for finding in verdict.findings:
        print(f"{'':20} {finding.invariant}: {finding.text}")
    return green


def _found_out(made: Rig, variant: Variant) -> bool:
    verdict = run_row(made, _row(variant.row), variant.platform, patience=_PATIENCE)
    red = variant.invariant in verdict.red and not verdict.missed
    colour = "red" if red else "NOT FOUND OUT"
    by = " ".join(sorted(verdict.red))
    print(
        f"{variant.name:20} {variant.row:10} {variant.platform:8} {colour}, by {by or 'nothing'}"
        f" (meant: {variant.invariant})  {variant.title}",
        flush=True,
    )
    for what in verdict.missed:
        print(f"{'':20} never struck: {what}")
    return red


def _row(ident: str) -> Row:
    return next(row for row in ROWS if row.id == ident)
