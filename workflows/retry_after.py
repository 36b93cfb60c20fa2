"""`Retry-After`, which services send as seconds or as a date, and the dates of HTTP."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(header: str | None, date: str | None = None) -> float | None:
    """Seconds to wait, from either form of the header; None if it is missing or makes no sense.

    `date` is the answer's own `Date`: by that clock it means a date, and ours may be minutes off.
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return _until(header, date)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(header: str, date: str | None) -> float | None:
    until, now = http_date(header), http_date(date or "")
    if until is None:
        return None
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def http_date(date: str) -> datetime | None:
    """The moment that a header names; None if it makes no sense."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
