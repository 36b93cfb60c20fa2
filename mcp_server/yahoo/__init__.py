"""What the yahoo provider is made of: a guarded session, and pure functions from yfinance's frames to values."""
