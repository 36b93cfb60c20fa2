"""What a process remembers to save itself a call, and may forget."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The last `most` values, by when they were kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What was kept, unless it is forgotten."""
        return self._values.get(key)

    def keep(self, key: K, value: V) -> V:
        """Keep a value as the latest one, and give it back."""
        self._values.pop(key, None)
        self._values[key] = value
        while len(self._values) > self._most:
            self._values.popitem(last=False)
        return value

    def forget(self, key: K) -> None:
        """Forget a value, if there is one."""
        self._values.pop(key, None)
