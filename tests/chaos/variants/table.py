"""Which variant has to be found out, by which row and by which invariant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One way to break the product; `name` is a patch's in `injected/sitecustomize.py`."""

    name: str
    title: str
    row: str
    platform: str
    invariant: str


def _variant(name: str, row: str, platform: str, invariant: str, title: str) -> Variant:
    return Variant(name=name, title=title, row=row, platform=platform, invariant=invariant)


VARIANTS = (
    _variant("no-dedupe", "SH4", "slack", "I6", "no dedupe"),
    _variant("acknowledge-first", "SS2-early", "slack", "I7", "acknowledges before the signal"),
    _variant("sdk-retries", "P1-drop", "slack", "I2", "the SDK's own retries"),
    _variant("no-look-up", "P1-5xx", "slack", "I2", "no look-up after an ambiguous post"),
    _variant("no-settle", "P3", "slack", "I2", "no wait before the look-up"),
    _variant("random-nonce", "P3-nonce", "discord", "I2", "a random nonce"),
    _variant("unforked", "L2-lost", "slack", "I6", "an append repeated without a fork"),
    _variant("crossed", "N1", "slack", "I3", "crossed thread ids"),
    _variant("forgetful", "C7", "slack", "I6", "seen ids lost at continue-as-new"),
)
