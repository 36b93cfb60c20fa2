"""What all tools share: argument types, how a provider's errors are told, and how a tool is registered."""

import functools
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp.types import ToolAnnotations
from pydantic import AfterValidator, Field

from mcp_server.market_data import NotAvailable, Outage, RateLimited, UnknownSymbol

RATE_LIMITED = -32090
"""JSON-RPC code: the provider asks to wait; `data` is `{"kind": "rate_limited", "retry_after": seconds}`."""

OUTAGE = -32091
"""JSON-RPC code: the provider is away; `data` is `{"kind": "outage"}`."""

AGENTS = "clew/agents"
"""Key in a tool's `_meta`: the agents that get the tool. The analyst gets every tool."""

SYMBOL_PATTERN = r"^\^?[A-Za-z0-9]{1,12}([.=-][A-Za-z0-9]{1,6}){0,2}$"
"""Also the guard of every address that a symbol becomes part of: no slash, no percent, no dot at the start."""

Symbol = Annotated[
    str,
    Field(
        pattern=SYMBOL_PATTERN,
        description="Ticker in Yahoo Finance's notation: AAPL, BRK-B, SAP.DE, ^GSPC, EURUSD=X, BTC-USD.",
        examples=["AAPL", "SAP.DE", "^GSPC"],
    ),
    AfterValidator(str.upper),
]

P = ParamSpec("P")
R = TypeVar("R")


def telling(call: Callable[P, R]) -> Callable[P, R]:
    """Map a provider's errors: what a smarter model could have avoided is a tool error, the rest a protocol error."""

    @functools.wraps(call)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except (UnknownSymbol, NotAvailable) as error:
            raise ToolError(str(error)) from error
        except RateLimited as error:
            data = {"kind": "rate_limited", "retry_after": error.retry_after}
            raise MCPError(RATE_LIMITED, str(error), data) from error
        except Outage as error:
            raise MCPError(OUTAGE, str(error), {"kind": "outage"}) from error

    return told


def add_tool(server: MCPServer[Any], call: Callable[..., object], *, title: str, agents: tuple[str, ...]) -> None:
    """Register `call`: its name, signature and docstring are the tool's whole definition. All tools only read."""
    server.add_tool(
        telling(call),
        title=title,
        description=_unwrapped(call.__doc__ or ""),
        annotations=ToolAnnotations(
            title=title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
        ),
        meta={AGENTS: list(agents)},
        structured_output=True,
    )


def _unwrapped(docstring: str) -> str:
    """Join the lines of each paragraph: models read sentences, not line lengths."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in docstring.split("\n\n"))
