"""C11: the disk that everything is kept on is full."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from temporalio.service import RPCError

from tests.chaos.case import Case
from tests.chaos.deploys import clew
from tests.chaos.rows.table import Rows

ROWS = Rows()

_ROOM = 96 * 1024 * 1024
"""Bytes of the disk that are left at first."""


@contextmanager
def small_disk(case: Case) -> Generator[Path]:
    """Keep everything on a disk of its own, with little room left."""
    rig = case.rig
    data_dir = rig.whole.settings.data_dir
    kept = data_dir.with_name("kept")
    _stop(case)
    data_dir.rename(kept)
    data_dir.mkdir(mode=0o700)
    size = sum(path.stat().st_size for path in kept.rglob("*") if path.is_file()) + _ROOM
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "clew-chaos", str(data_dir)], check=True)
    try:
        shutil.copytree(kept, data_dir, dirs_exist_ok=True)
        rig.start_again()
        rig.ready()
        yield data_dir
        _stop(case)
        for old in kept.glob("temporal.db*"):
            old.unlink()
        shutil.copytree(data_dir, kept, dirs_exist_ok=True)
    finally:
        subprocess.run(["umount", "--lazy", str(data_dir)], check=True)
        data_dir.rmdir()
        kept.rename(data_dir)
        rig.start_again()
        rig.ready()


def _stop(case: Case) -> None:
    run = case.rig.whole.run
    case.rig.kill_everything()
    for pid in (run.supervisor, *(part.pid for part in run.parts if part.pid)):
        case.rig.eventually_dead(pid)


def fill(disk: Path) -> Path:
    """Fill it to its last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


def takes(case: Case) -> bool:
    """Whether Temporal takes anything."""

    async def begin() -> bool:
        client = await case.rig.connected()
        try:
            await client.start_workflow(
                "Nothing", id=f"nothing:{uuid.uuid4()}", task_queue="nothing", execution_timeout=timedelta(seconds=1)
            )
        except RPCError:
            return False
        return True

    return asyncio.run(begin())


def tells_of_it(case: Case) -> bool:
    """Whether `clew doctor` says that the disk is full."""
    code, printed = clew(case.rig, "doctor")
    return code == 1 and "is full" in printed


def full(case: Case, *, killed: bool) -> None:
    """One question has been answered, one is under way, and others are asked while nothing can be kept."""
    if os.geteuid() != 0:
        case.hit("a small disk may be mounted (as root)", lambda: False)
        return
    with small_disk(case) as disk:
        first = case.ask()
        case.over(first)
        case.must("C11", not tells_of_it(case), "`clew doctor` says that a disk with room is full")
        case.step_fault(kind="hold", times=0)
        case.ask()
        case.struck()
        filler = fill(disk)
        try:
            case.rig.whole.sandbox.clear()
            asked = [case.follow(first), case.ask()]
            case.hit("Temporal takes nothing", lambda: not takes(case))
            case.struck()
            case.must("C11", tells_of_it(case), "`clew doctor` says nothing of a full disk")
            if killed:
                case.killed("temporal")
                case.struck()
            for one in asked:
                # On Discord nothing is acknowledged: what was said stands there.
                acknowledged = case.platform == "slack" and case.rig.slack.slack.acked(one.key)
                case.change(one, durable=acknowledged)
        finally:
            filler.unlink()
        case.over(*case.asked)


@ROWS.row("C11", "the disk that everything is kept on is full while people ask, and then there is room", slow=True)
def out_of_room(case: Case) -> None:
    full(case, killed=False)


@ROWS.row("C11-killed", "the disk is full, and Temporal is killed before there is room", slow=True)
def out_of_room_and_killed(case: Case) -> None:
    full(case, killed=True)
