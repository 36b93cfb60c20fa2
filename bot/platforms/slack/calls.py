"""One call to Slack's Web API, and what can be wrong with it, as one of the three classes of outcome."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, cast

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import PlatformClock
from bot.platforms.shapes import Json, as_object
from workflows.errors import Ambiguous, CallError, Retriable, Terminal

CALL_LIMIT = 10
"""Seconds for one call: well under an activity's time, so that no second attempt meets a late first one."""

_THREAD_GONE = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "thread_not_found", "cannot_reply_to_message"}
)
_MESSAGE_GONE = frozenset({"message_not_found"})
_TEXT_REFUSED = frozenset(
    {
        "msg_too_long",
        "msg_blocks_too_long",
        "invalid_blocks",
        "invalid_blocks_format",
        "no_text",
        "markdown_text_conflict",
        "too_many_attachments",
        "metadata_too_large",
    }
)
_NOT_APPLIED = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
_PERHAPS_APPLIED = frozenset({"fatal_error", "internal_error", "request_timeout"})

NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Client(AsyncWebClient):
    """A client that stays away for as long as Slack has told it to, whoever asks it."""

    def __init__(self, token: str, url: str, *, limit: int) -> None:
        # Its default sends again what a broken connection lost, and so posts twice.
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - slack_sdk's own gap, in its headers
            token=token, base_url=url, timeout=limit, retry_handlers=[]
        )
        self._closed: dict[str, float] = {}
        self.clock = PlatformClock()

    def closed(self, method: str, channel: str) -> float:
        """For how many seconds a method may not be called."""
        return self._closed.get(_window(method, channel), 0.0) - time.monotonic()

    def close_for(self, method: str, channel: str, seconds: float) -> None:
        """Slack said so."""
        self._closed[_window(method, channel)] = time.monotonic() + seconds


def build_client(token: str, url: str, *, limit: int = CALL_LIMIT) -> AsyncWebClient:
    """A client that never sends a request a second time by itself, and none before the time that it was told."""
    return Client(token, url, limit=limit)


async def call(client: AsyncWebClient, method: str, **arguments: Any) -> Json:
    """Call a method by its name; arguments that are None are left out.

    Raises Retriable, Ambiguous or Terminal; the latter's `code` is one of the port's, its message Slack's own word.
    """
    return data_of(await send(client, method, json=_given(arguments)))


async def read(client: AsyncWebClient, method: str, **arguments: Any) -> Json:
    """Call a method that only reads. Slack takes the arguments of those from the query alone.

    Raises as `call` does; what is ambiguous for a write is Retriable here.
    """
    try:
        return data_of(await send(client, method, http_verb="GET", params=_given(arguments)))
    except Ambiguous as error:
        raise Retriable(str(error)) from None


async def send(client: AsyncWebClient, method: str, **how: Any) -> Any:
    """Send one request; gives the SDK's response, with its headers. Raises as `call` does."""
    # The SDK's own types say nothing of what is in its dictionaries.
    untyped: Any = client
    given = cast("Json", how.get("json") or how.get("params") or {})
    channel = str(given.get("channel") or "")
    wait = client.closed(method, channel) if isinstance(client, Client) else 0.0
    if wait > 0:
        raise Retriable(f"{method}: ratelimited", retry_after=wait, sent=False)
    try:
        response = await untyped.api_call(method, **how)
    except SlackApiError as error:
        refused = refusal(method, error)
        if isinstance(client, Client) and isinstance(refused, Retriable) and refused.retry_after:
            client.close_for(method, channel, refused.retry_after)
        raise refused from None
    except NEVER_SENT:
        raise Retriable(f"{method}: no connection", sent=False) from None
    except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, SlackClientError, ValueError, OSError):
        raise Ambiguous(f"{method}: no usable reply") from None
    clock_of(client).told(_header(response, "date"))
    return response


def clock_of(client: AsyncWebClient) -> PlatformClock:
    """Slack's clock, as a client was told it."""
    return client.clock if isinstance(client, Client) else PlatformClock()


def _window(method: str, channel: str) -> str:
    """What Slack counts together: calls of a method, and posts of one channel."""
    return f"{method} {channel}" if method == "chat.postMessage" else method


def data_of(response: Any) -> Json:
    """The object that a response holds, or an empty one."""
    return as_object(response.data)


def _given(arguments: Json) -> Json:
    return {name: value for name, value in arguments.items() if value is not None}


def refusal(method: str, error: SlackApiError) -> CallError:
    """What Slack said no with. The text of an error is Slack's word for it, and nothing that anybody wrote."""
    response = cast("Any", error.response)
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = cast("Json", response.data) if isinstance(getattr(response, "data", None), dict) else {}
    word = str(data.get("error", ""))
    if status == 429 or word in _NOT_APPLIED:
        return Retriable(f"{method}: {word or 'rate limited'}", retry_after=_retry_after(response))
    if status >= 500 or word in _PERHAPS_APPLIED or not word:
        return Ambiguous(f"{method}: {word or f'status {status}'}")
    if word in _THREAD_GONE:
        return Terminal(f"{method}: {word}", code="thread_gone", status=status)
    if word in _MESSAGE_GONE:
        return Terminal(f"{method}: {word}", code="message_gone", status=status)
    if word in _TEXT_REFUSED:
        return Terminal(f"{method}: {word}", code="chat_text", status=status)
    return Terminal(f"{method}: {word}", code="chat_access", status=status)


def word_of(error: CallError) -> str:
    """Slack's word in a refusal that `refusal` made."""
    return str(error).rpartition(": ")[2]


def _retry_after(response: Any) -> float | None:
    """Seconds to wait as told, or None where it says nothing that can be understood."""
    told = _header(response, "retry-after")
    return float(told) if told.isdecimal() else None


def _header(response: Any, wanted: str) -> str:
    headers = cast("dict[str, Any]", getattr(response, "headers", None) or {})
    return next((str(value) for name, value in headers.items() if name.lower() == wanted), "")
