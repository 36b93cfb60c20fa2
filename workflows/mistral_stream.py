"""What comes back from Mistral: streamed replies put together, and failures put into the three classes.

Beside `workflows.mistral` the only module that knows the SDK. Events are read from the raw stream: the SDK's own
decoder ends a stream at the first kind of content that it does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import httpx2
from mistralai.client import errors as mistral_errors

from workflows.contracts import Head, Source, ToolCall, Usage
from workflows.errors import Ambiguous, CallError, Retriable, Terminal
from workflows.retry_after import retry_after

Json = dict[str, Any]

_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_HALF = re.compile("[\ud800-\udfff]")
_OF_THE_WIRE = (httpx2.HTTPError, mistral_errors.NoResponseError, TimeoutError, OSError, ValueError)
_TITLE = 80
"""Characters of a source's title in a citation."""

_SOURCE = 200
_ADDRESS = 1_000
"""Characters of a source's title and address. What is longer was not written for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A complete step: its new head, and what it put out, in order.

    `text` joins all messages of the step, their citations as links; `last` is the last message alone, as it came.
    """

    head: Head
    text: str
    last: str
    calls: tuple[ToolCall, ...]
    citations: tuple[Source, ...]
    usage: Usage


@dataclass(kw_only=True, slots=True)
class Assembly:
    """One streamed reply in the making. `on_text` gets the whole text so far, `on_tool` the name of a built-in tool."""

    on_text: Callable[[str], None] | None = None
    on_tool: Callable[[str], None] | None = None
    done: bool = False
    _conversation: str = ""
    _usage: Usage = field(default_factory=Usage)
    _order: dict[str, int] = field(default_factory=dict[str, int])
    _plain: dict[str, str] = field(default_factory=dict[str, str])
    _linked: dict[str, str] = field(default_factory=dict[str, str])
    _calls: dict[tuple[str, str], ToolCall] = field(default_factory=dict[tuple[str, str], ToolCall])
    _citations: dict[Source, None] = field(default_factory=dict[Source, None])

    def take(self, data: str) -> None:
        """Take one event. What is not known is passed over. Raises Ambiguous, or ValueError for what is no JSON."""
        event = json.loads(data)
        if not isinstance(event, dict):
            return
        event = cast("Json", event)
        match event.get("type"):
            case "conversation.response.started":
                self._conversation = str(event.get("conversation_id") or "")
            case "message.output.delta":
                self._message(self._entry(event), event.get("content"))
            case "function.call.delta":
                self._call(self._entry(event), event)
            case "tool.execution.started":
                self._entry(event)
                if self.on_tool is not None:
                    self.on_tool(str(event.get("name") or ""))
            case "agent.handoff.started":
                self._entry(event)
            case "conversation.response.error":
                raise Ambiguous(f"the stream reported error {_number(event.get('code'))}")
            case "conversation.response.done":
                self.done = True
                self._usage = _usage(event.get("usage"))
            case _:
                pass

    def completed(self, before: Head | None) -> Step:
        """The whole step. Raises Ambiguous if the stream ended without saying that it was complete, or empty."""
        branch = self._conversation or (before.branch if before is not None else "")
        if not self.done or not branch:
            raise Ambiguous("the stream ended without conversation.response.done")
        entries = self._entries()
        if not entries:
            raise Ambiguous("the reply holds no entries", code="empty_output", unusable=True)
        spoken = [entry for entry in entries if entry in self._plain]
        order = {entry: position for position, entry in enumerate(entries)}
        calls = sorted(self._calls.items(), key=lambda item: order[item[0][0]])
        return Step(
            head=Head(branch=branch, entry=entries[-1]),
            text=self._text(),
            last=_paired(self._plain[spoken[-1]]) if spoken else "",
            calls=tuple(replace(call, name=_paired(call.name), arguments=_paired(call.arguments)) for _, call in calls),
            citations=tuple(self._citations),
            usage=self._usage,
        )

    def _entries(self) -> list[str]:
        """Ids of the output entries in their final order, which is that of their index, not of their first event."""
        return sorted(self._order, key=lambda entry: self._order[entry])

    def _entry(self, event: Json) -> str:
        entry = str(event.get("id") or "")
        if entry:
            self._order.setdefault(entry, _number(event.get("output_index")))
        return entry

    def _message(self, entry: str, content: object) -> None:
        chunks = cast("list[object]", content) if isinstance(content, list) else [content]
        self._plain.setdefault(entry, "")
        self._linked.setdefault(entry, "")
        for chunk in chunks:
            self._chunk(entry, chunk)
        if self.on_text is not None:
            self.on_text(self._text())

    def _chunk(self, entry: str, chunk: object) -> None:
        if isinstance(chunk, str):
            text = chunk
        elif isinstance(chunk, dict) and cast("Json", chunk).get("type", "text") == "text":
            text = str(cast("Json", chunk).get("text") or "")
        elif isinstance(chunk, dict) and cast("Json", chunk).get("type") == "tool_reference":
            source = _source(cast("Json", chunk))
            self._citations.setdefault(source)
            self._linked[entry] += _link(source)
            return
        else:
            return
        self._plain[entry] += text
        self._linked[entry] += text

    def _call(self, entry: str, event: Json) -> None:
        """Arguments come in parts; id and name stand in each of them, or in the first alone."""
        key = (entry, str(event.get("tool_call_id") or ""))
        if not key[1]:
            key = next((known for known in reversed(self._calls) if known[0] == entry), key)
        before = self._calls.get(key)
        part = event.get("arguments")
        arguments = part if isinstance(part, str) else json.dumps(part) if part else ""
        self._calls[key] = ToolCall(
            id=key[1],
            name=before.name if before is not None else str(event.get("name") or ""),
            arguments=(before.arguments if before is not None else "") + arguments,
        )

    def _text(self) -> str:
        texts = (self._linked.get(entry, "") for entry in self._entries())
        return _paired("\n\n".join(text for text in texts if text))


def _paired(text: str) -> str:
    """Text that can be encoded: halves of one character, one in each event, are joined; a half alone is replaced."""
    if text.isascii() or not _HALF.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _source(chunk: Json) -> Source:
    """A citation. Only web addresses are kept: everything else in it was written by strangers."""
    url = str(chunk.get("url") or "")
    if len(url) > _ADDRESS or not re.fullmatch(r"https?://[^\s<>\"\ud800-\udfff]+", url):
        url = ""
    title = " ".join(str(chunk.get("title") or "").split()) or url or str(chunk.get("tool") or "web")
    return Source(title=_paired(title)[:_SOURCE], url=url)


def _link(source: Source) -> str:
    """The citation where it stands, so that whoever reads a finding can cite it too."""
    if not source.url:
        return ""
    title = re.sub(r"[\[\]`|<>]", " ", source.title)[:_TITLE].strip()
    url = source.url.replace("(", "%28").replace(")", "%29")
    return f" ([{title}]({url}))"


def _usage(usage: object) -> Usage:
    given = cast("Json", usage) if isinstance(usage, dict) else {}
    return Usage(
        prompt_tokens=_number(given.get("prompt_tokens")),
        completion_tokens=_number(given.get("completion_tokens")),
        connector_tokens=_number(given.get("connector_tokens")),
        calls=1,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


# --- Errors ----------------------------------------------------------------------------------------------------------


def classify(error: Exception) -> CallError:
    """The class of anything the SDK raises. Messages name the kind and the status, never headers or bodies."""
    if isinstance(error, _NOT_SENT):
        return Retriable(f"not sent: {type(error).__name__}", code="unreachable", sent=False)
    if isinstance(error, mistral_errors.MistralError):
        return _by_status(error)
    # A bug of ours in the middle of a call leaves as much in doubt as a broken wire does.
    code = "unreachable" if isinstance(error, _OF_THE_WIRE) else "internal"
    return Ambiguous(f"no complete reply: {type(error).__name__}", code=code)


def _by_status(error: mistral_errors.MistralError) -> CallError:
    """By status first: the same status comes as different exceptions, by the shape of its body."""
    status = error.status_code
    if status in (409, 429):
        wait = retry_after(error.headers.get("retry-after"), error.headers.get("date"))
        return Retriable(f"refused with {status}{_reason(error)}", code="mistral_busy", retry_after=wait)
    if status in (401, 403):
        return Terminal(f"refused with {status}{_reason(error)}", code="mistral_auth", status=status)
    if status == 404:
        return Terminal("not found", code="mistral_gone", status=status)
    if 400 <= status < 500 and status != 408:
        return Terminal(f"refused with {status}{_reason(error)}", code="mistral_refused", status=status)
    # It says itself that it failed: an outage must not use up anybody's budget.
    return Ambiguous(f"answered {status}{_reason(error)}, {type(error).__name__}", tokens=0)


def _reason(error: mistral_errors.MistralError) -> str:
    """The words for machines in an error's body. Its sentences may quote what people said, and stay out."""
    try:
        body = json.loads(error.body)
    except (TypeError, ValueError):
        return ""
    given = cast("Json", body) if isinstance(body, dict) else {}
    words = [str(given.get(name)) for name in ("type", "code") if isinstance(given.get(name), str | int)]
    return "".join(f" {word}" for word in words if re.fullmatch(r"[\w.\-]{1,40}", word))
