from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from bot.redaction import Redactor
from bot.runtime import Part, lease, read_run, supervisor_alive
from bot.supervisor import FIRST_RESTART, Spec, Supervisor
from tests.bot.processes import (
    ROOT,
    alive,
    clean_environment,
    clew,
    descendants,
    end,
    eventually,
    eventually_async,
    stop_set,
    wait_for_run,
)

SLEEPER = "import signal, sys, time\nprint('ready', flush=True)\ntime.sleep(600)"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(600)"
)
CRASHER = "raise SystemExit(3)"


def spec(role: str, script: str, grace: float = 5.0) -> Spec:
    environment = clean_environment(PYTHONPATH=str(ROOT))
    return Spec(role=role, command=[sys.executable, "-c", script], environment=environment, grace=grace)


class Watched:
    """A supervisor under test, and everything it said."""

    def __init__(self, specs: Sequence[Spec], logs: Path, redactor: Redactor | None = None) -> None:
        self.lines: list[tuple[str, str]] = []
        self.changes: list[tuple[float, tuple[Part, ...]]] = []
        self.until = asyncio.Event()
        self.supervisor = Supervisor(
            specs,
            logs=logs,
            redactor=redactor or Redactor(),
            echo=lambda role, line: self.lines.append((role, line)),
            changed=lambda parts: self.changes.append((time.monotonic(), parts)),
        )

    def part(self, role: str) -> Part:
        return next(part for part in self.supervisor.parts if part.role == role)

    def ready(self, role: str) -> bool:
        return (role, "ready") in self.lines


@asynccontextmanager
async def supervised(watched: Watched) -> AsyncGenerator[Watched]:
    running = asyncio.create_task(watched.supervisor.run(watched.until))
    try:
        yield watched
    finally:
        watched.until.set()
        await running


async def test_a_killed_child_is_restarted_at_once(tmp_path: Path) -> None:
    async with supervised(Watched([spec("worker", SLEEPER)], tmp_path)) as watched:
        await eventually_async(lambda: watched.ready("worker"), "first life")
        first = watched.part("worker").pid
        killed = time.monotonic()
        os.kill(first, signal.SIGKILL)
        await eventually_async(lambda: watched.part("worker").pid not in {0, first}, "second life")
        assert watched.part("worker").restarts == 1
        back = next(at for at, parts in watched.changes if parts[0].pid not in {0, first})
        assert FIRST_RESTART <= back - killed < FIRST_RESTART + 2
    assert not alive(first)
    assert watched.part("worker").state == "stopped"


async def test_a_crash_loop_slows_down(tmp_path: Path) -> None:
    async with supervised(Watched([spec("worker", CRASHER)], tmp_path)) as watched:
        await eventually_async(lambda: watched.part("worker").restarts >= 4, "four crashes")
    waits = [line for _, line in watched.lines if "starting it again" in line][:4]
    assert [line.rpartition("in ")[2] for line in waits] == ["0.2 s", "0.4 s", "0.8 s", "1.6 s"]
    assert watched.part("worker").exit_code == 3
    assert watched.part("worker").crashes >= 4


async def test_deaths_after_a_healthy_life_are_no_crash_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.supervisor.HEALTHY_AFTER", 0.0)
    async with supervised(Watched([spec("worker", CRASHER)], tmp_path)) as watched:
        await eventually_async(lambda: watched.part("worker").restarts >= 3, "three deaths")
        assert watched.part("worker").crashes == 1


async def test_parts_stop_in_reverse_order_of_their_start(tmp_path: Path) -> None:
    specs = [spec("temporal", SLEEPER), spec("mcp", SLEEPER), spec("worker", SLEEPER)]
    async with supervised(Watched(specs, tmp_path)) as watched:
        for role in ("temporal", "mcp", "worker"):
            await eventually_async(lambda role=role: watched.ready(role), role)
        pids = [part.pid for part in watched.supervisor.parts]
    stopped = [line for _, line in watched.lines if line.startswith("stopping")]
    assert stopped == ["stopping worker", "stopping mcp", "stopping temporal"]
    assert not any(alive(pid) for pid in pids)


async def test_a_child_that_ignores_the_request_is_ended_after_its_grace(tmp_path: Path) -> None:
    async with supervised(Watched([spec("worker", STUBBORN, grace=0.3)], tmp_path)) as watched:
        await eventually_async(lambda: watched.ready("worker"), "ready")
        pid = watched.part("worker").pid
    assert not alive(pid)
    assert any("did not stop" in line for _, line in watched.lines)


async def test_a_program_that_is_not_there_is_said_and_tried_again(tmp_path: Path) -> None:
    missing = Spec(role="temporal", command=["/nowhere/temporal"], environment={})
    async with supervised(Watched([missing], tmp_path)) as watched:
        await eventually_async(lambda: watched.part("temporal").restarts >= 2, "two tries")
    assert any("could not be started" in line for _, line in watched.lines)


async def test_lines_reach_the_log_and_the_terminal_without_secrets(tmp_path: Path) -> None:
    script = "import sys\nprint('key is CANARY-known-value and xoxb-1-CANARY', flush=True)\n" + SLEEPER
    watched = Watched([spec("worker", script)], tmp_path, Redactor(["CANARY-known-value"]))
    async with supervised(watched):
        await eventually_async(lambda: watched.ready("worker"), "ready")
    log = (tmp_path / "worker.log").read_text()
    assert "key is [redacted] and [redacted]" in log
    assert "CANARY" not in log + str(watched.lines)


# --- Whole sets ------------------------------------------------------------------------------------------------------

FAMILY = """
import asyncio, json, sys
from pathlib import Path
from bot.redaction import Redactor
from bot.supervisor import Spec, Supervisor
child = "from bot.parent import die_with_supervisor\\ndie_with_supervisor()\\nimport time\\ntime.sleep(600)"
import os
specs = [Spec(role=role, command=[sys.executable, "-c", child], environment=dict(os.environ)) for role in ("a", "b")]
def changed(parts):
    print(json.dumps([part.pid for part in parts]), flush=True)
asyncio.run(Supervisor(specs, logs=Path(sys.argv[1]), redactor=Redactor(), changed=changed).run(asyncio.Event()))
"""


def test_children_die_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", FAMILY, str(tmp_path)],
        env=clean_environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
    )
    family: list[psutil.Process] = []
    try:
        assert supervisor.stdout is not None
        pids: list[int] = [0]
        while 0 in pids:
            pids = json.loads(supervisor.stdout.readline())
        family = descendants(supervisor.pid)
        assert {process.pid for process in family} == set(pids)
        supervisor.kill()
        supervisor.wait()
        eventually(lambda: not any(alive(pid) for pid in pids), "no orphan", patience=5)
    finally:
        supervisor.kill()
        supervisor.wait()
        assert supervisor.stdout is not None
        supervisor.stdout.close()
        end(family)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def one_part(data_dir: Path, **extra: str) -> dict[str, str]:
    """An environment in which a set consists of a worker alone, whose Temporal server is not there."""
    return clean_environment(
        CLEW_DATA_DIR=str(data_dir),
        TEMPORAL_ADDRESS="127.0.0.1:1",
        MCP_SERVER_URL="http://127.0.0.1:1/mcp",
        MISTRAL_SERVER_URL="http://127.0.0.1:1",
        **extra,
    )


@pytest.mark.campaign
def test_two_supervisors_at_once_are_one(data_dir: Path, tmp_path: Path) -> None:
    environment = one_part(data_dir)
    with (
        clew("up", "--detached", environment=environment, cwd=tmp_path) as first,
        clew("up", "--detached", environment=environment, cwd=tmp_path) as second,
    ):
        eventually(lambda: first.poll() is not None or second.poll() is not None, "one of them leaves")
        loser, winner = (first, second) if first.poll() is not None else (second, first)
        assert loser.returncode == 2
        assert loser.stdout is not None
        assert b"runs already" in loser.stdout.read()
        run = wait_for_run(data_dir, lambda run: bool(run.parts), "the set of the winner")
        assert run.supervisor == winner.pid
        assert winner.poll() is None


@pytest.mark.campaign
def test_a_set_that_nobody_needs_ends_by_itself(data_dir: Path, tmp_path: Path) -> None:
    environment = one_part(data_dir, CLEW_LINGER="0")
    with lease(data_dir) as held:
        assert held.take(shared=True)
        with clew("up", "--detached", "--until-idle", environment=environment, cwd=tmp_path) as process:
            wait_for_run(data_dir, lambda run: bool(run.parts), "the set")
            # Needed: two checks of the lease go by without effect.
            began = time.monotonic()
            eventually(lambda: time.monotonic() - began > 2.5 or process.poll() is not None, "two checks")
            assert process.poll() is None
            held.release()
            assert process.wait(timeout=40) == 0
    assert not (data_dir / "run.json").exists()
    assert not supervisor_alive(data_dir)


def test_a_set_whose_directory_disappears_ends_at_once(data_dir: Path, tmp_path: Path) -> None:
    with clew("up", "--detached", environment=one_part(data_dir), cwd=tmp_path) as process:
        wait_for_run(data_dir, lambda run: bool(run.parts), "the set")
        data_dir.rename(tmp_path / "gone")
        assert process.wait(timeout=40) == 0


def test_a_file_that_a_killed_supervisor_left_is_recognised_as_stale(data_dir: Path, tmp_path: Path) -> None:
    with clew("up", "--detached", environment=one_part(data_dir), cwd=tmp_path) as process:
        wait_for_run(data_dir, lambda run: bool(run.parts), "the set")
        process.kill()
        process.wait()
        assert (data_dir / "run.json").exists()
        # A part that was just being started holds the lock until it is a program of its own.
        eventually(lambda: read_run(data_dir) is None, "the lock is let go")
        assert read_run(data_dir, even_stale=True) is not None


def test_the_file_that_holds_the_token_is_for_its_owner_alone(data_dir: Path, tmp_path: Path) -> None:
    with clew("up", "--detached", environment=one_part(data_dir), cwd=tmp_path):
        run = wait_for_run(data_dir, lambda run: bool(run.parts), "the set")
        assert len(run.mcp_token) >= 32
        assert (data_dir / "run.json").stat().st_mode & 0o777 == 0o600
        assert data_dir.stat().st_mode & 0o777 == 0o700


def test_a_real_set_leaves_no_process_behind_when_its_supervisor_is_killed(data_dir: Path, tmp_path: Path) -> None:
    environment = clean_environment(CLEW_DATA_DIR=str(data_dir))
    try:
        with clew("up", environment=environment, cwd=tmp_path) as process:
            run = wait_for_run(data_dir, lambda run: len(run.parts) == 4 and all(p.pid for p in run.parts), "all parts")
            assert [part.role for part in run.parts] == ["temporal", "sandbox", "mcp", "worker"]
            temporal = run.part("temporal")
            assert temporal is not None
            eventually(lambda: psutil.Process(temporal.pid).name() == "temporal", "the server runs")
            family = descendants(process.pid)
            process.kill()
            process.wait()
            eventually(lambda: not any(alive(member.pid) for member in family), "no orphan", patience=5)
    finally:
        stop_set(data_dir)
