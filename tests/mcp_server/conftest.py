"""The sample provider and a server over it, made once: both only read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from mcp.server.mcpserver import MCPServer

from mcp_server.market_data import MarketData
from mcp_server.providers import ProviderSettings, load_provider
from mcp_server.server import build_server

settings.register_profile("untimed", deadline=None, max_examples=60)
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
