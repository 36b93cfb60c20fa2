"""A loopback Slack a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.slack.server import Slack, running_slack


@pytest.fixture
def slack() -> Iterator[Slack]:
    """One workspace with the app in it."""
    with running_slack() as running:
        yield running
