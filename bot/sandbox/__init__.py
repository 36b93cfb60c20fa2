"""A local server that speaks Mistral's Agents and Conversations API: Clew without a key, tests without a network."""
