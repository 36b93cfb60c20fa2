"""A value that is made once, when it is first asked for or beforehand in the background."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Makes its value at most once. Whoever asks while it is being made waits; a failed making is tried again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    @classmethod
    def now(cls, value: T) -> "Later[T]":
        """Wrap a value that exists already."""
        later = cls(lambda: value)
        later.get()
        return later

    @property
    def ready(self) -> bool:
        """True if `get` returns at once."""
        return bool(self._made)

    def get(self) -> T:
        """Return the value, making it if need be. Raises what the making raises."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
