"""Links in text from outside: only to addresses that a search or a tool gave as such, under the host's own name. Pure.

Whoever captures a model can let it write any link, with what it knows inside. So an address that the model made up is
no link and shows its host alone; one that was given stays, exactly as it was given. Pictures are never loaded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_LONGEST = 1_000
_LABEL = 300
_PASSES = 4

# Every pattern here is linear: a model's text must not be able to hold up a worker.
_LINK = (
    rf"!?\[(?P<label>[^\[\]\n]{{0,{_LABEL}}})\]"
    r"\([ ]{0,3}<?(?P<to>(?:[^\s<>()]++|\([^\s<>()]*+\))++)>?"
    r"(?:\s{1,3}(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'))?[ ]{0,3}\)"
)
_ADDRESS = r"(?P<address>[a-z0-9+.\-]{0,20}:[/\\]{2}[^\s<>|\"`]*+)"
_LOOSE = r"(?P<loose>\b(?:www\.[^\s<>|\"`]++|(?:[a-z0-9\-]{1,63}\.){1,8}[a-z]{2,24}(?::\d{1,5})?[/?#][^\s<>|\"`]++))"
_TOKEN = re.compile(f"{_LINK}|{_ADDRESS}|{_LOOSE}", re.IGNORECASE)
_TRAILING = ").,;:!?]}*_~'\\"
_NAME = r"[A-Z0-9][A-Za-z0-9\-]{0,19}(?:\.[A-Za-z]{1,3})?"
_NAMES = re.compile(rf"{_NAME}(?:/{_NAME}){{1,4}}")
_BEGINS_PATH = re.compile(r"[/?#]")
_PLAIN = re.compile(r"[\w+\-*,.]{1,40}")
_MADE_OF = re.compile(r"[a-z0-9.\-]{1,253}", re.IGNORECASE)
_BEGINS_LINK = re.compile(r"\](?=[(:])")
_HIDES = re.compile(r"[\s<>|\"'`\\\[\]]|&#?\w+;")
_OURS = re.compile(r"\[[^\[\]\n]{0,400}\]\((?P<to>https?://[^\s()<>]+)\)|\](?=[(:])")
_BEGINS_ADDRESS = re.compile(r"<(?=[a-z][a-z0-9+.\-]{0,30}:)", re.IGNORECASE)
_UNSETTLED = re.compile(rf"!?\[[^\[\]\n]{{0,{_LABEL}}}(?:\](?:\([^()\n]{{0,{_LONGEST}}})?)?\Z")


def with_given_links(text: str, given: Collection[str] = ()) -> str:
    """Markdown whose only links are `[… host …](address)` to addresses in `given`. Idempotent.

    Of every other address the host is left, written so that nothing makes a link of it: `evil[.]example`.
    """
    known = {_canonical(address): address for address in given if is_sound(address)}
    for _ in range(_PASSES):
        before, text = text, _passed(text, known)
        if text == before:
            return text
    # Pieces that join to a new address each time one is taken out were not written for people.
    return _BEGINS_LINK.sub("] ", _TOKEN.sub("…", text)).replace("://", ": ")


def settled(text: str) -> str:
    """The text without a link that is still being written at its end: half of one is not known to be one."""
    found = _UNSETTLED.search(text, max(0, len(text) - _LABEL - _LONGEST))
    return text if found is None else text[: found.start()]


def is_sound(address: str) -> bool:
    """Whether an address may be a link at all: the web, a host that looks like what it is, and nothing hidden in it."""
    if len(address) > _LONGEST or not address.isascii() or _HIDES.search(address):
        return False
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and "@" not in parts.netloc
        and port is None
        and "." in host
        and _MADE_OF.fullmatch(host) is not None
        and "xn--" not in host
    )


def host_of(address: str) -> str:
    """The host of an address, without `www.`."""
    return _host(address).removeprefix("www.")


def _passed(text: str, known: Mapping[str, str]) -> str:
    text = _TOKEN.sub(lambda found: _replaced(found, known), text)
    text = _OURS.sub(lambda found: found[0] if found["to"] and _canonical(found["to"]) in known else "] ", text)
    return _BEGINS_ADDRESS.sub("< ", text)


def _replaced(found: re.Match[str], known: Mapping[str, str]) -> str:
    if found["to"] is not None:
        label = _told(found["label"], dot="(.)").strip()
        address = known.get(_canonical(found["to"]))
        if address is not None:
            return _link(label, address)
        host = _told_host(found["to"])
        if not host and _PLAIN.fullmatch(found["to"]):
            return found[0]  # An index and a call in code, most likely. It is parted like all that is no link.
        return f"{label} ({host})".strip() if host and host not in label else label or host or "…"
    whole = found["address"] or found["loose"]
    address = known.get(_canonical(whole)) if found["address"] else None
    if address is not None and whole.startswith(address):
        return _link("", address) + whole[len(address) :]
    if found["loose"]:
        return _named(whole)
    return (_told_host(whole) or "…") + whole[len(whole.rstrip(_TRAILING)) :]


def _named(loose: str) -> str:
    """What has no scheme may be meant as names. Nothing makes more than a bare host of what is left."""
    stem = loose.rstrip(_TRAILING)
    trailing = loose[len(stem) :]
    if not stem.lower().startswith("www."):
        if not _BEGINS_PATH.search(stem):
            return loose  # A name and the end of its sentence: "(what of SAP.DE?)".
        if _NAMES.fullmatch(stem):
            return stem.replace("/", " / ") + trailing  # "SAP.DE/BMW.DE" and "Booking.com/Expedia".
    return (_told_host(loose) or "…") + trailing


def _link(label: str, address: str) -> str:
    host = host_of(address)
    if host not in label.lower():
        label = f"{label} ({host})" if label else host
    target = address.replace("(", "%28").replace(")", "%29")
    return f"[{label}]({target})"


def _told(text: str, *, dot: str) -> str:
    """A label, with the hosts of whatever addresses it names."""
    return _TOKEN.sub(lambda found: _host(found[0]).replace(".", dot), text)


def _told_host(address: str) -> str:
    return _host(address).replace(".", "[.]")


def _host(address: str) -> str:
    """The host in anything like an address, in plain letters; "" where there is none."""
    found = re.match(r"(?:[a-z][a-z0-9+.\-]*:[/\\]{2})?[/\\]*([^/\\?#\s]*)", address, re.IGNORECASE)
    name = "" if found is None else found[1].rpartition("@")[2].partition(":")[0].lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return ""
    name = name.strip(".-)('*_~,;!")
    return name[:80] if "." in name and _MADE_OF.fullmatch(name) else ""


def _canonical(address: str) -> str:
    return address.replace("&amp;", "&").replace("%28", "(").replace("%29", ")").rstrip("/.,;:!?)*_~'")
