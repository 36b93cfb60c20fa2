"""The sample provider and a server over it, made once: both only read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import settings
from mcp.server.mcpserver import MCPServer

from mcp_server.market_data import MarketData
from mcp_server.providers import ProviderSettings, load_provider
from mcp_server.server import build_server
from tests.mcp_server.yahoo_fake import FakeYahoo, running_yahoo, write_authority
from tests.mcp_server.yahoo_rig import Rig, apple, rigged

settings.register_profile("untimed", deadline=None, max_examples=20)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> MarketData:
    """The provider of packaged historical data."""
    market = load_provider("sample", ProviderSettings(data_dir=tmp_path_factory.mktemp("sample")))
    market.warm_up()
    return market


@pytest.fixture(scope="session")
def server(sample: MarketData) -> MCPServer[Any]:
    """The project's server over the sample."""
    return build_server(sample)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who signs the fake Yahoo's certificate."""
    return trustme.CA()


@pytest.fixture(scope="session")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, as a file."""
    return write_authority(authority, tmp_path_factory.mktemp("authority"))


@pytest.fixture
def yahoo(authority: trustme.CA) -> Iterator[FakeYahoo]:
    """A fake Yahoo that lists Apple."""
    with running_yahoo(authority) as fake:
        fake.add(apple())
        yield fake


@pytest.fixture
def rig(yahoo: FakeYahoo, authority_file: Path, tmp_path: Path) -> Iterator[Rig]:
    """The provider, connected to it."""
    with rigged(yahoo, authority_file, tmp_path) as ready:
        yield ready
