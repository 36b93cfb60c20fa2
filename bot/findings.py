"""What a check finds: one line, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a check found. Only a problem makes `clew doctor` fail."""

    OK = "ok"
    ADVICE = "advice"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line: what was looked at, and what to do in words."""

    subject: str
    verdict: Verdict
    text: str


def ok(subject: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(subject=subject, verdict=Verdict.OK, text=text)


def advice(subject: str, text: str) -> Finding:
    """Something works, and might be better."""
    return Finding(subject=subject, verdict=Verdict.ADVICE, text=text)


def problem(subject: str, text: str) -> Finding:
    """Something does not work."""
    return Finding(subject=subject, verdict=Verdict.PROBLEM, text=text)
