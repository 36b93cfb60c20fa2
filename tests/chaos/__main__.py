"""`python -m tests.chaos matrix|variants|random|recovery|all`: what broke, and whether anybody was failed by it."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Callable

from tests.chaos.campaign import run_campaign
from tests.chaos.matrix import run_matrix
from tests.chaos.recovery import run_recovery
from tests.chaos.variants.run import run_variants


def main() -> int:
    """Run what was asked for; 1 where something is red, or proves nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("what", choices=["matrix", "variants", "random", "recovery", "all"])
    parser.add_argument("--rows", nargs="*", default=[], help="ids of rows, variants, or who is killed")
    parser.add_argument("--quick", action="store_true", help="leave out the rows that wait long on purpose")
    parser.add_argument("--once", action="store_true", help="run each row on one platform only, in turns")
    parser.add_argument("--share", default="1/1", help="only this share of the rows, as 1/2 and 2/2 side by side")
    parser.add_argument("--turns", type=int, default=1_000, help="questions of the random campaign")
    parser.add_argument("--seed", type=int, default=None, help="draw the same campaign again")
    parser.add_argument("--tries", type=int, default=8, help="how often each recovery is measured")
    parser.add_argument("--histories", type=int, default=0, help="keep so many of the matrix's histories for replay")
    chosen = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if chosen.seed is None else chosen.seed
    parts: dict[str, Callable[[], bool]] = {
        "matrix": lambda: run_matrix(
            chosen.rows, quick=chosen.quick, once=chosen.once, share=chosen.share, histories=chosen.histories
        ),
        "variants": lambda: run_variants(chosen.rows, quick=chosen.quick),
        "random": lambda: run_campaign(chosen.turns, seed),
        "recovery": lambda: run_recovery(chosen.rows, chosen.tries),
    }
    wanted = list(parts) if chosen.what == "all" else [chosen.what]
    # All of them are run, whatever comes of the first.
    came = [parts[name]() for name in wanted]
    return int(not all(came))


if __name__ == "__main__":
    sys.exit(main())
