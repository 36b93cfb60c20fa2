"""A right request to the tool server, in its parts."""

from __future__ import annotations

import json
from typing import Any

from tests.support.market import TOKEN

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "stranger", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
CALL: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "get_quote", "arguments": {"symbol": "AAPL"}, "_meta": META},
}
BODY = json.dumps(CALL).encode()
RIGHT = {
    "Host": "127.0.0.1:{port}",
    "Authorization": f"Bearer {TOKEN}",
    "Accept": "application/json, text/event-stream",
    "Content-Type": "application/json",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
    "Mcp-Name": "get_quote",
}
