"""Traces for as long as a process works, where they have somewhere to go."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings import Settings


@contextmanager
def observed(settings: Settings, service_name: str, *, on_screen: bool = False) -> Generator[None]:
    """Send this process's spans where the settings say while the block runs, the last ones at its end.

    `on_screen`: a person reads what this process writes, so a destination that cannot be reached is passed over.
    """
    if not settings.observed:
        yield
        return
    # Most of a second of imports that a process without anywhere to send traces does not pay.
    from bot.telemetry import configure_telemetry, finish_telemetry  # noqa: PLC0415 - see above

    if on_screen:
        for name in ("opentelemetry", "logfire"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        warnings.filterwarnings("ignore", message="Logfire API")
    configure_telemetry(settings, service_name)
    try:
        yield
    finally:
        finish_telemetry()


def trace_links(settings: Settings) -> Callable[[str], str]:
    """Makes of a turn's traceparent the address where people read its trace, or "" where there is none."""
    if settings.logfire_token is None:
        return lambda _traceparent: ""
    from bot.telemetry import trace_link  # noqa: PLC0415 - as above

    return trace_link
