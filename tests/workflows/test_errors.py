from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError, TimeoutType  # noqa: A004

from workflows.errors import (
    Ambiguous,
    CallError,
    Failure,
    OutcomeClass,
    Retriable,
    Terminal,
    decided_by_workflow,
    failure_of,
    retried_by_temporal,
)
from workflows.sentences import sentence


def failed(cause: BaseException) -> ActivityError:
    error = ActivityError(
        "activity failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="worker",
        activity_type="run_step",
        activity_id="1",
        retry_state=None,
    )
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            Retriable("busy", code="mistral_busy", retry_after=7.0),
            Failure(outcome=OutcomeClass.RETRIABLE, code="mistral_busy", retry_after=7.0),
        ),
        (
            Retriable("refused", code="unreachable", sent=False),
            Failure(outcome=OutcomeClass.RETRIABLE, code="unreachable", sent=False),
        ),
        (Ambiguous("cut"), Failure(outcome=OutcomeClass.AMBIGUOUS, code="unreachable")),
        (
            Ambiguous("no JSON", code="unusable_output", unusable=True),
            Failure(outcome=OutcomeClass.AMBIGUOUS, code="unusable_output", unusable=True),
        ),
        (
            Terminal("gone", code="mistral_gone", status=404),
            Failure(outcome=OutcomeClass.TERMINAL, code="mistral_gone", status=404),
        ),
    ],
)
def test_an_outcome_class_crosses_temporal_whole_and_is_never_repeated_by_it(
    error: CallError, expected: Failure
) -> None:
    crossing = decided_by_workflow(error)
    assert crossing.non_retryable
    assert failure_of(failed(crossing)) == expected


def test_a_lost_worker_is_ambiguous() -> None:
    timeout = TimeoutError("heartbeat", type=TimeoutType.HEARTBEAT, last_heartbeat_details=[])
    assert failure_of(failed(timeout)).outcome is OutcomeClass.AMBIGUOUS


def test_an_error_nobody_classified_is_terminal_and_says_nothing_of_itself() -> None:
    failure = failure_of(failed(ApplicationError("KeyError: 'token'", type="KeyError")))
    assert failure == Failure(outcome=OutcomeClass.TERMINAL, code="internal")
    assert "KeyError" not in sentence(failure.code)


def test_temporal_waits_as_told_and_never_repeats_what_is_terminal() -> None:
    assert retried_by_temporal(Retriable("busy", retry_after=3.0)).next_retry_delay == timedelta(seconds=3)
    assert retried_by_temporal(Ambiguous("cut"), settle=5.0).next_retry_delay == timedelta(seconds=5)
    assert retried_by_temporal(Terminal("gone", code="thread_gone")).non_retryable
