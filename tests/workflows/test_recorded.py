"""Tool results cut to size, for history and for a task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workflows.activities.recorded import EVIDENCE_LIMIT, RESULT_LIMIT, as_object, evidence_json, facts_only, fitted
from workflows.blobs import FileBlobStore
from workflows.contracts import Evidence
from workflows.reports import ToolResult

Json = dict[str, Any]

STAMP: Json = {"as_of": "2024-12-30", "currency": "USD", "source": "Sample data", "symbol": "AAPL"}


def size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def result(value: Json, tool: str = "get_quote") -> ToolResult:
    return ToolResult(tool=tool, arguments={}, value=value)


def test_what_fits_is_left_as_it_is() -> None:
    assert fitted(STAMP) is STAMP


def test_a_long_list_is_shortened_and_says_so() -> None:
    cut = fitted({**STAMP, "bars": [{"date": f"d{n}", "close": n} for n in range(50_000)]})
    assert size(cut) <= RESULT_LIMIT
    assert cut["truncated"] is True
    assert cut["bars"][0] == {"date": "d0", "close": 0}
    assert STAMP.items() <= cut.items()


def test_what_cannot_be_shortened_keeps_its_stamp() -> None:
    cut = fitted({**STAMP, **{f"key{n}": n for n in range(50_000)}})
    assert size(cut) <= RESULT_LIMIT
    assert STAMP.items() <= cut.items()
    assert cut["truncated"] is True


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=2_000),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=30,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=8), st.integers(200, 4_000))
def test_every_object_is_brought_below_its_limit(value: Json, limit: int) -> None:
    cut = fitted(value, limit)
    assert size(cut) <= max(limit, size(fitted(dict.fromkeys(("as_of", "source", "note"), "x" * 9_999), 0)))
    assert cut == value or cut["truncated"] is True


@given(st.lists(st.dictionaries(st.text(max_size=8), JSON, max_size=6), max_size=12), st.integers(300, 8_000))
def test_the_evidence_of_a_task_is_an_array_below_its_limit(values: list[Json], limit: int) -> None:
    text = evidence_json([result(value) for value in values], limit)
    assert len(text.encode()) <= limit
    assert isinstance(json.loads(text), list)


def test_small_results_stay_whole_beside_a_giant_one() -> None:
    small = {**STAMP, "price": 252.2}
    giant = {**STAMP, "headlines": ["x" * 400] * 2_000}
    items = json.loads(evidence_json([result(small), result(giant, "get_news"), result(small, "get_valuation")]))
    assert [item["tool"] for item in items] == ["get_quote", "get_news", "get_valuation"]
    assert items[0]["result"] == items[2]["result"] == small
    assert size(items) <= EVIDENCE_LIMIT


@given(st.text(max_size=50))
def test_only_an_object_is_an_object(text: str) -> None:
    found = as_object(text)
    assert found is None or isinstance(json.loads(text), dict)


async def test_the_same_call_twice_is_one_result_and_errors_show_nothing(tmp_path: Path) -> None:
    blobs = FileBlobStore(tmp_path)
    kept = await blobs.put(json.dumps(STAMP).encode(), "application/json")
    calls = [
        Evidence(tool="get_quote", arguments='{"symbol": "AAPL", "n": 1}', result=kept),
        Evidence(tool="get_quote", arguments='{"n": 1, "symbol": "AAPL"}', result=kept),
        Evidence(tool="get_news", arguments="{", result=kept, error=True),
    ]
    assert [found.tool for found in await facts_only(blobs, calls)] == ["get_quote"]
