"""What a platform's answers tell of its clock, and what is reckoned by it."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from bot.clock import PlatformClock
from bot.gap import Gap
from bot.platforms.slack.calls import build_client, clock_of, read
from tests.slack.server import running_slack

HOUR = 3_600.0


@pytest.mark.parametrize("ahead", [-600.0, 600.0])
def test_the_platforms_time_is_told_by_the_date_of_its_answers(ahead: float) -> None:
    clock = PlatformClock()
    assert clock.now() == pytest.approx(time.time(), abs=1)
    clock.told(formatdate(time.time() + ahead, usegmt=True))
    assert clock.now() == pytest.approx(time.time() + ahead, abs=3)
    clock.told(formatdate(time.time(), usegmt=True))
    assert clock.now() == pytest.approx(time.time(), abs=1)


@pytest.mark.parametrize(
    "date", [None, "", "soon", "Mon, 99 Foo 2026", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"]
)
def test_what_is_no_date_tells_nothing(date: str | None) -> None:
    clock = PlatformClock()
    clock.told(formatdate(time.time() + 600, usegmt=True))
    clock.told(date)
    assert clock.now() == pytest.approx(time.time() + 600, abs=3)


async def test_a_gap_is_as_wide_as_its_window_by_the_platforms_clock() -> None:
    clock = PlatformClock()
    clock.told(formatdate(time.time() - 600, usegmt=True))
    async with Gap(HOUR, clock).reading() as since:
        assert since == pytest.approx(time.time() - 600 - HOUR, abs=3)


async def test_slacks_answers_tell_its_client_the_time() -> None:
    with running_slack() as slack:
        client = build_client(slack.bot_token, slack.api_url)
        clock_of(client).told(formatdate(time.time() + 600, usegmt=True))
        await read(client, "auth.test")
        assert clock_of(client).now() == pytest.approx(time.time(), abs=6)
