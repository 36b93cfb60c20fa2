"""Helpers for tests that start processes: wait on conditions, and leave nothing running."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bot.runtime import Run, read_run
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without any setting of Clew."""
    names = {name.upper() for name in Settings.model_fields} | {"CLEW_SUPERVISOR_PID"}
    return {name: value for name, value in os.environ.items() if name not in names} | extra


@contextmanager
def clew(*arguments: str, environment: Mapping[str, str], cwd: Path) -> Generator[subprocess.Popen[bytes]]:
    """A running `clew` command, killed with all its descendants at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", *arguments],
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        family = descendants(process.pid)
        if process.poll() is None:
            process.kill()
        process.wait()
        end(family)
        assert process.stdout is not None
        process.stdout.close()


def descendants(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def end(family: list[psutil.Process]) -> None:
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(family, timeout=5)


def alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def eventually(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until a condition holds; fail with its name otherwise."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.02)


async def eventually_async(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        await asyncio.sleep(0.02)


def wait_for_run(data_dir: Path, condition: Callable[[Run], bool], what: str) -> Run:
    """The running set of a directory, once it satisfies a condition."""
    found: list[Run] = []

    def look() -> bool:
        run = read_run(data_dir)
        if run is not None and condition(run):
            found.append(run)
        return bool(found)

    eventually(look, what)
    return found[0]


def stop_set(data_dir: Path) -> None:
    """Kill whatever supervises a directory, and its children."""
    run = read_run(data_dir)
    if run is None:
        return
    family = descendants(run.supervisor)
    with suppress(ProcessLookupError):
        os.kill(run.supervisor, signal.SIGKILL)
    end(family)
