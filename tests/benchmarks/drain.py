"""`uv run python -m tests.benchmarks.drain`: how long what waits needs, once Temporal is there again.

People ask on Slack and Discord, each in a thread of their own, while Temporal is stopped. Then it goes on. Ends with 1
where a question has no outcome within `BOUND`, or where nothing had to wait. R13.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.chaos.case import Case
from tests.chaos.rig import PLATFORMS, rig

BOUND = 120.0
"""Seconds after Temporal is back."""

LOOK_EVERY = 1.0


def drain(events: int, away: float, bound: float) -> tuple[float, int, int]:
    """Seconds until the last outcome, how many had one by then, and how many had one before Temporal was back."""
    with rig() as made:
        cases = [Case(made, platform, patience=bound) for platform in PLATFORMS]
        for case in cases:
            case.over(case.ask())
        began = time.monotonic()
        with made.stopped("temporal"):
            for number in range(events):
                case = cases[number % len(cases)]
                case.ask()
                # Evenly, over the time that it is away.
                time.sleep(max(0.0, began + away * (number + 1) / events - time.monotonic()))
            early = sum(case.is_over(one) for case in cases for one in case.asked[1:])
        back = time.monotonic()
        waiting = {one.key: (case, one) for case in cases for one in case.asked[1:]}
        while waiting and time.monotonic() < back + bound:
            time.sleep(LOOK_EVERY)
            waiting = {key: (case, one) for key, (case, one) in waiting.items() if not case.is_over(one)}
        seconds = time.monotonic() - back
        return seconds, events - len(waiting), early


def main() -> int:
    """Parse the command line, measure, print."""
    options = argparse.ArgumentParser(prog="tests.benchmarks.drain", description=__doc__)
    options.add_argument("--events", type=int, default=300)
    options.add_argument("--away", type=float, default=300.0, help="seconds")
    options.add_argument("--bound", type=float, default=BOUND, help="seconds, where the machine has other work")
    given = options.parse_args()
    seconds, over, early = drain(given.events, given.away, given.bound)
    print(f"{over} of {given.events} questions have their outcome {seconds:.0f} s after Temporal was back")
    print(f"{early} had it before: {'nothing waited' if early == given.events else 'the others waited'}")
    return int(over < given.events or early == given.events)


if __name__ == "__main__":
    sys.exit(main())
