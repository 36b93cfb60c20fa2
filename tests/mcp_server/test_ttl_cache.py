"""The cache, and values made later: once, whoever asks, and never a failure kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mcp_server.later import Later
from mcp_server.ttl_cache import TtlCache


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Maker:
    """Makes 1, 2, 3 and so on; raises while `broken`; waits at `gate` if there is one."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.made = 0
        self.broken = False
        self._gate = gate

    def __call__(self) -> int:
        if self._gate is not None:
            self._gate.wait(timeout=30)
        self.made += 1
        if self.broken:
            raise ValueError("broken")
        return self.made


def test_a_value_is_kept_until_it_expires() -> None:
    clock, make = Clock(), Maker()
    cache = TtlCache(clock=clock)

    first = cache.get("key", ttl=10, make=make)
    clock.now = 9.9
    kept = cache.get("key", ttl=10, make=make)
    clock.now = 10.0
    renewed = cache.get("key", ttl=10, make=make)

    assert (first, kept, renewed) == (1, 1, 2)


def test_a_failure_is_not_kept_and_does_not_renew_what_was() -> None:
    clock, make = Clock(), Maker()
    cache = TtlCache(clock=clock)
    make.broken = True
    with pytest.raises(ValueError, match="broken"):
        cache.get("key", ttl=10, make=make)
    make.broken = False

    assert cache.get("key", ttl=10, make=make) == 2


def test_the_least_recently_used_goes_first() -> None:
    make = Maker()
    cache = TtlCache(size=2, clock=Clock())
    for key in ("a", "b", "a", "c"):
        cache.get(key, ttl=10, make=make)

    assert make.made == 3
    cache.get("a", ttl=10, make=make)
    assert make.made == 3
    cache.get("b", ttl=10, make=make)
    assert make.made == 4


def test_callers_of_one_missing_key_make_it_once() -> None:
    gate = threading.Event()
    make = Maker(gate)
    cache = TtlCache(clock=Clock())
    with ThreadPoolExecutor(max_workers=4) as pool:
        waiting = [pool.submit(cache.get, "key", ttl=10, make=make) for _ in range(4)]
        gate.set()
        values = [future.result(timeout=30) for future in waiting]

    assert values == [1, 1, 1, 1]


def test_a_slow_key_keeps_no_other_waiting() -> None:
    gate = threading.Event()
    cache = TtlCache(clock=Clock())
    with ThreadPoolExecutor(max_workers=1) as pool:
        slow = pool.submit(cache.get, "slow", ttl=10, make=Maker(gate))
        assert cache.get("quick", ttl=10, make=Maker()) == 1
        gate.set()
        assert slow.result(timeout=30) == 1


def test_a_later_value_is_made_once_and_a_failed_making_is_tried_again() -> None:
    make = Maker()
    later = Later(make)
    make.broken = True
    with pytest.raises(ValueError, match="broken"):
        later.get()
    assert not later.ready
    make.broken = False

    assert later.get() == later.get() == 2
    assert later.ready


def test_whoever_asks_while_it_is_being_made_waits_for_the_same_value() -> None:
    gate = threading.Event()
    later = Later(Maker(gate))
    with ThreadPoolExecutor(max_workers=3) as pool:
        waiting = [pool.submit(later.get) for _ in range(3)]
        gate.set()
        assert [future.result(timeout=30) for future in waiting] == [1, 1, 1]
