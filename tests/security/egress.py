"""Where this process connects to, and which names it looks up, seen from below all libraries."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

_seen: list[list[str]] = []
_hooked: list[bool] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _seen:
        return
    if event == "socket.connect":
        address = arguments[1]
        host = str(cast("tuple[object, ...]", address)[0]) if isinstance(address, tuple) else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = str(arguments[0] or "")
    else:
        return
    if host and not _is_loopback(host):
        for seen in _seen:
            seen.append(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def watched_egress() -> Generator[list[str]]:
    """Every other host that was connected to or looked up while the block runs. Temporal's core is not seen."""
    if not _hooked:
        # A hook cannot be taken away again.
        sys.addaudithook(_hook)
        _hooked.append(True)
    found: list[str] = []
    _seen.append(found)
    try:
        yield found
    finally:
        _seen.remove(found)
