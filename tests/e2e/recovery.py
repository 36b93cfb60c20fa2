"""How long an answer takes when a process dies in its middle: `python -m tests.e2e.recovery [tries]`.

Seconds from SIGKILL to the final answer in the store, of a sandbox that thinks in no time, so beyond think time; the
kill comes while a step is held. For the terminal: until a new one shows the answer.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bot.supervisor import HEALTHY_AFTER
from tests.e2e.judging import answered_once
from tests.e2e.whole import Whole, whole

QUESTION = "What is IBM's last close?"


def rested(clew: Whole) -> None:
    """Wait until the next death counts as a first one: a crash loop is slowed down on purpose."""
    clew.ready()
    clew.eventually(
        lambda: time.time() - max(part.started for part in clew.run.parts) > HEALTHY_AFTER, "a healthy life"
    )


def struck(clew: Whole, victim: Callable[[str], int]) -> float:
    """Kill who `victim` names while a thread's step is held; seconds from there to the answer."""
    rested(clew)
    clew.sandbox.arm(kind="hold", on="start", holding="IBM")
    thread, key = clew.ask(QUESTION)
    clew.eventually(lambda: clew.sandbox.struck() == 1, "the step")
    pid = victim(thread)
    killed = time.time()
    os.kill(pid, signal.SIGKILL)
    clew.sandbox.clear()
    answered_once(clew, thread, key)
    return max(entry.time for entry in clew.store.ledger() if entry.key == key and entry.kind == "edit") - killed


def beside_another(clew: Whole) -> float:
    """Kill the worker that has the step, while another one is there."""
    extra = clew.start_worker()
    try:
        return struck(clew, clew.stepping)
    finally:
        extra.kill()
        extra.wait()


def reopened(clew: Whole) -> float:
    """Kill the terminal, and open the thread in another."""
    clew.ready()
    clew.sandbox.arm(kind="hold", on="start", holding="IBM")
    terminal = clew.terminal("ask", QUESTION)
    thread, key = clew.question(QUESTION)
    clew.eventually(lambda: clew.sandbox.struck() == 1, "the step")
    killed = time.time()
    terminal.kill()
    clew.sandbox.clear()
    chat = clew.terminal("chat", "--thread", thread)
    chat.shows("Not investment advice")
    taken = time.time() - killed
    chat.end_input()
    assert chat.left() == 0
    answered_once(clew, thread, key)
    return taken


def main() -> None:
    """Measure every case and print a table."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as directory, whole(Path(directory), Path(directory) / "bytecode") as clew:
        cases: dict[str, Callable[[], float]] = {
            "only worker": lambda: struck(clew, lambda _: clew.pid("worker")),
            "one of two workers": lambda: beside_another(clew),
            "Temporal": lambda: struck(clew, lambda _: clew.pid("temporal")),
            "tool server": lambda: struck(clew, lambda _: clew.pid("mcp")),
            "terminal": lambda: reopened(clew),
        }
        print(f"{'killed':20} {'n':>3} {'p50':>6} {'p95':>6}  all")
        for name, case in cases.items():
            taken = sorted(case() for _ in range(tries))
            last = taken[min(tries - 1, round(0.95 * (tries - 1)))]
            shown = " ".join(f"{seconds:.1f}" for seconds in taken)
            print(f"{name:20} {tries:>3} {statistics.median(taken):>6.1f} {last:>6.1f}  {shown}", flush=True)


if __name__ == "__main__":
    main()
