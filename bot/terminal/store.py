"""The terminal's store, under the name the rest of the command line knows it by."""

from __future__ import annotations

from bot.platforms.terminal_store import TerminalStore, open_store

__all__ = ["TerminalStore", "open_store"]
