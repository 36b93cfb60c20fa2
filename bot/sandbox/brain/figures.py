"""Figures as people read them. Nothing is computed here but rounding: each figure stands in a tool result."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_BILLION = 1e9
_MILLION = 1e6


def number(value: object) -> float | None:
    """`value` if it is a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def price(value: object, currency: object) -> str:
    """Two decimals and the currency: `252.20 USD`. Empty if there is no value."""
    known = number(value)
    return "" if known is None else f"{known:.2f}{_unit(currency)}"


def amount(value: object, currency: object) -> str:
    """Billions or millions with one decimal: `391.0 billion USD`. Empty if there is no value."""
    known = number(value)
    if known is None:
        return ""
    if abs(known) >= _BILLION:
        return f"{known / _BILLION:.1f} billion{_unit(currency)}"
    if abs(known) >= _MILLION:
        return f"{known / _MILLION:.1f} million{_unit(currency)}"
    return f"{known:.2f}{_unit(currency)}"


def count(value: object) -> str:
    """A number of things, long ones in millions: `46.2 million`."""
    known = number(value)
    if known is None:
        return ""
    return amount(known, None) if abs(known) >= _MILLION else f"{known:.0f}"


def percent(value: object, *, signed: bool = False) -> str:
    """One decimal: `12.5 %`, or `+12.5 %`. Empty if there is no value."""
    known = number(value)
    return "" if known is None else f"{known:{'+' if signed else ''}.1f} %"


def ratio(value: object) -> str:
    """Two decimals."""
    known = number(value)
    return "" if known is None else f"{known:.2f}"


def day(value: object) -> str:
    """The date of a date or an instant, `2024-12-30`."""
    return value[:10] if isinstance(value, str) else ""


def stamp(value: Json) -> str:
    """When the figures of a result were true, in what currency, and who says so."""
    source = str(value.get("source") or "")
    undated = "" if not source or value.get("rows") else "no date given"
    parts = [f"as of {day(value.get('as_of'))}" if value.get("as_of") else undated, str(value.get("currency") or "")]
    parts.append(f"source: {source}" if source else "")
    return ", ".join(part for part in parts if part)


def _unit(currency: object) -> str:
    return f" {currency}" if currency else ""
