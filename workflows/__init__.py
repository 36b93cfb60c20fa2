"""The durable part of Clew: the language (contracts, ports), the workflows and their activities."""
