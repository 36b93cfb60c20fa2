"""Three classes of outcome, named once for Mistral, MCP, Slack, Discord and the terminal.

Retriable: not applied; wait as told, then the same call again. Ambiguous: perhaps applied; reconcile before any
write. Terminal: never again; a plain sentence. They cross Temporal as `ApplicationError` with the class as its type.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, cast

from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as TemporalTimeoutError


class OutcomeClass(StrEnum):
    """The class of a failed call."""

    RETRIABLE = "Retriable"
    AMBIGUOUS = "Ambiguous"
    TERMINAL = "Terminal"


class CallError(Exception):
    """A failed call to the outside. `code` picks the user's sentence; the message is the operator's."""

    outcome: OutcomeClass

    def __init__(self, message: str, *, code: str = "internal") -> None:
        super().__init__(message)
        self.code = code


class Retriable(CallError):
    """Not applied. `retry_after` in seconds as told, None if not told; `sent` is False if it never left us."""

    outcome = OutcomeClass.RETRIABLE

    def __init__(
        self, message: str, *, code: str = "busy", retry_after: float | None = None, sent: bool = True
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        self.sent = sent


class Ambiguous(CallError):
    """Perhaps applied. `unusable` marks a complete reply that could not be used (unparseable structured output).

    `tokens` is what the call cost where that is known; None where it may have cost anything.
    """

    outcome = OutcomeClass.AMBIGUOUS

    def __init__(
        self, message: str, *, code: str = "unreachable", unusable: bool = False, tokens: int | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.unusable = unusable
        self.tokens = tokens


class Terminal(CallError):
    """Never again. `status` is the service's HTTP status, 0 where there is none."""

    outcome = OutcomeClass.TERMINAL

    def __init__(self, message: str, *, code: str, status: int = 0) -> None:
        super().__init__(message, code=code)
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A failed activity as a workflow sees it. `retry_after` in seconds; `tokens` is None where its cost is unknown."""

    outcome: OutcomeClass
    code: str = "internal"
    retry_after: float | None = None
    sent: bool = True
    unusable: bool = False
    status: int = 0
    tokens: int | None = None


def decided_by_workflow(error: CallError) -> ApplicationError:
    """The error for an activity that Temporal must not repeat: the workflow decides (agent steps)."""
    return ApplicationError(str(error), _facts(error), type=error.outcome.value, non_retryable=True)


def retried_by_temporal(error: CallError, *, settle: float = 0.0) -> ApplicationError:
    """The error for an activity that Temporal repeats (tools, delivery). `settle` in seconds: wait after ambiguity."""
    delay: float | None = None
    if isinstance(error, Retriable):
        delay = error.retry_after
    elif isinstance(error, Ambiguous):
        delay = settle or None
    return ApplicationError(
        str(error),
        _facts(error),
        type=error.outcome.value,
        non_retryable=isinstance(error, Terminal),
        next_retry_delay=None if delay is None else timedelta(seconds=delay),
    )


def failure_of(error: ActivityError) -> Failure:
    """What an activity's failure means. A time-out or a lost worker is ambiguous: it may have been applied."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in set(OutcomeClass):
        facts = _told(cause)
        return Failure(
            outcome=OutcomeClass(cause.type),
            code=str(facts.get("code", "internal")),
            retry_after=facts.get("retry_after"),
            sent=bool(facts.get("sent", True)),
            unusable=bool(facts.get("unusable", False)),
            status=int(facts.get("status", 0)),
            tokens=facts.get("tokens"),
        )
    if isinstance(cause, TemporalTimeoutError):
        # Where time ran out between two tries, the last one's reason is the time-out's own cause.
        return Failure(outcome=OutcomeClass.AMBIGUOUS, code=str(_told(cause.cause).get("code", "unreachable")))
    return Failure(outcome=OutcomeClass.TERMINAL, code="internal")


def _told(error: BaseException | None) -> dict[str, Any]:
    """What `_facts` put into an error, as it came back."""
    if isinstance(error, ApplicationError) and error.details and isinstance(error.details[0], dict):
        return cast("dict[str, Any]", error.details[0])
    return {}


def _facts(error: CallError) -> dict[str, Any]:
    facts: dict[str, Any] = {"code": error.code}
    if isinstance(error, Retriable):
        facts |= {"retry_after": error.retry_after, "sent": error.sent}
    elif isinstance(error, Ambiguous):
        facts |= {"unusable": error.unusable, "tokens": error.tokens}
    elif isinstance(error, Terminal):
        facts["status"] = error.status
    return facts
