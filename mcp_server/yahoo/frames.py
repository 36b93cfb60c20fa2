"""Reading numbers, text and times out of what yfinance returns. Everything absent or odd becomes None."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

SOURCE = "Yahoo Finance"

_MINOR_UNITS = {"GBp": ("GBP", 0.01), "GBX": ("GBP", 0.01), "ZAc": ("ZAR", 0.01), "ILA": ("ILS", 0.01)}


def major_unit(currency: object) -> tuple[str | None, float]:
    """Return the currency's ISO code and the factor that turns its amounts into major units: pence into pounds."""
    if not isinstance(currency, str) or not currency:
        return None, 1.0
    return _MINOR_UNITS.get(currency, (currency, 1.0))


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it is, and an empty one for anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def number(value: Any, factor: float = 1.0) -> float | None:
    """Return a finite float, or None."""
    if isinstance(value, Mapping):
        value = mapping(cast("Any", value)).get("raw")  # Yahoo's {raw, fmt}
    if value is None or isinstance(value, bool | str):
        return None
    try:
        result = float(value) * factor
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def price(value: Any, factor: float = 1.0) -> float | None:
    """Return a price without binary noise: four decimals, six below one unit."""
    amount = number(value, factor)
    return None if amount is None else round(amount, 4 if abs(amount) >= 1 else 6)


def percent(value: Any) -> float | None:
    """Return a fraction as percent."""
    return number(value, 100.0)


def whole(value: Any) -> int | None:
    """Return a whole number, or None."""
    amount = number(value)
    return None if amount is None else round(amount)


def text(value: Any, *, limit: int = 300) -> str | None:
    """Return text on one line without control characters, cut at `limit`, or None if there is none."""
    if not isinstance(value, str):
        return None
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return (line if len(line) <= limit else line[: limit - 1] + "…") or None


def day(value: Any) -> str | None:
    """Return the ISO date of a timestamp, date or epoch second, or None."""
    if isinstance(value, pd.Timestamp | datetime):
        return None if value is pd.NaT else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and math.isfinite(value):
        return datetime.fromtimestamp(value, UTC).date().isoformat()
    return value[:10] if isinstance(value, str) and value else None


def instant(value: Any, timezone: Any) -> str | None:
    """Return an instant, from epoch seconds or a timestamp, as ISO 8601 in the exchange's time zone."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        moment = datetime.fromtimestamp(value, UTC)
    elif isinstance(value, datetime) and value is not pd.NaT:
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    else:
        return None
    try:
        zone = ZoneInfo(str(timezone)) if timezone else UTC
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    return moment.astimezone(zone).isoformat(timespec="seconds")


def records(frame: Any) -> list[dict[str, Any]]:
    """Return a frame's rows as dicts with the index under "index"; none for what is no frame."""
    if not isinstance(frame, pd.DataFrame) or frame.empty:
        return []
    rows: list[dict[str, Any]] = []
    for index, row in frame.iterrows():
        rows.append({"index": index, **{str(key): value for key, value in row.items()}})
    return rows
