"""Text of an answer that was stopped in the middle."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering import split_answer
from bot.unfinished import closed
from workflows.chat import Capabilities
from workflows.contracts import Answer, AnswerState

CAPABILITIES = Capabilities(part_limit=200, edit_interval=1, posts_per_second=1, settle=0)


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("_Sandbox answer: written by rules, no", "_Sandbox answer: written by rules, no_"),
        ("A **bold wor", "A **bold wor**"),
        ("A **bold word*", "A **bold word**"),
        ("Both ***at onc", "Both ***at onc***"),
        ("An *outer **inner", "An *outer **inner***"),
        ("An _outer **inner", "An _outer **inner**_"),
        ("Ends **", "Ends"),
        ("Ends **in *", "Ends **in**"),
        ("Call `get_quo", "Call `get_quo`"),
        ("Call ``a ` b", "Call ``a ` b``"),
        ("Call `", "Call"),
        ("See **`co", "See **`co`**"),
        ("See [the filing](https://exa", "See the filing"),
        ("See **[the filing](https://exa", "See **the filing**"),
        ("One.\n\n##", "One."),
        ("One.\n\n- two\n-", "One.\n\n- two"),
        ("- **Price:** 3\n- **Vol", "- **Price:** 3\n- **Vol**"),
    ],
)
def test_what_is_open_is_closed_or_dropped(broken: str, whole: str) -> None:
    assert closed(broken) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain.",
        "A **bold** word, an _italic_ one, `code` and [a link](https://example.com/a_b).",
        "snake_case_name and 2 * 3 * 4",
        "* a list\n* of two",
        r"\*no emphasis",
        "- **Price:** 3",
        "| A | B |\n|---|---|\n| 1 | 2",
        "_open long ago_ and **\n\nnot any more",
        "```python\nx = a_b * '`",
    ],
)
def test_what_is_whole_or_a_fence_is_left_as_it_is(text: str) -> None:
    assert closed(text) == text


@given(st.text(alphabet="ab *_`[]()\\\n#-", max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_at_all_can_be_closed_and_nothing_but_marks_changes(text: str) -> None:
    assert closed(text).translate(str.maketrans("", "", "*_`[]()\\#- \n")) in text.translate(
        str.maketrans("", "", "*_`[]()\\#- \n")
    )


def test_a_stopped_answer_is_shown_closed_and_any_other_as_it_is() -> None:
    stopped = Answer(key="m1", state=AnswerState.STOPPED, text="_Written by rules, no")
    [part] = split_answer(stopped, CAPABILITIES)
    assert part.text == "_Written by rules, no_"
    final = Answer(key="m1", state=AnswerState.FINAL, text="_Written by rules, no")
    assert split_answer(final, CAPABILITIES)[0].text == final.text
    fenced = Answer(key="m1", state=AnswerState.STOPPED, text="Run:\n\n```python\nx = 1")
    assert split_answer(fenced, CAPABILITIES)[0].text == "Run:\n\n```python\nx = 1\n```"
