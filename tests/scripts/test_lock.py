from __future__ import annotations

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

from packaging.markers import Marker

from scripts.lock import PYPROJECT, REQUIREMENTS, pins_of, requirements_of, with_pins


def test_pins_and_export_agree() -> None:
    pins = pins_of(PYPROJECT.read_text())
    exported = {f"{name}=={version}" for name, version, _ in requirements_of(REQUIREMENTS.read_text())}
    assert exported
    assert exported <= pins


def test_every_installed_package_is_pinned_to_what_is_installed() -> None:
    block = PYPROJECT.read_text().partition("constraint-dependencies")[2]
    pins: dict[str, str] = {}
    for name, version, marker in re.findall(r'"([\w.-]+)==([^\s";]+)(?: ; ([^"]+))?"', block):
        if not marker or Marker(marker).evaluate():
            pins[name.lower()] = version
    installed = {re.sub(r"[-_.]+", "-", str(item.metadata["Name"])).lower(): item.version for item in distributions()}
    ours = {"clew", "pip", "setuptools", "uv", "wheel"}
    assert {name: pins.get(name) for name in installed if name not in ours} == {
        name: version for name, version in installed.items() if name not in ours
    }


def test_neither_file_holds_a_registry_address() -> None:
    assert "://" not in REQUIREMENTS.read_text()
    assert "index" not in PYPROJECT.read_text().partition("[tool.uv]")[2]
    assert not any("uv.lock" in path.name for path in _tracked())


def test_pins_are_replaced_as_a_whole() -> None:
    text = with_pins(PYPROJECT.read_text(), [("numpy", "1.0", "python_version < '3.12'"), ("numpy", "2.0", "x")])
    assert pins_of(text) == {"numpy==1.0", "numpy==2.0"}
    assert "numpy==1.0 ; python_version < '3.12'" in text


def _tracked() -> list[Path]:
    import subprocess

    names = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.split()
    assert sys.version_info >= (3, 11)
    return [Path(name) for name in names]
