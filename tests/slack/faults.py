"""Faults that can be switched on: which request they meet, when they strike, and what then happens."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.slack.values import Json
from tests.support import doubles
from tests.support.doubles import Faults, Kind, Pid, When, kill

__all__ = ["Board", "Fault", "Kind", "Pid", "When", "kill"]


@dataclass(kw_only=True, slots=True)
class Fault(doubles.Fault):
    """One fault of Slack's."""

    method: str
    error: str = "internal_error"
    retry_after: int | str | None = None


class Board(Faults[Fault]):
    """The faults of one Slack."""

    def take(self, method: str, arguments: Json, *, event: str | None = None) -> Fault | None:
        """The fault that meets this, if there is one."""
        return self.first(lambda fault: fnmatchcase(method, fault.method) and fault.strikes(arguments, event))
