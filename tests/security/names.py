"""A name server of two minds: Yahoo's hosts are at home, and every other name leads into a private network."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Collection

PRIVATE = ("10.66.66.66", "fd00:66::66")
"""Where names lead that are not Yahoo's."""

_A, _AAAA = 1, 28
_ANSWER = 0x8180
_ANOTHER_NAME = b"\xc0\x0c"
_SECONDS = 1


class NameServer:
    """Answers on port 53 of this machine; `asked` are the names that somebody looked up."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self.asked: set[str] = set()
        threading.Thread(target=self._serve, daemon=True, name="names").start()

    def _serve(self) -> None:
        while True:
            query, caller = self._socket.recvfrom(4_096)
            self._socket.sendto(self._reply(query), caller)

    def _reply(self, query: bytes) -> bytes:
        labels: list[str] = []
        at = 12
        while length := query[at]:
            labels.append(query[at + 1 : at + 1 + length].decode("latin-1"))
            at += 1 + length
        name = ".".join(labels).lower()
        self.asked.add(name)
        kind = int.from_bytes(query[at + 1 : at + 3])
        address = self._address(name, kind)
        answer = b""
        if address:
            data = ipaddress.ip_address(address).packed
            fields = (kind.to_bytes(2), b"\x00\x01", _SECONDS.to_bytes(4), len(data).to_bytes(2))
            answer = _ANOTHER_NAME + b"".join(fields) + data
        counts = b"".join(number.to_bytes(2) for number in (1, int(bool(answer)), 0, 0))
        return query[:2] + _ANSWER.to_bytes(2) + counts + query[12 : at + 5] + answer

    def _address(self, name: str, kind: int) -> str:
        at_home = name in self._known
        if kind == _A:
            return "127.0.0.1" if at_home else PRIVATE[0]
        # No IPv6 at home; and of other kinds, such as what a browser asks for, there is nothing anywhere.
        return PRIVATE[1] if kind == _AAAA and not at_home else ""
