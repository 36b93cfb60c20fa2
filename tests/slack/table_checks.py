"""Tables and charts, whose limits lie in what their cells amount to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from tests.slack.values import Json, as_object

Add = Callable[[str, str], None]

COLUMNS, TABLE_ROWS, TABLE_CHARACTERS = 20, 100, 10_000
# Slack's changelog says 200 rows beside the header, its page 100: the smaller one holds wherever it is counted.
DATA_ROWS, DATA_CHARACTERS = 101, 20_000
POINTS, SERIES, SEGMENTS, LABEL = 20, 6, 6, 20


def check_table(add: Add, block: Json, at: str) -> None:
    """`table`: cells of raw or rich text, the empty one too."""
    rows = _rows(add, block, at)
    if len(rows) > TABLE_ROWS:
        add(f"must have at most {TABLE_ROWS} rows", f"{at}/rows")
    if sum(len(cell_text(cell)) for row in rows for cell in row) > TABLE_CHARACTERS:
        add(f"must have at most {TABLE_CHARACTERS} characters", f"{at}/rows")
    _check_cells(add, rows, frozenset({"raw_text", "rich_text"}), at)


def check_data_table(add: Add, block: Json, at: str) -> None:
    """`data_table`: a header and at least one row, each as wide as the other, without empty cells."""
    rows = _rows(add, block, at)
    if not 2 <= len(rows) <= DATA_ROWS:
        add(f"must have 2 to {DATA_ROWS} rows", f"{at}/rows")
    if len({len(row) for row in rows}) > 1:
        add("must have rows of one width", f"{at}/rows")
    if data_table_characters(block) > DATA_CHARACTERS:
        add(f"must have at most {DATA_CHARACTERS} characters", f"{at}/rows")
    if not isinstance(block.get("caption"), str) or not block["caption"]:
        add("must be more than 0 characters", f"{at}/caption")
    if not 1 <= block.get("page_size", 5) <= 100:
        add("must be between 1 and 100", f"{at}/page_size")
    _check_cells(add, rows, frozenset({"raw_text", "raw_number", "rich_text"}), at)
    for number, row in enumerate(rows):
        if any(not cell_text(cell) for cell in row):
            add("must be more than 0 characters", f"{at}/rows/{number}")


def data_table_characters(block: Json) -> int:
    """The characters of all cells."""
    rows = cast("list[list[Any]]", block.get("rows", []))
    return sum(len(cell_text(cell)) for row in rows for cell in row)


def _rows(add: Add, block: Json, at: str) -> list[list[Any]]:
    rows: Any = block.get("rows")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in cast("list[Any]", rows)):
        add("must be an array of rows", f"{at}/rows")
        return []
    found = cast("list[list[Any]]", rows)
    if any(not 1 <= len(row) <= COLUMNS for row in found):
        add(f"must have 1 to {COLUMNS} columns", f"{at}/rows")
    return found


def _check_cells(add: Add, rows: list[list[Any]], kinds: frozenset[str], at: str) -> None:
    for line, row in enumerate(rows):
        for column, each in enumerate(row):
            cell = as_object(each)
            kind = cell.get("type")
            if kind not in kinds:
                add(f"unsupported type: {kind}", f"{at}/rows/{line}/{column}")
            elif kind == "raw_number" and not isinstance(cell.get("value"), int | float):
                add("must be a number", f"{at}/rows/{line}/{column}/value")


def cell_text(part: Any) -> str:
    """All text in a cell."""
    if isinstance(part, list):
        return "".join(cell_text(each) for each in cast("list[Any]", part))
    if not isinstance(part, dict):
        return ""
    cell = cast("Json", part)
    return str(cell.get("text", "")) + cell_text(cell.get("elements"))


def check_chart(add: Add, block: Json, at: str) -> None:
    """`data_visualization`: a pie of segments, or series over categories."""
    chart = as_object(block.get("chart"))
    kind = chart.get("type")
    if kind == "pie":
        segments = cast("list[Json]", chart.get("segments", []))
        _count(add, segments, SEGMENTS, f"{at}/chart/segments")
        _labels(add, [segment.get("label") for segment in segments], f"{at}/chart/segments")
    elif kind in {"line", "bar", "area"}:
        categories = cast("list[Any]", as_object(chart.get("axis_config")).get("categories", []))
        _count(add, categories, POINTS, f"{at}/chart/axis_config/categories")
        _labels(add, categories, f"{at}/chart/axis_config/categories")
        series = cast("list[Json]", chart.get("series", []))
        _count(add, series, SERIES, f"{at}/chart/series")
        _labels(add, [each.get("name") for each in series], f"{at}/chart/series")
        for number, each in enumerate(series):
            points = cast("list[Json]", each.get("data", []))
            _count(add, points, POINTS, f"{at}/chart/series/{number}/data")
            _labels(add, [point.get("label") for point in points], f"{at}/chart/series/{number}/data")
    else:
        add(f"unsupported type: {kind}", f"{at}/chart/type")


def _count(add: Add, items: list[Any], most: int, at: str) -> None:
    if not 1 <= len(items) <= most:
        add(f"must have 1 to {most} items", at)


def _labels(add: Add, labels: list[Any], at: str) -> None:
    if any(not isinstance(label, str) or not 1 <= len(label) <= LABEL for label in labels):
        add(f"must have labels of 1 to {LABEL} characters", at)
