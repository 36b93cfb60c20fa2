"""Attempts of an activity, outside any worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio.testing import ActivityEnvironment


def attempt(number: int, *, start_to_close: float = 60.0, heartbeat: float = 3.0) -> ActivityEnvironment:
    """The `number`th one, with its time-outs in seconds."""
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info,
        attempt=number,
        start_to_close_timeout=timedelta(seconds=start_to_close),
        heartbeat_timeout=timedelta(seconds=heartbeat),
    )
    return environment
