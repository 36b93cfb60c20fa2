from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from logfire.testing import CaptureLogfire
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.embedded import find_binary
from workflows.contracts import (
    Answer,
    AnswerState,
    Done,
    Head,
    Live,
    MessageRef,
    PinnedAgent,
    StepInputs,
    StepMode,
    StepOutcome,
    StepRequest,
    ThreadRef,
    ToolCall,
    ToolRequest,
    Usage,
)
from workflows.tracing import ActivityTracing, parent_context, traceparent

THREAD = ThreadRef(platform="terminal", workspace="local", channel="c", thread="t")
CANARY = "xoxb-canary text that a vendor said"
LIVE = Live(message=MessageRef(thread=THREAD, message="1"), answer=Answer(key="t1", state=AnswerState.WORKING))


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One turn of the test's conversation."""

    turn: str
    trace: str
    fails: bool = False


@activity.defn(name="run_step")
async def run_step(_: StepRequest) -> StepOutcome:
    with trace.get_tracer("test").start_as_current_span("POST /v1/conversations"):
        usage = Usage(prompt_tokens=11, completion_tokens=7, connector_tokens=5, calls=1)
        return StepOutcome(head=Head(branch="conv_2", entry="e"), usage=usage)


@activity.defn(name="call_tool")
async def call_tool(_: ToolRequest) -> Done:
    if activity.info().attempt == 1:
        raise ApplicationError(CANARY, type="Retriable")
    return Done()


@activity.defn(name="show_progress")
async def show_progress(_: Live) -> Done:
    return Done()


@workflow.defn(name="EntityForTracing")
class Entity:
    """An entity workflow: several turns, each with the trace context of its own message."""

    @workflow.init
    def __init__(self, turns: int) -> None:
        self._inbox: list[Question] = []

    @workflow.signal
    def receive(self, question: Question) -> None:
        self._inbox.append(question)

    @workflow.run
    async def run(self, turns: int) -> None:
        for _ in range(turns):
            await workflow.wait_condition(lambda: bool(self._inbox))
            question = self._inbox.pop(0)
            options: dict[str, Any] = {
                "start_to_close_timeout": timedelta(seconds=5),
                "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_attempts=2),
            }
            step = StepRequest(
                thread=THREAD,
                key=f"{question.turn}:1",
                agent=PinnedAgent(role="analyst", agent="ag_1", version=3),
                mode=StepMode.APPEND,
                inputs=StepInputs(),
                head=Head(branch="conv_1", entry="e"),
                trace=question.trace,
            )
            call = ToolCall(id="call_1", name="get_quote", arguments="{}")
            await workflow.execute_activity(show_progress, LIVE, **options)
            await workflow.execute_activity(run_step, step, **options)
            tool = ToolRequest(thread=THREAD, call=call, toolset="d", trace=question.trace)
            await workflow.execute_activity(call_tool, tool, **options)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    # temporalio leaves the type of one parameter open.
    async with await WorkflowEnvironment.start_local(  # pyright: ignore[reportUnknownMemberType]
        dev_server_existing_path=str(find_binary()),
        dev_server_log_level="error",
        dev_server_extra_args=["--dynamic-config-value", 'history.timerProcessorMaxTimeShift="1ms"'],
    ) as environment:
        yield environment


async def two_turns(client: Client) -> None:
    queue = f"tracing-{uuid.uuid4()}"
    tracer = trace.get_tracer("test")
    async with Worker(
        client,
        task_queue=queue,
        workflows=[Entity],
        activities=[run_step, call_tool, show_progress],
        interceptors=[ActivityTracing()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(Entity.run, 2, id=queue, task_queue=queue)
        for turn in ("t1", "t2"):
            with tracer.start_as_current_span(f"receive {turn}"):
                await handle.signal(Entity.receive, Question(turn=turn, trace=traceparent()))
        await handle.result()


def named(spans: list[ReadableSpan], name: str) -> list[ReadableSpan]:
    return [span for span in spans if span.name == name]


@pytest.mark.asyncio(loop_scope="module")
async def test_each_turn_of_an_entity_workflow_is_one_trace_under_its_own_message(
    server: WorkflowEnvironment, capfire: CaptureLogfire
) -> None:
    await two_turns(server.client)
    spans = finished(capfire)
    traces: set[int] = set()
    for turn in ("t1", "t2"):
        (received,) = named(spans, f"receive {turn}")
        assert received.context is not None
        mine = [span for span in spans if span.context and span.context.trace_id == received.context.trace_id]
        names = sorted(span.name for span in mine)
        assert names == sorted([f"receive {turn}", "run_step", "POST /v1/conversations", "call_tool", "call_tool"])
        (step,) = named(mine, "run_step")
        assert step.parent is not None
        assert step.parent.span_id == received.context.span_id
        (post,) = named(mine, "POST /v1/conversations")
        assert step.context is not None
        assert post.parent is not None
        assert post.parent.span_id == step.context.span_id
        traces.add(received.context.trace_id)
    assert len(traces) == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_a_span_says_which_agent_branch_tool_and_attempt_and_how_many_tokens(
    server: WorkflowEnvironment, capfire: CaptureLogfire
) -> None:
    await two_turns(server.client)
    step = dict(named(finished(capfire), "run_step")[0].attributes or {})
    assert step["gen_ai.agent.name"] == "analyst"
    assert step["gen_ai.agent.version"] == 3
    assert step["gen_ai.conversation.id"] == "conv_2"
    assert step["clew.step.mode"] == "append"
    assert step["clew.key"] == "t1:1"
    assert step["gen_ai.usage.input_tokens"] == 11
    assert step["gen_ai.usage.output_tokens"] == 7
    assert step["clew.usage.connector_tokens"] == 5
    tools = [dict(span.attributes or {}) for span in named(finished(capfire), "call_tool")][:2]
    assert [tool["temporal.activity.attempt"] for tool in tools] == [1, 2]
    assert tools[0]["gen_ai.tool.name"] == "get_quote"
    assert str(tools[0]["temporal.workflow.id"]).startswith("tracing-")
    assert tools[0]["temporal.task_queue"] == tools[0]["temporal.workflow.id"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_failed_attempt_names_the_class_of_the_error_and_never_its_text(
    server: WorkflowEnvironment, capfire: CaptureLogfire
) -> None:
    await two_turns(server.client)
    failed, retried = named(finished(capfire), "call_tool")[:2]
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.status.description == "Retriable"
    assert (failed.attributes or {})["error.type"] == "Retriable"
    assert not failed.events
    assert retried.status.status_code is not StatusCode.ERROR
    assert all(CANARY not in span.to_json() for span in finished(capfire))


def test_a_malformed_trace_context_is_ignored() -> None:
    assert parent_context("") is None
    assert parent_context("00-not-a-context") is None
    assert parent_context("00-" + "1" * 32 + "-" + "2" * 16 + "-01") is not None


def finished(capfire: CaptureLogfire) -> list[ReadableSpan]:
    """Spans as exported, without logfire's announcements of running ones."""
    return [
        span
        for span in capfire.exporter.exported_spans
        if (span.attributes or {}).get("logfire.span_type") != "pending_span"
    ]
