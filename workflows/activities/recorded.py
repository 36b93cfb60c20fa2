"""Recorded tool results as JSON: read from blobs, cut to size, and laid out for a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from workflows.blobs import BlobStore
from workflows.contracts import Evidence
from workflows.reports import ToolResult

Json = dict[str, Any]

RESULT_LIMIT = 256 * 1024
"""Bytes of one recorded result."""

EVIDENCE_LIMIT = 120 * 1024
"""Bytes of all results in one task."""

_LEFT_OUT = "Shortened: the result was too long."
_STAMP = ("as_of", "currency", "source", "delayed", "note", "symbol", "name", "error")
_FEW = 3
_TEXT = 500


async def read_results(blobs: BlobStore, evidence: Sequence[Evidence]) -> list[ToolResult]:
    """The results, each call once. Raises Terminal (`notes_lost`) where a blob is gone."""
    found: dict[tuple[str, str], ToolResult] = {}
    for item in evidence:
        arguments = as_object(item.arguments) or {}
        key = (item.tool, json.dumps(arguments, sort_keys=True) if arguments else item.arguments)
        if key not in found:
            value = as_object((await blobs.get(item.result)).decode("utf-8", "replace"))
            found[key] = ToolResult(tool=item.tool, arguments=arguments, value=value)
    return list(found.values())


async def facts_only(blobs: BlobStore, evidence: Sequence[Evidence]) -> list[ToolResult]:
    """The results that show something: what failed is left out."""
    return await read_results(blobs, [item for item in evidence if not item.error])


def evidence_json(results: Sequence[ToolResult], limit: int = EVIDENCE_LIMIT) -> str:
    """The results as the JSON array of a task, in at most `limit` bytes: the longest are shortened first."""
    items: list[Json] = [
        {"tool": item.tool, "arguments": item.arguments, "result": item.value or {}} for item in results
    ]
    sizes = [_size(item) for item in items]
    while sum(sizes) + 2 * len(sizes) > limit:
        longest = max(range(len(items)), key=lambda index: sizes[index])
        room = max(sizes[longest] // 2, 64)
        items[longest] = {**items[longest], "result": fitted(items[longest]["result"], room)}
        size = _size(items[longest])
        if size >= sizes[longest]:
            # Nothing more can be taken from it: it goes, and says so.
            items[longest] = {"tool": items[longest]["tool"], "arguments": {}, "result": {"error": _LEFT_OUT}}
            size = _size(items[longest])
            if size >= sizes[longest]:
                items.pop()
                sizes.pop()
                continue
        sizes[longest] = size
    return json.dumps(items, ensure_ascii=False)


def fitted(value: Json, limit: int = RESULT_LIMIT) -> Json:
    """A result in at most `limit` bytes: long lists and texts are cut, then all but the stamp; `truncated` says so."""
    if _size(value) <= limit:
        return value
    marked = {**value, "truncated": True, "shortened": _LEFT_OUT}
    while _size(marked) > limit:
        cut = _cut(marked)
        if _size(cut) >= _size(marked):
            break
        marked = cut
    if _size(marked) <= limit:
        return marked
    kept = {key: _brief(value[key]) for key in _STAMP if key in value}
    return {**kept, "truncated": True, "shortened": _LEFT_OUT}


def as_object(text: str) -> Json | None:
    """A JSON object, or None for anything else."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return None
    return cast("Json", value) if isinstance(value, dict) else None


def _cut(value: Any) -> Any:
    """Halve what is long, at every depth."""
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in cast("Json", value).items()}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_cut(item) for item in (items if len(items) <= _FEW else items[: max(_FEW, len(items) // 2)])]
    if isinstance(value, str) and len(value) > _TEXT:
        return value[: max(_TEXT, len(value) // 2)]
    return value


def _brief(value: Any) -> Any:
    return value[:_TEXT] if isinstance(value, str) else value if isinstance(value, bool | int | float) else None


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
