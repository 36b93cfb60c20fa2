"""Market-data providers, one file each: `build(settings)` returns a MarketData. The file's name is the provider's."""

import importlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mcp_server.market_data import MarketData


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderSettings:
    """What a provider may use. `data_dir` is writable and this process's own.

    `connect_to` ("host:port") and `ca_file` send every connection of a network provider to another address, whose
    certificate that authority signed: for a mirror, a recording proxy, or a stand-in.
    """

    data_dir: Path
    connect_to: str | None = None
    ca_file: Path | None = None


class UnknownProvider(Exception):
    """There is no provider of that name. The text is a plain sentence."""


def check_provider(name: str) -> str:
    """Return the module of the provider `name` without importing it.

    Raises:
        UnknownProvider: If there is no such file.
    """
    module = f"{__name__}.{name}"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or importlib.util.find_spec(module) is None:
        raise UnknownProvider(f"There is no market-data provider named {name}.")
    return module


def load_provider(name: str, settings: ProviderSettings) -> MarketData:
    """Import the provider `name` and build it.

    Raises:
        UnknownProvider: If there is no such provider.
    """
    module = importlib.import_module(check_provider(name))
    build = cast("Callable[[ProviderSettings], MarketData] | None", getattr(module, "build", None))
    if build is None:
        raise UnknownProvider(f"There is no market-data provider named {name}.")
    return build(settings)
