"""Market data and prompts for Clew's agents, spoken to over MCP."""
