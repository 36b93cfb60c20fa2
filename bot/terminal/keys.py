"""What a person types while answers come: read beside everything else, without ever holding it up."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

_ESCAPES = re.compile(r"\x1b(?:[\[O][0-9;?]*[ -/]*[@-~]?|.)?", re.DOTALL)
_UNFINISHED = re.compile(r"\x1b(?:[\[O][0-9;?]*[ -/]*)?\Z")
_END, _ERASE_LINE, _ERASE_WORD = "\x04", "\x15", "\x17"
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"


class Keyboard:
    """Lines of standard input. `typed` is the line being typed, where we draw it ourselves (a screen).

    `piped`: nobody sits there, so lines may wait for each other.
    """

    def __init__(self, *, piped: bool = False) -> None:
        self.piped = piped
        self.typed = ""
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._ended = False
        self._raw = ""
        self._pasting = False

    @property
    def ended(self) -> bool:
        """True once the last line was taken and no more can come."""
        return self._ended

    def take(self) -> str | None:
        """The next line if one is there. None if not, or at the end, which `ended` tells."""
        if self._lines.empty():
            return None
        line = self._lines.get_nowait()
        self._ended = line is None
        return line

    def feed(self, text: str) -> None:
        """Keys of a screen: printable ones are typed, Enter ends the line, Ctrl-D on an empty line ends it all.

        What is pasted is one text, line ends included. Escape sequences may come in pieces.
        """
        self._raw += text
        while True:
            before, mark, after = self._raw.partition(_PASTED if self._pasting else _PASTE)
            if not mark:
                break
            self._take_in(before)
            self._raw, self._pasting = after, not self._pasting
        unfinished = _UNFINISHED.search(self._raw)
        whole = len(self._raw) if unfinished is None else unfinished.start()
        self._take_in(self._raw[:whole])
        self._raw = self._raw[whole:]

    def _take_in(self, text: str) -> None:
        if self._pasting:
            lines = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
            self.typed += "".join(key for key in lines if key.isprintable() or key == "\n")
        else:
            self._type(_ESCAPES.sub("", text))

    def _type(self, keys: str) -> None:
        for key in keys:
            if key in "\r\n":
                self._lines.put_nowait(self.typed)
                self.typed = ""
            elif key == _END:
                if not self.typed:
                    self._lines.put_nowait(None)
            elif key in "\x7f\b":
                self.typed = self.typed[:-1]
            elif key == _ERASE_LINE:
                self.typed = ""
            elif key == _ERASE_WORD:
                head, space, _ = self.typed.rstrip().rpartition(" ")
                self.typed = head + space
            elif key.isprintable() or key == "\t":
                self.typed += key.replace("\t", " ")

    def put(self, line: str | None) -> None:
        """A whole line, or None for the end."""
        self._lines.put_nowait(line)


@contextmanager
def reading(keyboard: Keyboard, *, screen: bool) -> Generator[None]:
    """Read standard input into `keyboard` while the block runs; on a `screen` key by key, else line by line."""
    loop = asyncio.get_running_loop()
    if screen:
        with _unbuffered():
            _start(keyboard, loop, keys=True)
            yield
    else:
        _start(keyboard, loop, keys=False)
        yield


def _start(keyboard: Keyboard, loop: asyncio.AbstractEventLoop, *, keys: bool) -> None:
    # A daemon that reads the descriptor itself: it holds no lock that the interpreter waits for at its end.
    threading.Thread(target=_read, args=(keyboard, loop, keys), daemon=True, name="keyboard").start()


def _read(keyboard: Keyboard, loop: asyncio.AbstractEventLoop, keys: bool) -> None:  # noqa: FBT001 - a thread's argument
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    try:
        descriptor = sys.stdin.fileno()
        while data := os.read(descriptor, 4096):
            text = decoder.decode(data)
            if keys:
                loop.call_soon_threadsafe(keyboard.feed, text)
                continue
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                loop.call_soon_threadsafe(keyboard.put, line)
        if rest:
            loop.call_soon_threadsafe(keyboard.put, rest)
        loop.call_soon_threadsafe(keyboard.put, None)
    except (OSError, ValueError, RuntimeError):
        # Standard input or the loop was closed under us: nobody reads any more.
        return


@contextmanager
def _unbuffered() -> Generator[None]:
    """Keys come one by one and unechoed, pastes marked; Ctrl-C is still a signal. Elsewhere than POSIX: as it was."""
    try:
        import termios  # noqa: PLC0415 - POSIX only
        import tty  # noqa: PLC0415 - POSIX only
    except ImportError:
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        # What was typed while everything started stays in line: the default would throw it away.
        tty.setcbreak(descriptor, termios.TCSADRAIN)
        _tell(_PASTE_ON)
        yield
    finally:
        _tell(_PASTE_OFF)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _tell(control: str) -> None:
    with suppress(OSError, ValueError):
        sys.stdout.write(control)
        sys.stdout.flush()
