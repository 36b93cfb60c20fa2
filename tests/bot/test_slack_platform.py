from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.slack_rig import SlackRig
from tests.contracts.chat import ChatContract
from tests.slack.server import running_slack
from workflows.blobs import FileBlobStore


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[SlackRig]:
    with running_slack() as slack:
        rig = SlackRig(slack, FileBlobStore(tmp_path))
        yield rig
        assert slack.violations == []
        assert slack.unknown_methods() == []


class TestSlack(ChatContract):
    """Slack keeps the contract of a chat platform."""
