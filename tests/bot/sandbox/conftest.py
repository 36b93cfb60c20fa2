"""A running sandbox and the real SDK pointed at it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.bot.sandbox.driver import Driver, driving
from tests.support.sandbox import RunningSandbox, running_sandbox


@pytest.fixture
async def sandbox() -> AsyncGenerator[RunningSandbox]:
    async with running_sandbox() as running:
        yield running


@pytest.fixture
async def driver(sandbox: RunningSandbox) -> AsyncGenerator[Driver]:
    async with driving(sandbox.url) as opened:
        yield opened
