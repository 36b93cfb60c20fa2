"""Secrets that are looked for everywhere, as they are and as they could be written otherwise."""

from __future__ import annotations

import base64
import gzip
import re
import secrets
import string
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_PART = 12
"""Characters of a secret that nobody has by chance."""

_LETTERS = string.ascii_letters + string.digits
_GZIP = re.compile(rb"\x1f\x8b\x08")


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """One secret: `prefix` says what it is and is known to all, `hidden` is what nobody may learn."""

    name: str
    prefix: str
    hidden: str

    @property
    def value(self) -> str:
        """The secret as it is used."""
        return self.prefix + self.hidden

    def forms(self) -> Mapping[str, bytes]:
        """How it may be written, by name. None is found where the secret is not."""
        raw, hidden = self.value.encode(), self.hidden.encode()
        found = {
            "as it is": raw,
            "its beginning": hidden[:_PART],
            "its middle": hidden[len(hidden) // 2 - _PART // 2 :][:_PART],
            "its end": hidden[-_PART:],
            "in hexadecimal": hidden.hex().encode(),
            "in hexadecimal, capitals": hidden.hex().upper().encode(),
            "backwards": hidden[::-1],
            "in UTF-16": self.hidden.encode("utf-16-le"),
            "in an address": quote(self.value, safe="").encode(),
            "in an address, each character": "".join(f"%{byte:02X}" for byte in hidden).encode(),
        }
        for shift in range(3):
            # Where it begins inside a longer text decides how it reads; the edges depend on what stands beside it.
            encoded = base64.b64encode(b"\x00" * shift + hidden).rstrip(b"=")[4:-4]
            found |= {f"in base64, {shift}": encoded, f"in base64 of addresses, {shift}": _safe(encoded)}
        return found


def canary(name: str, prefix: str = "", *, length: int = 36) -> Canary:
    """A new secret."""
    return Canary(name=name, prefix=prefix, hidden="".join(secrets.choice(_LETTERS) for _ in range(length)))


def leaks(places: Mapping[str, bytes], canaries: Iterable[Canary]) -> list[str]:
    """Where a secret is, and how it is written there."""
    forms = [(one.name, form, text) for one in canaries for form, text in one.forms().items()]
    return [
        f"{name}, {form}, in {place}"
        for place, data in places.items()
        for piece in unpacked(data)
        for name, form, text in forms
        if text in piece
    ]


def unpacked(data: bytes) -> Iterator[bytes]:
    """Bytes as they are, and what is compressed in them."""
    yield data
    for start in (match.start() for match in _GZIP.finditer(data)):
        with suppress(zlib.error, EOFError, gzip.BadGzipFile):
            yield zlib.decompressobj(31).decompress(data[start:])
    if data[:1] == b"\x78":
        with suppress(zlib.error):
            yield zlib.decompress(data)


def files_below(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, by its name there."""
    found: dict[str, bytes] = {}
    for path in sorted(directory.rglob("*")):
        # A process may take a file away between the two looks.
        with suppress(OSError):
            if path.is_file():
                found[str(path.relative_to(directory))] = path.read_bytes()
    return found


def _safe(encoded: bytes) -> bytes:
    return encoded.translate(bytes.maketrans(b"+/", b"-_"))
