"""A hop before a service: it keeps every byte that is sent there, and can answer with what the caller said."""

from __future__ import annotations

import base64
import json
import re
import socket
import socketserver
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

_HEAD = re.compile(rb"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S+) HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PIECE = 262_144


class Recorder:
    """Forwards to `target` port on loopback. `port` is where it listens."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._sent: list[bytes] = []
        self._echo: tuple[int, bytes, int] = (0, b"", 0)
        self.echoed = 0
        recorder = self

        class Hop(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    recorder._forward(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Hop)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="recorder").start()

    @property
    def sent(self) -> bytes:
        """Everything that was sent to the service so far."""
        with self._lock:
            return b"\n".join(self._sent)

    def echo(self, status: int, *, path: str = "", times: int = 1) -> None:
        """Answer the next requests to a path with a refusal that holds what they said, their secrets included."""
        with self._lock:
            self._echo = (status, path.encode(), times)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _forward(self, caller: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._target)) as service:
            threading.Thread(target=_pump, args=(service, caller), daemon=True).start()
            while data := caller.recv(_PIECE):
                with self._lock:
                    self._sent.append(data)
                status = self._struck(data)
                if status:
                    self._refuse(caller, data, status)
                    return
                service.sendall(data)

    def _struck(self, data: bytes) -> int:
        """The status to refuse a request with; 0 for none."""
        head = _HEAD.match(data)
        with self._lock:
            status, path, times = self._echo
            if head is None or not times or path not in head[2]:
                return 0
            self._echo = (status, path, times - 1)
            self.echoed += 1
            return status

    def _refuse(self, caller: socket.socket, data: bytes, status: int) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        told = _LENGTH.search(head)
        missing = int(told[1]) - len(body) if told else 0
        while missing > 0:
            missing -= len(piece := caller.recv(_PIECE))
            with self._lock:
                self._sent.append(piece)
            if not piece:
                return
        said = head.decode("latin-1")
        text = json.dumps({"error": said, "message": said, "encoded": base64.b64encode(head).decode()}).encode()
        reply = f"HTTP/1.1 {status} {said.splitlines()[0][:60]}\r\nX-Echo: {' '.join(said.split())}\r\n"
        reply += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        caller.sendall(reply.encode("latin-1") + text)


def _pump(service: socket.socket, caller: socket.socket) -> None:
    with suppress(OSError):
        while data := service.recv(_PIECE):
            caller.sendall(data)
        caller.shutdown(socket.SHUT_WR)


@contextmanager
def recorder_to(target: int) -> Generator[Recorder]:
    """A recorder for as long as the block runs."""
    recorder = Recorder(target)
    try:
        yield recorder
    finally:
        recorder.close()
