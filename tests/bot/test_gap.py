from __future__ import annotations

import asyncio
import time

import pytest

from bot.gap import Gap

HOUR = 3_600.0


async def read(gap: Gap) -> float:
    async with gap.reading() as since:
        return since


async def broken_off(gap: Gap, missed: float) -> None:
    async with gap.reading():
        gap.widen(missed)
        raise TimeoutError


async def test_at_first_all_of_the_window_is_read_and_then_only_what_may_have_been_missed() -> None:
    gap, now = Gap(HOUR), time.time()
    assert await read(gap) == pytest.approx(now - HOUR, abs=5)
    gap.widen(now - 10)
    gap.widen(now - 20)
    gap.widen(now - 5)
    assert await read(gap) == now - 20


async def test_what_is_not_read_to_its_end_is_read_again_and_with_it_what_was_missed_meanwhile() -> None:
    gap, now = Gap(HOUR), time.time()
    await read(gap)
    gap.widen(now - 10)
    with pytest.raises(TimeoutError):
        await broken_off(gap, now - 5)
    assert await read(gap) == now - 10


async def test_what_is_missed_while_it_is_read_is_read_after_it() -> None:
    gap, now = Gap(HOUR), time.time()
    async with gap.reading():
        gap.widen(now - 5)
    assert await read(gap) == now - 5


async def test_where_nothing_may_have_been_missed_or_nothing_is_to_be_read_it_waits() -> None:
    whole, none = Gap(HOUR), Gap(0)
    await read(whole)
    none.widen(time.time())
    for gap in (whole, none):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read(gap), 0)
