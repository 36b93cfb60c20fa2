"""A person's terminal: `clew ask` or `clew chat` as a process, on a pipe or on a screen, and all that it shows."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests.bot.processes import eventually

PATIENCE = 60.0


class Terminal:
    """One command. `shown` is everything it wrote, errors too."""

    def __init__(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], cwd: Path, screen: bool = False
    ) -> None:
        if screen:
            ours, theirs = pty.openpty()
        else:
            ours, theirs = os.pipe()
        self._ours = ours
        self._written = bytearray()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", *arguments],
            env={**environment, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
            cwd=cwd,
            stdin=theirs if screen else subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def shown(self) -> str:
        """All that was shown so far."""
        return bytes(self._written).decode("utf-8", "replace")

    def type(self, line: str) -> None:
        """Type a line, and return."""
        if self.process.stdin is None:
            os.write(self._ours, f"{line}\r".encode())
        else:
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()

    def end_input(self) -> None:
        """End what is piped in."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def shows(self, text: str) -> None:
        """Wait until `text` is shown."""
        eventually(lambda: text in self.shown or self.process.poll() is not None, f"shown: {text}", PATIENCE)
        self._drain()
        assert text in self.shown, self.shown

    def left(self) -> int:
        """Wait until it ends; its exit code."""
        code = self.process.wait(timeout=PATIENCE)
        self._drain()
        return code

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        assert self.process.wait() == -signal.SIGKILL

    def close(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            with suppress(psutil.NoSuchProcess):
                self.process.kill()
            self.process.wait()
        self._reader.join(timeout=5)
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()

    def _drain(self) -> None:
        if self.process.poll() is not None:
            # A supervisor that it started holds no end of ours, so this ends with it.
            self._reader.join(timeout=5)

    def _read(self) -> None:
        with suppress(OSError):
            while chunk := os.read(self._ours, 65_536):
                self._written += chunk
        with suppress(OSError):
            os.close(self._ours)
