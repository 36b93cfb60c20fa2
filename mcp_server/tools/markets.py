"""Tools about markets: finding a symbol, and whether an exchange is open."""

from typing import Annotated, Any, Protocol

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from mcp_server.later import Later
from mcp_server.market_data import MarketData, SymbolMatches
from mcp_server.tools.common import Symbol, add_tool
from mcp_server.tools.results import MarketStatus


class MarketHours(Protocol):
    """Knows the sessions of exchanges."""

    def __call__(self, *, symbol: str | None, exchange: str | None) -> MarketStatus:
        """Return the status of the exchange of that MIC, or of the one that `symbol` is listed on.

        Raises:
            NotAvailable: For an exchange whose sessions are not known.
        """
        ...


class MarketTools:
    """Tools that belong to no single company."""

    def __init__(self, market: Later[MarketData], hours: Later[MarketHours]) -> None:
        self._market = market
        self._hours = hours

    def register(self, server: MCPServer[Any]) -> None:
        """Add the tools to `server`."""
        everyone = ("planner", "prices", "fundamentals", "risk")
        add_tool(server, self.search_symbols, title="Symbol search", agents=everyone)
        add_tool(server, self.get_market_status, title="Market status", agents=("prices",))

    def search_symbols(
        self,
        query: Annotated[
            str,
            Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$", description="Company name or ticker."),
        ],
        limit: Annotated[int, Field(ge=1, le=20, description="How many matches.")] = 8,
    ) -> SymbolMatches:
        """Find the ticker of a company, fund, index, currency or cryptocurrency by name, or check a ticker.

        Use it first whenever a symbol is not certain.
        """
        found = self._market.get().search(query.strip(), limit=limit)
        return found.model_copy(
            update={"matches": found.matches[:limit], "truncated": found.truncated or len(found.matches) > limit}
        )

    def get_market_status(
        self,
        symbol: Annotated[Symbol | None, Field(description="A ticker: its exchange is meant.")] = None,
        exchange: Annotated[
            str | None, Field(pattern=r"^[A-Z0-9]{4}$", description="MIC of an exchange, such as XNYS or XLON.")
        ] = None,
    ) -> MarketStatus:
        """Tell whether an exchange is open now, and when it opens and closes next, holidays included.

        Without arguments it is about New York. Use it to say how fresh a price can be.
        """
        return self._hours.get()(symbol=symbol, exchange=exchange)
