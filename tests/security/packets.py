"""Counts what leaves for anywhere, in a network namespace of its own: from the wire, not from what programs say."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_EVERYTHING = 0x0003
_IPV4, _IPV6, _ARP = 0x0800, 0x86DD, 0x0806
_OUTGOING = 4
_TCP, _UDP = 6, 17
_SYN, _ACK = 0x02, 0x10


@dataclass(frozen=True, kw_only=True, slots=True)
class Packet:
    """One packet that went out, or the first of a connection on loopback. `port` is 0 where there is none."""

    address: str
    port: int
    kind: str


class Watcher:
    """Sees every packet of the namespace. On loopback, connections to `known` ports are what has to be there."""

    def __init__(self, known: Iterable[int]) -> None:
        self._known = frozenset(known)
        self._seen: Counter[Packet] = Counter()
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024 * 1024)
        self._marks: set[bytes] = set()
        threading.Thread(target=self._watch, daemon=True, name="packets").start()

    def take(self) -> Mapping[Packet, int]:
        """What was seen since the last time. Everything that was sent before this call is in it."""
        self._caught_up()
        with self._lock:
            seen, self._seen = self._seen, Counter()
        return seen

    def _caught_up(self) -> None:
        """Send a word to ourselves, and wait until it was seen: what came before it was seen too."""
        word = struct.pack("!d", time.monotonic()) + b"clew watcher"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
            speaker.sendto(word, ("127.0.0.1", 9))
        deadline = time.monotonic() + 10.0
        while word not in self._marks:
            if time.monotonic() > deadline:
                raise TimeoutError("the watcher sees nothing")
            time.sleep(0.005)

    def _watch(self) -> None:
        while True:
            frame, (name, _, kind, *_rest) = self._socket.recvfrom(65_535)
            if kind != _OUTGOING:
                continue
            if frame.endswith(b"clew watcher"):
                self._marks.add(frame[-20:])
                continue
            packet = _read(frame, self._known if name == "lo" else None)
            if packet is not None:
                with self._lock:
                    self._seen[packet] += 1


def _read(frame: bytes, known: frozenset[int] | None) -> Packet | None:
    """What a frame is; None for what is no matter: what belongs to a known port of loopback, and the kernel's own.

    `known` is None for what leaves the machine.
    """
    ether = int.from_bytes(frame[12:14])
    if ether == _ARP:
        return Packet(address=str(ipaddress.ip_address(frame[38:42])), port=0, kind="arp")
    if ether == _IPV4:
        start, protocol, address = 14 + (frame[14] & 0x0F) * 4, frame[23], ipaddress.ip_address(frame[30:34])
    elif ether == _IPV6:
        start, protocol, address = 54, frame[20], ipaddress.ip_address(frame[38:54])
    else:
        return None
    if protocol not in (_TCP, _UDP):
        own = known is not None or address.is_multicast
        return None if own else Packet(address=str(address), port=0, kind=str(protocol))
    of, to = int.from_bytes(frame[start : start + 2]), int.from_bytes(frame[start + 2 : start + 4])
    reply = protocol == _TCP and frame[start + 13] & (_SYN | _ACK) != _SYN
    if known is not None and (reply or known & {of, to}):
        return None
    return Packet(address=str(address), port=to, kind="tcp" if protocol == _TCP else "udp")
