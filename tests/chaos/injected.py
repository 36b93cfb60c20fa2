"""What the processes of a set are made to be by files that they read as they start: another build, a wrong clock."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.bot.processes import ROOT

_SITE = Path(__file__).parent / "variants" / "injected"


class Injected:
    """A directory of such files. Whoever runs already stays what it is; the next to start reads them."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self._directory = directory

    @property
    def environment(self) -> Mapping[str, str]:
        """What lets a process read them."""
        return {"PYTHONPATH": f"{_SITE}{os.pathsep}{ROOT}", "CLEW_CHAOS_INJECTED": str(self._directory)}

    def build(self, name: str) -> None:
        """Start as this build, or as a broken variant; empty: as it is."""
        (self._directory / "build").write_text(name, "utf-8")

    def clock(self, role: str, seconds: int, library: Path) -> None:
        """Start a role with a clock that is ahead by so much, by means of libfaketime."""
        (self._directory / f"clock-{role}").write_text(f"{seconds:+}s {library}", "utf-8")

    def right(self) -> None:
        """Nothing is injected any more."""
        for file in self._directory.iterdir():
            file.unlink()


def faketime() -> Path | None:
    """The library that sets a process's clock, if it is installed."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
