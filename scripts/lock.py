"""Renew the pins: `uv run scripts/lock.py`.

Resolves the whole tree anew, then writes it down twice without any registry address: as exact
`constraint-dependencies` in pyproject.toml (what `uv sync` obeys) and as requirements.lock, an export with hashes
(what image builds install). `uv.lock` itself stays out of git.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
REQUIREMENTS = ROOT / "requirements.lock"
BEGIN, END = "# pins: begin (scripts/lock.py writes them)", "# pins: end"


def pins_of(pyproject: str) -> set[str]:
    """Every pin in a pyproject.toml's text, `name==version`."""
    _, _, rest = pyproject.partition(BEGIN)
    block, _, _ = rest.partition(END)
    return set(re.findall(r'"([A-Za-z0-9_.-]+==[^\s";]+)', block))


def requirements_of(lock: str) -> list[tuple[str, str, str]]:
    """Name, version and marker (perhaps empty) of every requirement in an export's text."""
    return re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)(?: ; ([^\n\\]*[^\s\\]))?", lock, flags=re.MULTILINE)


def with_pins(pyproject: str, requirements: list[tuple[str, str, str]]) -> str:
    """The text of pyproject.toml with these pins in place of the old ones."""
    head, marker, rest = pyproject.partition(BEGIN)
    if not marker:
        sys.exit(f"pyproject.toml lacks the line: {BEGIN}")
    tail = rest.partition(END)[2]
    count = Counter(name for name, _, _ in requirements)
    lines = [
        # A package that has one version everywhere is pinned without conditions.
        f"{name}=={version}" + (f" ; {condition}" if count[name] > 1 else "")
        for name, version, condition in requirements
    ]
    quoted = "".join(f'    "{line}",\n' for line in sorted(lines))
    block = f"constraint-dependencies = [\n{quoted}]\n" if lines else ""
    return f"{head}{BEGIN}\n{block}{END}{tail}"


def main() -> None:
    """Resolve, export, pin."""
    text = PYPROJECT.read_text()
    PYPROJECT.write_text(with_pins(text, []))
    try:
        subprocess.run(["uv", "lock", "--quiet", "--upgrade"], cwd=ROOT, check=True)
        everything = _export("--all-groups", "--no-hashes")
        runtime = _export("--no-dev")
    except BaseException:
        PYPROJECT.write_text(text)
        raise
    PYPROJECT.write_text(with_pins(text, requirements_of(everything)))
    REQUIREMENTS.write_text(runtime)
    subprocess.run(["uv", "lock", "--quiet"], cwd=ROOT, check=True)


def _export(*options: str) -> str:
    command = ["uv", "export", "--quiet", "--no-header", "--no-emit-project", "--no-annotate", *options]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
