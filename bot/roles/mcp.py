"""`clew mcp`: the tool server."""

from __future__ import annotations

from collections.abc import Callable

from bot.settings import Settings, SettingsError
from mcp_server.providers import UnknownProvider
from mcp_server.server import serve


def work(settings: Settings, *, host: str, port: int, allowed_hosts: tuple[str, ...] = ()) -> Callable[[], int]:
    """Serve tools and prompts on an address, under loopback names and those allowed.

    Raises SettingsError, when run, for a missing token or provider.
    """

    def run() -> int:
        if settings.mcp_auth_token is None:
            raise SettingsError("MCP_AUTH_TOKEN is not set; choose a secret and give it to the worker too.")
        instrument = None
        if settings.observed:
            from bot.telemetry import instrument_tool_server  # noqa: PLC0415 - as in the harness

            instrument = instrument_tool_server
        try:
            return serve(
                host=host,
                port=port,
                allowed_hosts=allowed_hosts,
                token=settings.mcp_auth_token.get_secret_value(),
                provider_name=settings.market_data,
                data_dir=settings.data_dir,
                instrument=instrument,
            )
        except UnknownProvider:
            raise SettingsError(f"CLEW_MARKET_DATA names no provider: {settings.market_data}.") from None
        except ValueError:
            raise SettingsError("MCP_AUTH_TOKEN is too short to guard anything.") from None

    return run
