"""Fixtures that many tests share: a Temporal server and a tool server a session, everything else a test's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
from xdist.remote import Producer

from tests.support.market import RunningMarket, running_market
from tests.support.sandbox import running_sandbox
from tests.support.scheduling import Scheduling, begins
from tests.support.stack import Stack, stack_on
from tests.support.temporal import new_namespace, temporal_process
from tests.support.wire import wire_to

# Its plugin would import it in pytest's last moments, which Python 3.11 may refuse ("AST constructor recursion depth").
hypothesis.settings.register_profile("clew", max_examples=15, deadline=None)
hypothesis.settings.load_profile("clew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    items.sort(key=lambda item: begins(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Keep together, in one process, what shares fixtures."""
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def temporal_server() -> Iterator[str]:
    """Address of a real Temporal dev server."""
    with temporal_process() as address:
        yield address


@pytest.fixture(scope="session")
def market_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    """The tool server over sample data."""
    with running_market(tmp_path_factory.mktemp("market")) as running:
        yield running


@pytest.fixture
async def namespace(temporal_server: str) -> str:
    """A namespace of its own for one test."""
    return await new_namespace(temporal_server)


@pytest.fixture
async def idle_stack(
    temporal_server: str, namespace: str, market_server: RunningMarket, tmp_path: Path
) -> AsyncGenerator[Stack]:
    """Clew without a worker: the test starts one, or several, itself."""
    port = urlsplit(market_server.url).port
    assert port is not None
    market_server.market.clear()
    async with running_sandbox() as sandbox, wire_to(port) as tools:
        async with stack_on(temporal_server, namespace, market_server, sandbox, tools, tmp_path) as stack:
            yield stack
        market_server.market.clear()


@pytest.fixture
async def stack(idle_stack: Stack) -> AsyncGenerator[Stack]:
    """Clew with one worker."""
    async with idle_stack.worker():
        yield idle_stack
