"""A request: its path's parts, its query, its body in either form, and its files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from tests.discord.errors import Refused
from tests.discord.values import Json, as_object

_FILE = re.compile(r"files\[(\d+)\]|data\.attachments\[(\d+)\]")


@dataclass(kw_only=True, slots=True)
class Part:
    """A file as it was sent."""

    filename: str
    content: bytes
    content_type: str


@dataclass(kw_only=True, slots=True)
class Call:
    """One request of one route."""

    route: str
    path: dict[str, str]
    query: dict[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    files: dict[str, Part] = field(default_factory=dict[str, Part])
    """By the number that they were sent under."""

    @property
    def object(self) -> Json:
        """The body, which must be an object.

        Raises:
            Refused: If it is not.
        """
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise Refused(400, 50035)
        return cast("Json", self.body)

    @property
    def values(self) -> Json:
        """Query, path and body together."""
        body: Json = as_object(self.body)
        if isinstance(self.body, list):
            body = {"body": cast("Any", self.body)}
        return {**self.query, **self.path, **body}

    def number(self, name: str, default: int, *, most: int) -> int:
        """A whole number of the query, from 1."""
        value = self.query.get(name)
        if value is None:
            return default
        if not value.isdecimal() or not 1 <= int(value) <= most:
            raise Refused(400, 50035, errors={name: {"_errors": [{"code": "NUMBER_TYPE_MAX", "message": "Too far."}]}})
        return int(value)


async def read_body(request: web.Request) -> tuple[Any, dict[str, Part]]:
    """The JSON, or `payload_json` and the files.

    Raises:
        Refused: If it is no JSON.
    """
    try:
        if request.content_type == "multipart/form-data":
            return await _read_form(request)
        text = await request.text()
        return (json.loads(text) if text else None), {}
    except ValueError:
        raise Refused(400, 50109) from None


async def _read_form(request: web.Request) -> tuple[Any, dict[str, Part]]:
    body: Any = None
    files: dict[str, Part] = {}
    for name, value in (await request.post()).items():
        if name == "payload_json":
            body = json.loads(value if isinstance(value, str) else cast("Any", value).file.read())
        elif isinstance(value, web.FileField):
            match = _FILE.fullmatch(name)
            number = (match[1] or match[2]) if match else name
            part = Part(filename=value.filename, content=value.file.read(), content_type=value.content_type)
            files[str(number)] = part
    return body, files
