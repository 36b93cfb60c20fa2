"""Discord's REST API through discord.py's own client: its buckets and its retries. Errors in the port's three classes.

discord.py repeats what a server's fault broke, at most for as long as `limit`, and waits out a short rate limit by
itself. A create that it repeats carries a nonce, and everything else that we write may be repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any, cast

import aiohttp
import discord
from discord.http import Route

from bot.platforms.discord.buckets import keep_buckets
from bot.platforms.shapes import Json, as_object, objects
from workflows.errors import Ambiguous, CallError, Retriable, Terminal
from workflows.retry_after import retry_after

LIMIT = 12.0
"""Seconds for one call with all that discord.py repeats of it."""

PATIENCE = 1.0
"""Seconds of a rate limit that are waited out within a call. Longer ones are Temporal's to wait for, visibly."""

NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)

MISSING_ACCESS = 50001
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_MEMBER, UNKNOWN_GUILD, UNKNOWN_USER = 10003, 10008, 10007, 10004, 10013
ALREADY_ACKNOWLEDGED, ARCHIVED, LOCKED, HAS_A_THREAD = 40060, 50083, 160005, 160004
_TEXT_REFUSED = (50006, 50035, 40005, 200000, 200001, 240000)
"""Empty, malformed, too large; and what a server's own filters, or Discord's, do not let pass."""
_LATER = (20016, 20022, 20028, 30046, 40062, 130000)
"""Limits of their own: of a channel's slow mode, of edits of old messages, of a service that is overloaded."""

_IN_BETWEEN = (0, 40333)
"""What stands between Discord and us says no without asking it, and lets us pass again after a while."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file to send along."""

    name: str
    data: bytes
    media_type: str


class Rest:
    """One token's calls. It logs in at the first one, and again after a refusal."""

    def __init__(self, token: str, *, limit: float = LIMIT, client: discord.Client | None = None) -> None:
        """`client`: one that is logged in by somebody else, who ends it too."""
        self._token = token
        self._limit = limit
        self._client = client
        self._owns = client is None
        self._opening = asyncio.Lock()

    async def call(
        self, method: str, path: str, *, json: object = None, files: Sequence[Upload] = (), **where: str
    ) -> Json:
        """Make a call that writes. Raises Retriable, Ambiguous or Terminal; the latter's code is one of the port's."""
        return as_object(await self._send(method, path, json=json, files=files, where=where))

    async def read(self, path: str, *, params: Json | None = None, **where: str) -> Json:
        """Make a call that only reads, and gives an object. What is ambiguous for a write is Retriable here."""
        return as_object(await self._read(path, params, where))

    async def listed(self, path: str, *, params: Json | None = None, **where: str) -> list[Json]:
        """Make a call that only reads, and gives a list of objects. Raises as `read` does."""
        return objects(await self._read(path, params, where))

    async def close(self) -> None:
        """Let go of connections."""
        if self._owns and self._client is not None:
            await self._client.close()
            self._client = None

    async def _read(self, path: str, params: Json | None, where: dict[str, str]) -> object:
        try:
            return await self._send("GET", path, params=params, where=where)
        except Ambiguous as error:
            raise Retriable(str(error)) from None

    async def _send(
        self,
        method: str,
        path: str,
        *,
        where: dict[str, str],
        json: object = None,
        params: Json | None = None,
        files: Sequence[Upload] = (),
    ) -> object:
        name = f"{method} {path}"
        # Ids come from Temporal and from Discord; in an address they are numbers or nothing.
        if not all(_is_plain(value) for value in where.values()):
            raise Terminal(f"{name}: no such id", code="thread_gone")
        how: Json = {} if params is None else {"params": params}
        if files:
            how["form"] = _form(json, files)
        elif json is not None:
            how["json"] = json
        try:
            async with asyncio.timeout(self._limit):
                http: Any = (await self._logged_in()).http
                return await http.request(Route(method, path, **where), **how)
        except CallError:
            raise
        except discord.DiscordException as error:
            raise refusal(name, error) from None
        except NEVER_SENT:
            raise Retriable(f"{name}: no connection", sent=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            raise Ambiguous(f"{name}: no usable reply") from None

    async def _logged_in(self) -> discord.Client:
        if self._client is not None:
            return self._client
        async with self._opening:
            if self._client is None:
                client = discord.Client(intents=discord.Intents(guilds=True))
                keep_buckets(client, PATIENCE)
                await _log_in(client, self._token)
                self._client = client
            return self._client


def refusal(name: str, error: discord.DiscordException) -> CallError:
    """What Discord said no with. The error's text stays here: it may quote what somebody wrote."""
    if isinstance(error, discord.RateLimited):
        return Retriable(f"{name}: rate limited", retry_after=error.retry_after)
    if isinstance(error, discord.LoginFailure):
        return Terminal(f"{name}: the token is refused", code="chat_access", status=401)
    if not isinstance(error, discord.HTTPException):
        return Ambiguous(f"{name}: {type(error).__name__}")
    status, code = error.status, error.code
    said = f"{name}: {code or f'status {status}'}"
    if status == 429 or code in _LATER or (status == 403 and code in _IN_BETWEEN):
        return Retriable(said, retry_after=_retry_after(error))
    if status >= 500:
        return Ambiguous(said)
    word = "chat_access"
    if code == UNKNOWN_CHANNEL:
        word = "thread_gone"
    elif code == UNKNOWN_MESSAGE:
        word = "message_gone"
    elif code in _TEXT_REFUSED:
        word = "chat_text"
    return Terminal(said, code=word, status=status)


def code_of(error: CallError) -> int:
    """Discord's own code in a refusal that `refusal` made, or 0."""
    told = str(error).rpartition(": ")[2]
    return int(told) if told.isdecimal() else 0


async def _log_in(client: discord.Client, token: str) -> None:
    """Ask who we are, as discord.py does before anything else. Failed, it has changed nothing, whatever it was."""
    done = False
    try:
        await client.login(token)
        done = True
    except discord.DiscordException as error:
        told = refusal("login", error)
        raise (Retriable(str(told)) if isinstance(told, Ambiguous) else told) from None
    except (aiohttp.ClientError, OSError):
        raise Retriable("login: no connection", sent=False) from None
    finally:
        if not done:
            await client.close()


def _is_plain(value: str) -> bool:
    return value.isascii() and value.replace("-", "").replace("_", "").isalnum()


def _form(json: object, files: Sequence[Upload]) -> list[Json]:
    parts: list[Json] = [{"name": "payload_json", "value": dumps(json)}]
    return parts + [
        {
            "name": f"files[{number}]",
            "value": upload.data,
            "filename": upload.name,
            "content_type": upload.media_type,
        }
        for number, upload in enumerate(files)
    ]


def _retry_after(error: discord.HTTPException) -> float | None:
    """Seconds to wait as told, or None where it says nothing that can be understood."""
    headers = cast("dict[str, str]", error.response.headers)
    return retry_after(headers.get("Retry-After"), headers.get("Date"))
