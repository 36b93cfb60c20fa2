"""A loopback receiver of OTLP over HTTP: it keeps the bytes it was sent, and reads the spans in them."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

PROJECT = "https://logfire.example/org/project"
"""The project that Logfire would name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenSpan:
    """A span as it was exported. Ids in hexadecimal; `failed` and `problem` are its status; times in nanoseconds."""

    service: str
    process: int
    name: str
    trace: str
    id: str
    parent: str
    began: int
    ended: int
    failed: bool
    problem: str
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])


class Receiver:
    """What was received so far, at `url`."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def spans(self, *, trace: str = "") -> list[SeenSpan]:
        """Every span so far, by the time it began, of one trace if asked."""
        found: list[SeenSpan] = []
        for path, body in zip(list(self.paths), list(self.bodies), strict=False):
            if path.endswith("/v1/traces"):
                found += _spans(ExportTraceServiceRequest.FromString(body))
        return sorted((span for span in found if trace in ("", span.trace)), key=lambda span: span.began)

    @property
    def everything(self) -> bytes:
        """All bytes that were sent."""
        return b"".join(self.bodies)

    def serve(self) -> None:
        """Serve until closed."""
        self._server.serve_forever(poll_interval=0.02)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def otlp_receiver() -> Generator[Receiver]:
    """A receiver for as long as the block runs."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve, daemon=True, name="otlp")
    thread.start()
    try:
        yield receiver
    finally:
        receiver.close()
        thread.join()


def _handler(receiver: Receiver) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            receiver.paths.append(self.path)
            self._answer({})

        def do_GET(self) -> None:
            self._answer({"project_name": "project", "project_url": PROJECT} if self.path == "/v1/info" else {})

        def _answer(self, value: dict[str, str]) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler


def _spans(request: ExportTraceServiceRequest) -> list[SeenSpan]:
    found: list[SeenSpan] = []
    for resource in request.resource_spans:
        about = _attributes(resource.resource.attributes)
        found += [
            SeenSpan(
                service=str(about.get("service.name", "")),
                process=int(about.get("process.pid", 0)),
                name=span.name,
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                began=span.start_time_unix_nano,
                ended=span.end_time_unix_nano,
                failed=span.status.code == span.status.STATUS_CODE_ERROR,
                problem=span.status.message,
                attributes=_attributes(span.attributes),
            )
            for scope in resource.scope_spans
            for span in scope.spans
        ]
    return found


def _attributes(pairs: Sequence[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return None if kind is None else getattr(value, kind)
