"""Runs of the conformance suite and of the Inspector, and the guards against passing without having checked."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

from tests.conformance.fixtures import FIXTURES
from tests.conformance.node import Suites
from tests.conformance.serving import TOKEN

HERE = Path(__file__).parent
Spec = Literal["2025-11-25", "2026-07-28"]

SCENARIOS: dict[Spec, int] = {"2025-11-25": 33, "2026-07-28": 40}
"""How many scenarios a whole run has at least: fewer would mean that the suite left some out."""

WITHOUT_CHECKS = frozenset({"server-session-lifecycle"})
"""Scenarios that check nothing on a stateless server of the older protocol, and say passed."""

SURFACE: tuple[tuple[Spec, str], ...] = (
    ("2025-11-25", "server-initialize"),
    ("2025-11-25", "ping"),
    ("2025-11-25", "tools-list"),
    ("2025-11-25", "prompts-list"),
    ("2025-11-25", "dns-rebinding-protection"),
    ("2026-07-28", "server-stateless"),
    ("2026-07-28", "tools-list"),
    ("2026-07-28", "prompts-list"),
    ("2026-07-28", "resources-list"),
    ("2026-07-28", "dns-rebinding-protection"),
    ("2026-07-28", "caching"),
    ("2026-07-28", "http-header-validation"),
    ("2026-07-28", "sep-2164-resource-not-found"),
)


class Failed(Exception):
    """A suite found something, or checked nothing. The text says what."""


def run_whole(suites: Suites, url: str, spec: Spec, out: Path) -> str:
    """Run every scenario of a protocol version; return a line on it. Raises Failed."""
    options = ("--suite", "all", "--expected-failures", str(HERE / f"expected-{spec}.yml"))
    shown = _conformance(suites, url, spec, out, options)
    found = passed_checks(out)
    if len(found) < SCENARIOS[spec]:
        raise Failed(f"only {len(found)} scenarios ran, not {SCENARIOS[spec]}\n{shown[-3000:]}")
    empty = [name for name, count in found.items() if count == 0 and name not in WITHOUT_CHECKS]
    silent = [name for name in empty if name not in expected_failures(HERE / f"expected-{spec}.yml")]
    if silent:
        raise Failed(f"these scenarios passed without a check: {', '.join(silent)}")
    return f"{len(found)} scenarios, {sum(found.values())} checks passed"


def run_surface(suites: Suites, url: str, spec: Spec, scenario: str, out: Path) -> str:
    """Run one scenario on the real server; return a line on it. Raises Failed."""
    known = HERE / "expected-surface.yml"
    options = ["--scenario", scenario]
    if scenario in expected_failures(known):
        options += ["--expected-failures", str(known)]
    _conformance(suites, url, spec, out, options)
    count = sum(passed_checks(out).values())
    if count == 0:
        raise Failed("passed without a check")
    return f"{count} checks passed"


def _conformance(suites: Suites, url: str, spec: Spec, out: Path, options: Sequence[str]) -> str:
    command = [*suites.conformance, "server", "--url", url, "--spec-version", spec, "-o", str(out), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    if done.returncode != 0:
        raise Failed((done.stdout + done.stderr)[-3000:])
    return done.stdout


def passed_checks(out: Path) -> dict[str, int]:
    """How many checks of each scenario passed, from the files that the suite writes."""
    found: dict[str, int] = {}
    for file in out.rglob("checks.json"):
        checks = cast("list[dict[str, Any]]", json.loads(file.read_text("utf-8")))
        found[_scenario_of(file.parent.name)] = sum(check["status"] == "SUCCESS" for check in checks)
    return found


def _scenario_of(folder: str) -> str:
    """Cut `server-` off a folder's name, and the instant at its end."""
    return re.sub(r"-\d{4}-\d\d-\d\dT[\d-]+Z$", "", folder).removeprefix("server-")


def expected_failures(file: Path) -> frozenset[str]:
    """The scenarios that a baseline names."""
    lines = (line.strip() for line in file.read_text("utf-8").splitlines())
    return frozenset(line.removeprefix("- ").split(" #")[0] for line in lines if line.startswith("- "))


def inspect(suites: Suites, url: str, method: str, *options: str, token: str | None = TOKEN) -> dict[str, Any]:
    """Ask the server by the Inspector's command line; return its answer. Raises Failed."""
    header = () if token is None else ("--header", f"Authorization: Bearer {token}")
    command = [*suites.inspector, url, "--transport", "http", "--method", method, *options, *header]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise Failed(f"exit code {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return cast("dict[str, Any]", json.loads(done.stdout))


def require_fixtures(suites: Suites, url: str) -> str:
    """Make sure that the fixtures are there: some scenarios pass without their tool, on its error's text."""
    names = {tool["name"] for tool in inspect(suites, url, "tools/list")["tools"]}
    if not names >= FIXTURES:
        raise Failed(f"fixtures are missing: {', '.join(sorted(FIXTURES - names))}")
    return f"{len(names)} tools, fixtures among them"
