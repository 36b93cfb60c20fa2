"""What a row is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.case import Case
from tests.chaos.rig import PLATFORMS


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One case of the matrix: `id` is the matrix's, with what tells several of one id apart. `run` breaks something."""

    id: str
    title: str
    run: Callable[[Case], None]
    platforms: tuple[str, ...] = PLATFORMS
    slow: bool = False
    """It waits longer than the others, on purpose, and is left out where time is short."""


class Rows(list[Row]):
    """Rows in the order of their definition."""

    def row(
        self, ident: str, title: str, *, platforms: tuple[str, ...] = PLATFORMS, slow: bool = False
    ) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
        """Make a row of a function."""

        def made(run: Callable[[Case], None]) -> Callable[[Case], None]:
            self.append(Row(id=ident, title=title, run=run, platforms=platforms, slow=slow))
            return run

        return made
