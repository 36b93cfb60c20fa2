"""P: writes on the chat platform that are lost, late, refused or repeated."""

from __future__ import annotations

from tests.chaos.case import Case
from tests.chaos.rows.table import Row, Rows

ROWS = Rows()


@ROWS.row("P1-drop", "a post is applied, and the connection dropped instead of its acknowledgement")
def dropped(case: Case) -> None:
    case.fault("post", "drop")
    case.ask()


@ROWS.row("P1-5xx", "a post is applied, and answered with 503")
def unavailable(case: Case) -> None:
    case.fault("post", "status", status=503)
    case.ask()


@ROWS.row("P1-edit", "the edit that shows an outcome is applied, and its acknowledgement lost")
def edit_dropped(case: Case) -> None:
    case.fault("edit", "drop", outcome=True)
    case.ask()


@ROWS.row("P2", "the worker is killed by the platform right after a post was applied")
def killed_after_post(case: Case) -> None:
    case.fault("post", "signal", role="worker")
    case.ask()


__all__ = ["ROWS", "Row"]
