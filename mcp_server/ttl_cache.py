"""A small cache in memory: entries expire, and several callers of one missing key make it once."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(kw_only=True, slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    made_at: float | None = None


class TtlCache:
    """Holds at most `size` values, the least recently used going first. Errors are never kept."""

    def __init__(self, *, size: int = 512, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, key: Hashable, *, ttl: float, make: Callable[[], T]) -> T:
        """Return the value under `key` if it is younger than `ttl` seconds, else make it. Raises what `make` raises."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        with entry.lock:
            if entry.made_at is None or self._clock() - entry.made_at >= ttl:
                entry.value = make()
                entry.made_at = self._clock()
            value: T = entry.value
            return value
