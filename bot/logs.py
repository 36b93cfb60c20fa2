"""Log lines of a role: one format, redacted before they are written."""

from __future__ import annotations

import logging
import sys

from bot.redaction import Redactor


class _RedactingFormatter(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.text(super().format(record))


def configure_logging(redactor: Redactor, level: int = logging.INFO) -> None:
    """Send this process's log to standard error, where the supervisor or a container picks it up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RedactingFormatter(redactor))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # One line per request, with the whole URL: noise at best, a leak at worst.
    for chatty in ("httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "mcp", "yfinance", "peewee"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
