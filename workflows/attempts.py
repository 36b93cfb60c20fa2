"""Which attempt of an activity this is."""

from __future__ import annotations

from temporalio import activity


def is_again() -> bool:
    """Whether an attempt came before this one. An administrator's retry counts attempts anew, from 1."""
    if not activity.in_activity():
        return False
    info = activity.info()
    return info.attempt > 1 or info.current_attempt_scheduled_time > info.scheduled_time
