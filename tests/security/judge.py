"""What must never leave, found in what the services were really sent. Knows nothing of how Clew renders."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, cast
from urllib.parse import unquote

Json = dict[str, Any]

_ADDRESS = re.compile(r"[a-z][a-z0-9+.\-]*://[^\s<>|\"`)]*", re.IGNORECASE)
_TARGET = re.compile(r"\]\(\s*<?([^\s<>()]*)")
_DEFINED = re.compile(r"^\s{0,3}(?:>\s*)*\[[^\]\n]+\]:", re.MULTILINE)
_SLACK = re.compile(r"<!\w|<@\w|<#\w|<[a-z][a-z0-9+.\-]*:[^>\n]*>", re.IGNORECASE)
_SLACK_SOURCE = re.compile(r"<(https?://[^|>\s]+)\|([^<>\n]*)>")
_BROADCAST = re.compile(r"@(?:everyone|here|channel)\b", re.IGNORECASE)
_DISCORD = re.compile(r"<(?:@|#|/|t:|id:|a?:\w)")
_SCHEMES = re.compile(r"\]\(\s*<?\s*(?:javascript|data|vbscript|file):", re.IGNORECASE)
_FLAG = 1 << 2
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def slack_faults(method: str, sent: Json, *, given: Collection[str], canary: str = "", own: str = "") -> list[str]:
    """What is wrong with one request to Slack. `own`: whom we ourselves may name in the words around a question."""
    faults: list[str] = []
    if method == "chat.postMessage":
        faults += [f"{name} is not off" for name in ("unfurl_links", "unfurl_media") if sent.get(name) is not False]
    shown = {name: sent[name] for name in ("text", "blocks", "chunks", "attachments", "markdown_text") if name in sent}
    for key, text in _texts(shown):
        if key in ("action_id", "value", "task_id", "block_id", "type", "id"):
            continue
        rest = text.replace(f"<@{own}>", "") if own else text
        for address, label in _SLACK_SOURCE.findall(rest):
            if address.replace("&amp;", "&") in given and "://" not in label:
                rest = rest.replace(f"<{address}|{label}>", label)
        faults += [f"commands Slack: {found}" for found in _SLACK.findall(rest)]
        faults += _texts_faults(rest, given=given, canary=canary)
    faults += [f"a picture from elsewhere: {url}" for key, url in _texts(shown) if key in ("image_url", "thumb_url")]
    return faults


def discord_faults(sent: Json, *, given: Collection[str], canary: str = "") -> list[str]:
    """What is wrong with one message that Discord is sent, or one edit."""
    faults: list[str] = []
    if sent.get("allowed_mentions") != {"parse": []}:
        faults.append("mentions are not off")
    if not int(sent.get("flags") or 0) & _FLAG:
        faults.append("previews are not off")
    if sent.get("embeds") or sent.get("content"):
        faults.append("something beside components")
    for key, text in _texts(sent.get("components")):
        if key == "url" and text != "attachment://chart.png":
            faults.append(f"a picture from elsewhere: {text}")
        if key == "content":
            faults += [f"commands Discord: {found}" for found in _DISCORD.findall(_CODE.sub(" ", text))]
        if key in ("content", "label", "description"):
            faults += _texts_faults(text, given=given, canary=canary)
    return faults


def _texts_faults(text: str, *, given: Collection[str], canary: str) -> list[str]:
    known = {_plain(address) for address in given}
    targets = [found for found in _TARGET.findall(text) if _plain(found) not in known]
    loose = [found for found in _ADDRESS.findall(text) if _plain(found) not in known]
    faults = [f"links to {found}" for found in [*targets, *loose]]
    faults += ["defines a link"] if _DEFINED.search(text) else []
    faults += ["a picture"] if re.search(r"!\[[^\]]*\]\(", text) else []
    faults += ["a dangerous scheme"] if _SCHEMES.search(text) else []
    faults += ["mentions everybody"] if _BROADCAST.search(text) else []
    if canary:
        faults += [f"a secret in {word}" for word in _ADDRESS.findall(text) if canary in unquote(word)]
        loose_hosts = re.findall(r"[\w\-]+\.[a-z]{2,}(?:/|\?)\S*", text)
        faults += [f"a secret in {word}" for word in loose_hosts if canary in unquote(word)]
    return faults


def _plain(address: str) -> str:
    return address.replace("&amp;", "&").replace("(", "%28").replace(")", "%29").rstrip("/.,;:*_")


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in cast("Json", value).items():
            yield from _texts(inner, name)
    elif isinstance(value, list | tuple):
        for inner in cast("list[object]", value):
            yield from _texts(inner, key)
    elif isinstance(value, str):
        yield key, value
