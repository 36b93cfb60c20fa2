"""Streamed replies put together from their events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.contracts import Head, Source, ToolCall
from workflows.errors import Ambiguous
from workflows.mistral import Step
from workflows.mistral_stream import Assembly

Json = dict[str, Any]

STARTED = {"type": "conversation.response.started", "conversation_id": "conv_1"}
DONE = {"type": "conversation.response.done", "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


def put_together(*events: Json, before: Head | None = None, done: bool = True) -> Step:
    assembly = Assembly()
    for event in [STARTED, *events, *([DONE] if done else [])]:
        assembly.take(json.dumps(event))
    return assembly.completed(before)


def delta(content: object, *, entry: str = "msg_1", index: int = 0) -> Json:
    return {"type": "message.output.delta", "id": entry, "output_index": index, "content": content}


def call(arguments: object, *, entry: str = "fc_1", key: str = "call_1", name: str = "get_quote") -> Json:
    return {"type": "function.call.delta", "id": entry, "tool_call_id": key, "name": name, "arguments": arguments}


def cited(title: str = "Apple reports", url: str = "https://example.com/a") -> Json:
    return {"type": "tool_reference", "tool": "web_search", "title": title, "url": url}


def test_a_stream_without_done_is_not_complete_however_much_it_said() -> None:
    with pytest.raises(Ambiguous):
        put_together(delta("All of it."), done=False)


def test_a_fork_that_does_not_name_its_branch_is_not_complete() -> None:
    assembly = Assembly()
    for event in (delta("Text."), DONE):
        assembly.take(json.dumps(event))
    with pytest.raises(Ambiguous):
        assembly.completed(None)


def test_an_error_event_ends_it() -> None:
    with pytest.raises(Ambiguous):
        put_together({"type": "conversation.response.error", "message": "secret", "code": 3000})


def test_kinds_of_events_that_nobody_knows_yet_are_passed_over() -> None:
    step = put_together({"type": "thinking.started", "id": "th_1"}, delta([{"type": "thinking"}, "Text."]))
    assert (step.text, step.head) == ("Text.", Head(branch="conv_1", entry="msg_1"))


def test_the_head_is_the_last_entry_by_its_index_not_by_its_first_event() -> None:
    step = put_together(delta("second", entry="msg_2", index=1), delta("first", entry="msg_1", index=0))
    assert step.head.entry == "msg_2"
    assert (step.text, step.last) == ("first\n\nsecond", "second")


def test_arguments_come_in_parts_and_calls_stay_apart() -> None:
    step = put_together(
        call('{"symbol": '),
        call('"MSFT"}', entry="fc_2", key="call_2") | {"output_index": 1},
        call('"AAPL"}'),
    )
    assert step.calls == (
        ToolCall(id="call_1", name="get_quote", arguments='{"symbol": "AAPL"}'),
        ToolCall(id="call_2", name="get_quote", arguments='"MSFT"}'),
    )


def test_arguments_may_come_as_an_object() -> None:
    assert put_together(call({"symbol": "AAPL"})).calls[0].arguments == '{"symbol": "AAPL"}'


def test_citations_are_kept_once_and_stand_as_links_where_they_were_made() -> None:
    step = put_together(delta(["Apple grew", cited(), "."]), delta(cited()))
    assert step.citations == (Source(title="Apple reports", url="https://example.com/a"),)
    link = " ([Apple reports](https://example.com/a))"
    assert step.text == f"Apple grew{link}.{link}"
    assert step.last == "Apple grew."


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "https://a b", 'https://x"y', "x" * 3000])
def test_an_address_that_is_none_for_people_is_no_link(url: str) -> None:
    step = put_together(delta(["Text", cited(url=url)]))
    assert step.text == "Text"
    assert step.citations == (Source(title="Apple reports"),)


def test_a_title_cannot_break_out_of_its_link() -> None:
    step = put_together(delta(cited(title="a](https://evil.example) [b `c` <d>|" + "e" * 500)))
    assert "](https://evil" not in step.text
    assert len(step.citations[0].title) <= 200


def test_connector_tokens_count() -> None:
    assembly = Assembly()
    usage = {"prompt_tokens": 188, "completion_tokens": 55, "connector_tokens": 7112, "total_tokens": 7355}
    for event in (STARTED, delta("Text."), DONE | {"usage": usage}):
        assembly.take(json.dumps(event))
    assert assembly.completed(None).usage.total == 7355


@given(st.text(min_size=1, max_size=40), st.data())
def test_a_character_cut_in_two_by_an_event_is_whole_again(text: str, data: st.DataObject) -> None:
    units = text.encode("utf-16-le", "surrogatepass")
    at = data.draw(st.integers(0, len(units) // 2)) * 2
    parts = [part.decode("utf-16-le", "surrogatepass") for part in (units[:at], units[at:])]
    step = put_together(*(delta(part) for part in parts))
    assert step.text == step.last == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert step.text.encode()


@given(
    st.lists(
        st.one_of(
            st.builds(delta, st.one_of(st.none(), st.text(), st.integers(), st.lists(st.none())), entry=st.text()),
            st.builds(call, st.one_of(st.none(), st.text(), st.integers())),
            st.dictionaries(st.sampled_from(["type", "id", "content"]), st.one_of(st.none(), st.text(), st.integers())),
        ),
        max_size=8,
    )
)
def test_whatever_events_hold_the_reply_is_a_step_or_of_unknown_outcome(events: list[Json]) -> None:
    try:
        step = put_together(*events)
    except Ambiguous:
        return
    assert step.head.entry
