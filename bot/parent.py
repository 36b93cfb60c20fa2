"""A supervised process dies with its supervisor, so that no orphan keeps a port or a database file."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

SUPERVISOR_PID = "CLEW_SUPERVISOR_PID"
"""Environment variable by which a supervisor tells a child whom to live with."""

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.5


def supervisor_pid() -> int | None:
    """The supervisor's process id, or None for a process that somebody started by hand."""
    text = os.environ.get(SUPERVISOR_PID, "")
    return int(text) if text.isdigit() else None


def die_with_supervisor() -> bool:
    """Arrange for this process to be killed when its supervisor dies. A no-op without one.

    Returns True if the arrangement outlives `exec` (Linux), False if it needs this process to stay (a thread).
    """
    parent = supervisor_pid()
    if parent is None:
        return True
    survives_exec = sys.platform == "linux" and _set_death_signal()
    if not survives_exec:
        threading.Thread(target=_watch, args=(parent,), name="supervisor-watch", daemon=True).start()
    # It may have died before the arrangement stood.
    if os.getppid() != parent:
        os._exit(1)
    return survives_exec


def _set_death_signal() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os._exit(1)
