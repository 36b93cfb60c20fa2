from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import httpx2
import logfire
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.redaction import Redactor
from bot.settings import Settings, load_settings
from bot.telemetry import configure_telemetry, trace_link
from tests.bot.processes import eventually
from tests.support.otlp import PROJECT, Receiver, otlp_receiver

BOT_TOKEN = "xoxb-4711-4712-CANARYslackCANARY"
APP_TOKEN = "xapp-1-A0-4711-CANARYappCANARY"
DISCORD_TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.CANARYdiscordCANARYdiscord"
MISTRAL_KEY = "CANARYmistralkeyCANARY9sLq2mZx8"
CRUMB = "CANARYcrumb.4711"
CANARIES = [BOT_TOKEN, APP_TOKEN, DISCORD_TOKEN, MISTRAL_KEY, CRUMB, "CANARY"]


@pytest.fixture
def sink() -> Iterator[Receiver]:
    with otlp_receiver() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def ended(sink: Receiver) -> Iterator[None]:  # noqa: ARG001 - it has to end before its receiver does
    """Nothing goes on exporting once the receiver is gone."""
    yield
    logfire.shutdown()


@pytest.fixture
def settings(sink: Receiver, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url)
    for name, value in (("SLACK_BOT_TOKEN", BOT_TOKEN), ("MISTRAL_API_KEY", MISTRAL_KEY)):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LOGFIRE_TOKEN", raising=False)
    return load_settings(_env_file=None)


def test_no_secret_reaches_an_exporter_in_any_field_of_a_span(sink: Receiver, settings: Settings) -> None:
    memory = InMemorySpanExporter()
    assert configure_telemetry(settings, "clew-test", processors=[SimpleSpanProcessor(memory)])
    tracer = trace.get_tracer("test")
    with (
        suppress(RuntimeError),
        tracer.start_as_current_span(f"post with {BOT_TOKEN}", attributes={"exception.message": MISTRAL_KEY}) as span,
    ):
        span.set_attribute("url.full", f"https://query2.finance.yahoo.com/v8/chart/NVDA?crumb={CRUMB}&range=1d")
        span.set_attribute("http.url", f"https://discord.com/api/webhooks/123/{MISTRAL_KEY}/messages/@original")
        span.set_attribute("headers", [f"Authorization: Bearer {MISTRAL_KEY}", f"token={APP_TOKEN}"])
        span.set_attribute("payload", f'{{"bot_token": "{DISCORD_TOKEN}", "authorization": "Bot {DISCORD_TOKEN}"}}')
        span.set_attribute("gen_ai.input.messages", f"the prompt, with {CRUMB}")
        span.add_event("said", {"text": f"use {APP_TOKEN}"})
        raise RuntimeError(f"refused: {BOT_TOKEN} {CRUMB}")
    # The real client, with the secret in the header and in the address.
    with suppress(httpx2.HTTPError), httpx2.Client() as client:
        client.get(f"{sink.url}/v1/crumb?crumb={CRUMB}", headers={"Authorization": f"Bearer {MISTRAL_KEY}"})
    logfire.force_flush()
    exported = sink.everything
    assert b"clew-test" in exported
    assert b"/v8/chart/NVDA" in exported
    assert b"RuntimeError" in exported
    spans = memory.get_finished_spans()
    assert any(span.name.startswith("GET") for span in spans)
    everything = exported.decode(errors="replace") + "".join(span.to_json() for span in spans)
    for canary in CANARIES:
        assert canary not in everything, canary


def test_prose_about_markets_is_kept(settings: Settings) -> None:
    memory = InMemorySpanExporter()
    configure_telemetry(settings, "clew-test", processors=[SimpleSpanProcessor(memory)])
    prose = "NVDA closed the trading session higher; credit card stocks and password managers fell."
    with trace.get_tracer("test").start_as_current_span("answer", attributes={"text": prose}):
        pass
    (span,) = memory.get_finished_spans()
    assert (span.attributes or {})["text"] == prose


def test_an_otlp_endpoint_needs_no_logfire_token(sink: Receiver, settings: Settings) -> None:
    configure_telemetry(settings, "clew-test")
    with trace.get_tracer("test").start_as_current_span("something"):
        pass
    logfire.force_flush()
    assert "/v1/traces" in sink.paths


def test_an_answer_links_to_its_trace_once_logfire_has_named_the_project(
    sink: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    monkeypatch.setenv("LOGFIRE_BASE_URL", sink.url)
    monkeypatch.setenv("LOGFIRE_TOKEN", "pylf_v1_us_CANARYlogfiretokenCANARY")
    configure_telemetry(load_settings(_env_file=None), "clew-test")
    eventually(lambda: bool(trace_link(parent)), "the project is known")
    assert trace_link(parent) == f"{PROJECT}?q=trace_id%3D%270123456789abcdef0123456789abcdef%27"
    assert not trace_link("")


def test_without_a_logfire_project_there_is_no_link(settings: Settings) -> None:
    configure_telemetry(settings, "clew-test")
    assert not trace_link("00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")


def test_without_a_destination_nothing_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGFIRE_TOKEN", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert not configure_telemetry(load_settings(_env_file=None), "clew-test")


@pytest.mark.parametrize(
    "text",
    [
        f"token {BOT_TOKEN} was revoked",
        f"https://x/y?crumb={CRUMB}&a=1",
        f"Authorization: Bearer {MISTRAL_KEY}",
        f"{{'authorization': 'Bot {DISCORD_TOKEN}'}}",
        f"api_key={MISTRAL_KEY}",
        f"https://user:{MISTRAL_KEY}@host/",
        f"connected as {DISCORD_TOKEN}",
    ],
)
def test_a_secret_is_recognised_by_its_shape_alone(text: str) -> None:
    redacted = Redactor().text(text)
    assert not any(canary in redacted for canary in CANARIES)


def test_ordinary_text_passes_the_redactor_unchanged() -> None:
    text = "Key metrics: P/E 45.2, revenue 130.5 billion USD; session high 189.10. conversation:slack:T1:C1:1700.1"
    assert Redactor(["a-secret-value"]).text(text) == text
