"""Faults that can be switched on: which request or event they meet, when they strike, and what then happens."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.discord.values import Json
from tests.support import doubles
from tests.support.doubles import Faults, Kind, Pid, When, kill

__all__ = ["GATEWAY", "Board", "Fault", "Kind", "Pid", "When", "kill"]

GATEWAY = "gateway"


@dataclass(kw_only=True, slots=True)
class Fault(doubles.Fault):
    """One fault of Discord's."""

    route: str
    code: int = 0
    retry_after: float | None = None
    is_global: bool = False
    via: bool = True

    def addressed(self, routes: tuple[str, ...], event: str | None) -> bool:
        """Whether it means such a request, or the gateway's events."""
        if event is not None or self.route == GATEWAY:
            return event is not None and self.route == GATEWAY
        return any(fnmatchcase(route, self.route) for route in routes)


class Board(Faults[Fault]):
    """The faults of one Discord."""

    def take(self, *routes: str, arguments: Json, event: str | None = None) -> Fault | None:
        """The fault that meets this, if there is one. A route may go by several names."""
        return self.first(lambda fault: fault.addressed(routes, event) and fault.strikes(arguments, event))
