"""N: nothing breaks. What is found here is a fault of the product, or of the judge."""

from __future__ import annotations

from tests.chaos.case import Case
from tests.chaos.rows.table import Rows

ROWS = Rows()


@ROWS.row("N1", "two threads at once, with a follow-up each")
def side_by_side(case: Case) -> None:
    asked = [case.ask(), case.ask()]
    asked += [case.follow(one) for one in asked]
    case.over(*asked)


@ROWS.row("N2", "ten follow-ups within a moment")
def burst(case: Case) -> None:
    first = case.ask()
    case.over(first)
    for _ in range(10):
        case.follow(first)
    case.over(*case.asked)
