"""The command line as a process: what it says, and with which exit code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from bot.cli import app
from bot.runtime import free_port
from tests.bot.processes import ROOT, clean_environment

HEAVY = ("temporalio", "mistralai", "mcp", "yfinance", "pandas", "matplotlib", "logfire")


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        env=clean_environment(PYTHONPATH=str(ROOT), CLEW_DATA_DIR=str(cwd / "data"), **environment),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom bot.cli import main\nsys.argv = ['clew', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    environment = clean_environment(PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "doctor" in done.stdout
    assert done.stdout.rstrip().endswith("LOADED []")


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["ask"], ["mcp", "--port", "many"]])
def test_a_wrong_command_line_ends_with_2(arguments: list[str], tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Usage" in done.stdout + done.stderr


OTHERS = ("bot", "mcp", "sandbox", "temporal", "up", "status", "chat", "doctor")


@pytest.mark.parametrize(
    "role", ["worker", "ask", *(pytest.param(name, marks=pytest.mark.campaign) for name in OTHERS)]
)
def test_a_placeholder_secret_is_refused_by_name_before_anything_starts(role: str, tmp_path: Path) -> None:
    arguments = (role, "question") if role == "ask" else (role,)
    done = run(*arguments, cwd=tmp_path, SLACK_BOT_TOKEN="xoxb-your-token")
    said = done.stdout + done.stderr
    assert done.returncode == (1 if role == "doctor" else 2)
    assert "SLACK_BOT_TOKEN holds a placeholder" in said
    assert "xoxb-your-token" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "arguments", [["status"], pytest.param(["ask", "Is NVDA expensive?"], marks=pytest.mark.campaign)]
)
def test_a_temporal_server_that_is_down_is_one_plain_sentence(arguments: list[str], tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    done = run(*arguments, cwd=tmp_path, TEMPORAL_ADDRESS=address)
    assert done.returncode == 2
    assert done.stderr.startswith(f"clew: Temporal at {address} cannot be reached.")
    assert ("The question is kept" in done.stderr) == (arguments[0] == "ask")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"]])
def test_status_where_nothing_runs_says_so_and_waits_for_no_server(arguments: list[str], tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path, CLEW_EMBEDDED_TEMPORAL=f"127.0.0.1:{free_port()}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "clew: Nothing runs here; `clew ask`, `clew chat` or `clew up` start it.\n"


def test_a_worker_without_a_tool_token_says_so_and_ends(tmp_path: Path) -> None:
    done = run("worker", cwd=tmp_path, MISTRAL_API_KEY="kT9sLq2mZx8", TEMPORAL_ADDRESS="127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "MCP_AUTH_TOKEN is not set" in done.stderr


def test_down_where_nothing_runs_is_no_failure(tmp_path: Path) -> None:
    done = run("down", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Nothing runs here.\n")


def container_commands() -> list[list[str]]:
    """Every `clew` command line in compose.yaml and the Dockerfile; their lists are written in one line each."""
    text = (ROOT / "compose.yaml").read_text()
    found = re.findall(r"^    command: \[(.*)\]$", text, re.MULTILINE)
    found += re.findall(r"^      test: \[CMD, clew, (.*)\]$", text, re.MULTILINE)
    found += re.findall(r"^CMD \[(.*)\]$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return [[part.strip().strip('"') for part in line.split(",")] for line in found]


def test_every_command_line_in_the_container_files_exists() -> None:
    lines = container_commands()
    assert [line[0] for line in lines] == ["temporal", "mcp", "worker", "bot", "status", "status", "up"]
    group: Any = get_command(app)
    for line in lines:
        name, command, rest = group.resolve_command(group.make_context("clew", ["version"]), list(line))
        assert command.make_context(name, rest).args == [], line
