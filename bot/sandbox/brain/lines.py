"""Small parts of what results are told in: bullet points, and reading lists and objects that may be missing."""

from __future__ import annotations

from typing import Any, cast

from bot.sandbox.brain.figures import day

Json = dict[str, Any]
Lines = list[str]


def items(value: object) -> list[Json]:
    """The objects of a list; empty for anything else."""
    if not isinstance(value, list):
        return []
    return [cast("Json", item) for item in cast("list[object]", value) if isinstance(item, dict)]


def fact(label: str, value: str) -> str:
    """A bullet point, or nothing where there is no value."""
    return f"- **{label}:** {value}" if value else ""


def with_change(value: str, change: str) -> str:
    """`value (change)`, or what there is of it."""
    return f"{value} ({change})" if value and change else value or change


def statistics(value: Json) -> Json:
    """The statistics of a price history; empty if there are none."""
    found: object = value.get("statistics")
    return cast("Json", found) if isinstance(found, dict) else {}


def on_day(figure: str, date: object) -> str:
    """`figure on date`, or the figure alone where the day is not known."""
    return f"{figure} on {day(date)}" if figure and day(date) else figure


def values_of(row: Json) -> Json:
    """The values of a statement's row, by period; empty if there are none."""
    found: object = row.get("values")
    return cast("Json", found) if isinstance(found, dict) else {}
