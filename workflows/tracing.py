"""One trace per turn, although a conversation is one workflow for months.

No OpenTelemetry runs in workflow code. The trace context of a person's message travels in the values: signal, workflow
state, activity argument. The worker opens an activity's span under that context, so each turn lands in its own trace.
"""

from __future__ import annotations

from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from workflows.contracts import StepOutcome, StepRequest, ToolRequest

_PROPAGATOR = TraceContextTextMapPropagator()


def traceparent() -> str:
    """The current span's W3C traceparent, or "" where nothing is traced."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent", "")


def parent_context(parent: str) -> Context | None:
    """The context of a traceparent that came with a value; None where there is none or it is malformed."""
    if not parent:
        return None
    context = _PROPAGATOR.extract({"traceparent": parent}, context=Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None


class ActivityTracing(Interceptor):
    """Worker interceptor: one span per activity attempt. Without a configured tracer it costs a few microseconds."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Wrap an activity."""
        return _ActivityTracing(next)


class _ActivityTracing(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        argument = input.args[0] if input.args else None
        parent = getattr(argument, "trace", None)
        # Without the field it is a housekeeping activity (live progress): not worth a span.
        if parent is None:
            return await super().execute_activity(input)
        tracer = trace.get_tracer("clew.activities")
        with tracer.start_as_current_span(
            activity.info().activity_type,
            context=parent_context(parent),
            kind=SpanKind.CONSUMER,
            attributes=_attributes(argument),
            # An exception's text may quote what people or vendors said: only its class is recorded.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                result = await super().execute_activity(input)
            except BaseException as error:
                _record_failure(span, error)
                raise
            _record_result(span, result)
            return result


def _attributes(argument: object) -> dict[str, str | int]:
    info = activity.info()
    found: dict[str, str | int] = {
        "temporal.workflow.id": info.workflow_id or "",
        "temporal.activity.type": info.activity_type,
        "temporal.activity.attempt": info.attempt,
        "temporal.task_queue": info.task_queue,
    }
    for name in ("key", "turn"):
        value = getattr(argument, name, None)
        if isinstance(value, str):
            found["clew.turn" if name == "turn" else "clew.key"] = value
    answer = getattr(argument, "answer", None)
    if isinstance(key := getattr(answer, "key", None), str):
        found["clew.key"] = key
    attempt = getattr(argument, "attempt", None) or getattr(answer, "attempt", None)
    if isinstance(attempt, int):
        found["clew.attempt"] = attempt
    if isinstance(argument, StepRequest):
        found["gen_ai.agent.name"] = argument.agent.role
        found["gen_ai.agent.id"] = argument.agent.agent
        found["gen_ai.agent.version"] = argument.agent.version
        found["clew.step.mode"] = argument.mode.value
        if argument.head is not None:
            found["gen_ai.conversation.id"] = argument.head.branch
        if argument.schema:
            found["clew.step.schema"] = argument.schema
    if isinstance(argument, ToolRequest):
        found["gen_ai.tool.name"] = argument.call.name
        found["gen_ai.tool.call.id"] = argument.call.id
    return found


def _record_result(span: Span, result: object) -> None:
    if not isinstance(result, StepOutcome) or not span.is_recording():
        return
    span.set_attribute("gen_ai.usage.input_tokens", result.usage.prompt_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", result.usage.completion_tokens)
    span.set_attribute("clew.usage.connector_tokens", result.usage.connector_tokens)
    span.set_attribute("clew.usage.calls", result.usage.calls)
    span.set_attribute("clew.step.tool_calls", len(result.calls))
    span.set_attribute("clew.step.partial", result.partial)
    if result.head is not None:
        span.set_attribute("gen_ai.conversation.id", result.head.branch)


def _record_failure(span: Span, error: BaseException) -> None:
    kind = error.type if isinstance(error, ApplicationError) and error.type else type(error).__name__
    span.set_attribute("error.type", kind)
    if not isinstance(error, CancelledError) and kind != "CancelledError":
        span.set_status(Status(StatusCode.ERROR, kind))
