"""`python -m tests.chaos matrix|variants|random|all`: what broke, and whether anybody was failed by it."""

from __future__ import annotations

import argparse
import sys

from tests.chaos.matrix import run_matrix


def main() -> int:
    """Run what was asked for; 1 where something is red, or proves nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("what", choices=["matrix"])
    parser.add_argument("--rows", nargs="*", default=[], help="ids of rows, or what they begin with")
    parser.add_argument("--quick", action="store_true", help="leave out the rows that wait long on purpose")
    chosen = parser.parse_args()
    return int(not run_matrix(chosen.rows, quick=chosen.quick))


if __name__ == "__main__":
    sys.exit(main())
