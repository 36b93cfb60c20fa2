"""Lines of a role's log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from temporalio import activity
from temporalio.testing import ActivityEnvironment

from bot.logs import configure_logging
from bot.redaction import Redactor
from workflows.errors import Ambiguous, CallError, Retriable, Terminal, decided_by_workflow, retried_by_temporal

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level


async def _failing(error: Exception) -> None:
    raise error


async def logged(error: Exception, capsys: pytest.CaptureFixture[str]) -> str:
    """What the log says of a failed activity, which it is told as Temporal's worker tells it."""

    async def fail() -> None:
        try:
            await _failing(error)
        except Exception:  # noqa: BLE001 - as the worker catches it
            activity.logger.warning("Completing activity as failed", exc_info=True)

    configure_logging(Redactor([SECRET]))
    await ActivityEnvironment().run(fail)
    return capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        Retriable("the tool server\nis restarting"),
        Ambiguous("the tool server\nis restarting"),
        Terminal("the tool server\nis restarting", code="tools_auth"),
    ],
)
async def test_a_failure_of_our_classes_is_one_line(error: CallError, capsys: pytest.CaptureFixture[str]) -> None:
    for packed in (retried_by_temporal(error), decided_by_workflow(error)):
        said = await logged(packed, capsys)
        assert len(said.splitlines()) == 1
        assert f"{error.outcome.value}, the tool server is restarting: Completing activity as failed" in said


async def test_any_other_failure_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    said = await logged(ValueError("unforeseen"), capsys)
    assert "Traceback (most recent call last)" in said
    assert "ValueError: unforeseen" in said


async def test_a_failure_in_one_line_holds_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    said = await logged(retried_by_temporal(Retriable(f"refused {SECRET}")), capsys)
    assert SECRET not in said
    assert "refused [redacted]" in said
