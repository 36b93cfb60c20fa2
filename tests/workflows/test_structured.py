"""Structured outputs: strict about shape, tolerant about extras."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.structured import SCHEMAS, Plan, Report, Unusable, Verdict, parse, response_format

Json = dict[str, Any]

PLAN: Json = {"symbol": "AAPL", "company": "Apple", "objective": "Why?", "queries": ["a"], "peers": [], "focus": []}
VERDICT: Json = {"supported": True, "problems": [], "note": ""}
METRIC: Json = {"label": "Close", "value": "252.20", "as_of": "2024-12-30", "currency": "USD", "source": "Sample"}
REPORT: Json = {
    "headline": "Apple",
    "summary": "It closed at 252.20.",
    "sections": [{"title": "Price", "body": "Up."}],
    "key_metrics": [METRIC],
    "follow_ups": ["And Microsoft?"],
    "gaps": [],
}


@pytest.mark.parametrize("wrap", ["{}", "```json\n{}\n```", "```\n{}\n```", "  \n{}\n  "])
def test_a_fence_around_the_json_is_passed_over(wrap: str) -> None:
    assert parse(Plan, wrap.replace("{}", json.dumps(PLAN))).symbol == "AAPL"


def test_unknown_keys_are_passed_over_and_missing_ones_are_named() -> None:
    assert parse(Plan, json.dumps(PLAN | {"mood": "good"})).company == "Apple"
    with pytest.raises(Unusable, match="company"):
        parse(Plan, json.dumps({key: value for key, value in PLAN.items() if key != "company"}))


@pytest.mark.parametrize("text", ["", "null", "[]", "Sure! Here is the plan.", '{"symbol": "AAPL"', "```", "```json\n"])
def test_what_is_no_such_object_is_unusable(text: str) -> None:
    with pytest.raises(Unusable):
        parse(Plan, text)


def test_an_error_names_fields_and_never_what_stood_in_them() -> None:
    with pytest.raises(Unusable) as failed:
        parse(Plan, json.dumps(PLAN | {"symbol": ["canary"]}))
    assert "symbol" in str(failed.value)
    assert "canary" not in str(failed.value)


def test_lists_and_texts_that_are_too_long_are_cut() -> None:
    plan = parse(Plan, json.dumps(PLAN | {"queries": [f"q{n}" for n in range(9)], "objective": "x" * 1_000_000}))
    assert plan.queries == ["q0", "q1", "q2"]
    assert len(plan.objective) == 2_000
    problems = [{"claim": "x" * 5_000, "reason": "y" * 5_000}] * 500
    verdict = parse(Verdict, json.dumps(VERDICT | {"problems": problems})).value()
    assert len(json.dumps([problem.claim for problem in verdict.problems])) < 20_000


def test_a_number_where_a_metrics_text_belongs_is_its_text() -> None:
    report = parse(Report, json.dumps(REPORT | {"key_metrics": [METRIC | {"value": 252.2}]}))
    assert report.key_metrics[0].value == "252.2"


def test_follow_ups_that_fit_no_button_are_left_out() -> None:
    report = parse(Report, json.dumps(REPORT | {"follow_ups": ["Short?", "x" * 71, "  "]}))
    assert report.questions() == ("Short?",)


@pytest.mark.parametrize(
    ("verdict", "supported"),
    [
        ({"supported": True, "problems": []}, True),
        ({"supported": False, "problems": []}, False),
        ({"supported": True, "problems": [{"claim": "a", "reason": "b"}]}, False),
    ],
)
def test_problems_outweigh_a_word_and_a_bare_no_is_a_problem(verdict: Json, supported: bool) -> None:
    value = parse(Verdict, json.dumps(VERDICT | verdict)).value()
    assert value.supported is supported
    assert bool(value.problems) is not supported


@pytest.mark.parametrize(("name", "value"), [("Plan", PLAN), ("Report", REPORT), ("Verdict", VERDICT)])
def test_the_schema_that_is_asked_for_is_closed_and_holds_what_parses(name: str, value: Json) -> None:
    wanted = response_format(name)["json_schema"]
    assert wanted["name"] == name
    validator: Any = jsonschema.Draft202012Validator(wanted["schema"])
    validator.validate(value)
    assert parse(SCHEMAS[name], json.dumps(value))
    for key in value:
        assert not validator.is_valid({other: value[other] for other in value if other != key})
    assert not validator.is_valid(value | {"more": 1})


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*REPORT, *METRIC]), inner, max_size=6),
    max_leaves=12,
)


@given(st.sampled_from(sorted(SCHEMAS)), JSON | st.text())
def test_whatever_comes_it_parses_or_is_unusable(name: str, value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        parse(SCHEMAS[name], text)
    except Unusable:
        return
    assert isinstance(json.loads(text.strip().removeprefix("```json").strip("`\n ")), dict)
