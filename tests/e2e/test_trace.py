"""One trace per turn over all processes, a worker's death and a retry; nothing said or secret in any of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.judging import answered_once
from tests.e2e.whole import Whole, whole
from tests.support.otlp import Receiver, SeenSpan, otlp_receiver
from workflows.contracts import Answer

KEY = "CANARYmistralkeyCANARY9sLq2mZx8"
TOKEN = "CANARYtooltokenCANARY4fWp7"
RESEARCH = "/research AAPL How loud is its zebrafinch business?"
FOLLOW_UP = "What is the 52-week range of AAPL, zebrafinch?"


@dataclass(kw_only=True)
class Traced:
    """What was received of a report during which the worker died, of a follow-up, and of the follow-up's retry."""

    whole: Whole
    receiver: Receiver
    workers: tuple[int, int]
    report: Answer
    traces: tuple[str, ...]

    def spans(self, turn: int, name: str = "", *, service: str = "") -> list[SeenSpan]:
        """Spans of a turn's trace, of one name or service if asked."""
        return [
            span
            for span in self.receiver.spans(trace=self.traces[turn])
            if name in ("", span.name) and service in ("", span.service)
        ]

    def below(self, above: SeenSpan) -> list[SeenSpan]:
        """The spans directly below one."""
        return [span for span in self.receiver.spans(trace=above.trace) if span.parent == above.id]


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, bytecode: Path) -> Iterator[Traced]:
    with (
        otlp_receiver() as receiver,
        whole(
            tmp_path_factory.mktemp("traced"),
            bytecode,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            MISTRAL_API_KEY=KEY,
            MCP_AUTH_TOKEN=TOKEN,
        ) as made,
    ):
        first = made.pid("worker")
        made.sandbox.arm(kind="hold", on="start", agent="clew-verifier")
        asking = made.terminal("ask", RESEARCH)
        made.eventually(lambda: any(span.name == "check_report" for span in receiver.spans()), "the check is told")
        made.eventually(lambda: bool(made.sandbox.steps(fault="hold@before")), "the verifier's step")
        os.kill(first, signal.SIGKILL)
        made.replaced("worker", first)
        made.sandbox.clear()
        assert asking.left() == 0
        thread, key = made.question(RESEARCH)
        chat = made.terminal("chat", "--thread", thread)
        chat.type(FOLLOW_UP)
        again = made.question(FOLLOW_UP)[1]
        report, _ = answered_once(made, thread, key, again)
        chat.type("retry")
        chat.shows("attempt 2")
        chat.end_input()
        assert chat.left() == 0

        def roots() -> list[SeenSpan]:
            return [span for span in receiver.spans() if span.name == "receive"]

        def complete() -> bool:
            ended = {span.trace for span in receiver.spans() if span.name == "end_turn"}
            return len(roots()) == 3 and ended == {root.trace for root in roots()}

        made.eventually(complete, "three traces, each to its end")
        yield Traced(
            whole=made,
            receiver=receiver,
            workers=(first, made.pid("worker")),
            report=report,
            traces=tuple(root.trace for root in roots()),
        )


def test_every_turn_of_a_thread_is_a_trace_of_its_own_under_what_the_terminal_received(traced: Traced) -> None:
    assert len(set(traced.traces)) == 3
    for turn in range(3):
        roots = [(span.service, span.name) for span in traced.spans(turn) if not span.parent]
        assert roots == [("clew-terminal", "receive")]


def test_all_activities_of_a_report_stand_below_it_in_whichever_worker_they_ran(traced: Traced) -> None:
    [root] = traced.spans(0, "receive")
    activities = [span for span in traced.below(root) if span.service == "clew-worker"]
    assert {span.name for span in activities} >= {
        "open_thread",
        "start_conversation",
        "begin_turn",
        "post_answer",
        "resolve_symbol",
        "run_step",
        "call_tool",
        "check_report",
        "compose_report",
        "finish_answer",
        "end_turn",
    }
    assert {span.process for span in activities} == set(traced.workers)
    assert {span.process for span in activities if span.name == "check_report"} == {traced.workers[0]}
    assert {span.process for span in activities if span.name == "finish_answer"} == {traced.workers[1]}


def test_the_step_that_died_with_its_worker_is_seen_again_as_its_second_try(traced: Traced) -> None:
    steps = [span for span in traced.spans(0, "run_step") if span.attributes["gen_ai.agent.name"] == "verifier"]
    assert [str(span.attributes["clew.key"]).rpartition("#")[2] for span in steps] == ["2"]


def test_every_step_holds_its_post_to_mistral_which_carries_the_trace_along(traced: Traced) -> None:
    sent = {step["traceparent"]: step for step in traced.whole.sandbox.steps()}
    for turn in range(3):
        steps = traced.spans(turn, "run_step")
        assert steps
        for step in steps:
            posts = [span for span in traced.below(step) if _path(span).startswith("/v1/conversations")]
            assert len(posts) == 1
            assert f"00-{posts[0].trace}-{posts[0].id}-01" in sent
    # The one that the dead worker never told of has the same trace.
    assert {str(parent).split("-")[1] for parent in sent} == set(traced.traces)


def test_every_tool_call_reaches_into_the_tool_server(traced: Traced) -> None:
    for turn in range(2):
        calls = traced.spans(turn, "call_tool")
        assert calls
        for call in calls:
            tool = call.attributes["gen_ai.tool.name"]
            [asked] = [span for span in traced.below(call) if span.name == f"MCP send tools/call {tool}"]
            served = [span for span in traced.below(asked) if span.service == "clew-mcp"]
            assert [span.name for span in served] == [f"tools/call {tool}"]
            [post] = [span for span in traced.below(asked) if span.service == "clew-worker"]
            assert [span.service for span in traced.below(post)] == ["clew-mcp"]


def test_steps_tell_agent_version_branch_and_tokens_and_their_sum_is_the_reports(traced: Traced) -> None:
    steps = [span.attributes for span in traced.spans(0, "run_step")]
    assert {step["gen_ai.agent.name"] for step in steps} == {
        "planner",
        "search",
        "prices",
        "fundamentals",
        "risk",
        "analyst",
        "verifier",
    }
    for step in steps:
        assert str(step["gen_ai.agent.id"]).startswith("ag_")
        assert step["gen_ai.agent.version"] == 0
        assert str(step["gen_ai.conversation.id"]).startswith("conv_")
    usage = traced.report.usage
    assert sum(step["gen_ai.usage.input_tokens"] for step in steps) == usage.prompt_tokens
    assert sum(step["gen_ai.usage.output_tokens"] for step in steps) == usage.completion_tokens
    assert sum(step["clew.usage.connector_tokens"] for step in steps) == usage.connector_tokens > 0


def test_a_retry_is_told_as_the_second_attempt_on_a_branch_of_its_own(traced: Traced) -> None:
    assert {span.attributes["clew.attempt"] for span in traced.spans(1, "finish_answer")} == {1}
    assert {span.attributes["clew.attempt"] for span in traced.spans(2, "finish_answer")} == {2}
    assert traced.spans(2, "run_step")[0].attributes["clew.step.mode"] == "restart"
    first, second = (traced.spans(turn, "run_step")[0].attributes["gen_ai.conversation.id"] for turn in (1, 2))
    assert first != second


def test_no_secret_and_nothing_that_was_said_leaves_in_a_trace(traced: Traced) -> None:
    everything = traced.receiver.everything.decode("utf-8", "replace")
    assert "clew-terminal" in everything
    for said in ("CANARY", "zebrafinch", "last close", "investment advice", "You are", "52-week"):
        assert said not in everything, said
    assert traced.report.headline not in everything
    assert traced.report.text[:40] not in everything


def test_health_checks_are_not_traced(traced: Traced) -> None:
    assert not [span for span in traced.receiver.spans() if "healthz" in str(span.attributes)]


def _path(span: SeenSpan) -> str:
    return urlsplit(str(span.attributes.get("http.url", ""))).path
