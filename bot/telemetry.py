"""Traces to Logfire, to an OTLP endpoint, to both or to neither. Nothing secret leaves.

Without a destination nothing here is called, and the OpenTelemetry API that the rest of the code uses does nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

import logfire
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import Status
from opentelemetry.util.types import AttributeValue

from bot.redaction import GONE, PATTERNS, Redactor
from bot.settings import Settings
from workflows.tracing import parent_context

PROSE = frozenset({"text", "summary", "answer", "message", "question", "headline"})
"""Attributes in which "the trading session" and "credit card stocks" are no secrets."""

_PROSE_WORDS = frozenset({"session", "credit card", "password", "cookie", "secret", "auth", "credential"})

_LAST_SECONDS = 2.0

_URLS = frozenset({"http.url", "url.full", "http.target", "url.path"})
_QUERIES = frozenset({"url.query", "http.request.header.authorization", "http.request.header.cookie"})
_MESSAGE = "logfire.msg"
_EXCEPTION_TEXT = frozenset({"exception.message", "exception.stacktrace"})
_BODIES = re.compile(r"^(gen_ai\.(input|output)\.messages|gen_ai\.system_instructions|.*\.(arguments|body)\.?.*)$")


def configure_telemetry(settings: Settings, service_name: str, *, processors: Sequence[SpanProcessor] = ()) -> bool:
    """Send traces where the settings say. False, and nothing happens, where they name no destination.

    Call it once per process. `processors` see what leaves, after redaction (tests).
    """
    if not settings.observed and not processors:
        return False
    for name in ("otel_exporter_otlp_endpoint", "otel_exporter_otlp_traces_endpoint"):
        value = getattr(settings, name)
        # They may stand in `.env`; OpenTelemetry reads its environment only.
        if value is not None:
            os.environ.setdefault(name.upper(), value)
    # What a killed process has not sent yet is lost: half a second's spans, rather than five.
    os.environ.setdefault("OTEL_BSP_SCHEDULE_DELAY", "500")
    token = settings.logfire_token
    logfire.configure(
        send_to_logfire="if-token-present",
        token=None if token is None else token.get_secret_value(),
        service_name=service_name,
        console=False,
        distributed_tracing=True,
        inspect_arguments=False,
        # First in line: it rewrites the span that all exporters behind it are given.
        additional_span_processors=[RedactingProcessor(Redactor(settings.secrets())), *processors],
        scrubbing=logfire.ScrubbingOptions(callback=keep_prose, extra_patterns=list(PATTERNS[:1] + PATTERNS[4:7])),
        # Their labels would have to be cleaned too, and every figure of interest stands in a span.
        metrics=False,
    )
    logfire.instrument_httpx(capture_all=False)
    return True


def finish_telemetry() -> None:
    """Send what was not sent yet, before a process ends that people wait for: `_LAST_SECONDS` at most."""
    logfire.shutdown(timeout_millis=int(_LAST_SECONDS * 1000))


def trace_link(traceparent: str) -> str:
    """Where people read a turn's trace, or "" where no Logfire project is known.

    Logfire tells the project's address in the background, soon after the start, and offers no other way to read it.
    """
    config = cast("Any", logfire.DEFAULT_LOGFIRE_INSTANCE.config)
    project: str | None = config._project_url  # noqa: SLF001 - see above
    traced = parent_context(traceparent)
    if not project or not project.startswith("https://") or traced is None:
        return ""
    number = trace.format_trace_id(trace.get_current_span(traced).get_span_context().trace_id)
    query = urlencode({"q": f"trace_id='{number}'"})
    return f"{project.rstrip('/')}?{query}"


def instrument_tool_server(app: Any) -> None:
    """Continue the caller's trace in the tool server. `app` is its Starlette application."""
    # Read when the instrumentation is first loaded, which is now; its function takes no such argument.
    os.environ.setdefault("OTEL_PYTHON_STARLETTE_EXCLUDED_URLS", "healthz")
    logfire.instrument_starlette(app)


def keep_prose(match: logfire.ScrubMatch) -> object:
    """Logfire replaces a whole attribute when a word of it looks suspicious; prose about markets is kept."""
    word = match.pattern_match.group(0).lower()
    return match.value if match.path[-1] in PROSE and word in _PROSE_WORDS else None


class RedactingProcessor(SpanProcessor):
    """Rewrites spans before any exporter sees them: URLs, exception text, status texts, bodies, every other string.

    Logfire's own scrubber leaves `exception.*` and URLs as they are, and knows no chat tokens. It hands one span
    object to all processors in turn, so the first one can clean it for the rest.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing has been said yet."""

    def on_end(self, span: ReadableSpan) -> None:
        """Clean a finished span in place; OpenTelemetry offers no other way between processors."""
        cleaned = cast("Any", span)
        cleaned._name = self._redactor.text(span.name)  # noqa: SLF001 - see above
        cleaned._attributes = self._attributes(span.attributes or {})  # noqa: SLF001
        cleaned._events = [  # noqa: SLF001
            Event(event.name, self._attributes(event.attributes or {}), event.timestamp) for event in span.events
        ]
        if span.status.description:
            # It is usually the exception's text; its first word is the class.
            kind = span.status.description.partition(":")[0]
            text = kind if kind.isidentifier() else GONE
            cleaned._status = Status(span.status.status_code, self._redactor.text(text))  # noqa: SLF001

    def _attributes(self, attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
        cleaned = {name: self._value(name, value) for name, value in attributes.items()}
        message = cleaned.get(_MESSAGE)
        if isinstance(message, str) and not _URLS.isdisjoint(cleaned):
            # Logfire spells out the query of a request there.
            cleaned[_MESSAGE] = message.partition("?")[0].rstrip()
        return cleaned

    def _value(self, name: str, value: AttributeValue) -> AttributeValue:
        if name in _EXCEPTION_TEXT or name in _QUERIES or _BODIES.match(name):
            return GONE
        if isinstance(value, str):
            return self._redactor.url(value) if name in _URLS else self._redactor.text(value)
        if isinstance(value, Sequence) and not isinstance(value, bytes):
            texts = [self._redactor.text(item) if isinstance(item, str) else item for item in value]
            return cast("AttributeValue", texts)
        return value
