"""`Retry-After`, in both forms and in none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.retry_after import retry_after


@given(st.floats(min_value=0, max_value=1e9, allow_nan=False))
def test_seconds_are_seconds_with_a_fraction_too(seconds: float) -> None:
    assert retry_after(str(seconds)) == pytest.approx(seconds)


@given(st.integers(-86_400, 86_400))
def test_a_date_is_the_time_until_then_and_never_negative(seconds: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    found = retry_after(date)
    assert found is not None
    assert max(0, seconds) - 3 <= found <= max(0, seconds)


@pytest.mark.parametrize("ahead", [-600, 600])
def test_a_date_is_reckoned_by_the_clock_of_who_sent_it(ahead: int) -> None:
    now = datetime.now(UTC) + timedelta(seconds=ahead)
    told = [format_datetime(moment, usegmt=True) for moment in (now + timedelta(seconds=7), now)]
    assert retry_after(*told) == 7
    assert retry_after("2.5", told[1]) == 2.5


@pytest.mark.parametrize(
    "header",
    [None, "", "soon", "nan", "inf", "-inf", "Mon, 99 Foo 2026", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"],
)
def test_what_makes_no_sense_is_as_good_as_missing(header: str | None) -> None:
    assert retry_after(header) is None


def test_negative_seconds_are_none_to_wait() -> None:
    assert retry_after("-5") == 0.0


@given(st.text(max_size=60))
def test_no_header_whatever_raises(header: str) -> None:
    assert (retry_after(header) or 0.0) >= 0.0
