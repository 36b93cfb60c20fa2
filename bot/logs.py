"""Log lines of a role: one format, redacted before they are written."""

from __future__ import annotations

import copy
import logging
import sys

from bot.redaction import Redactor


class _RedactingFormatter(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.text(super().format(_expected(record) or record))


def _expected(record: logging.LogRecord) -> logging.LogRecord | None:
    """An activity's failure of one of our three classes as one line; None for any other record.

    Temporal's SDK logs each failed attempt with a traceback. Of an outcome that was foreseen it tells nothing.
    """
    if record.name != "temporalio.activity" or not record.exc_info:
        return None
    from temporalio.exceptions import ApplicationError  # noqa: PLC0415 - slow, and loaded already where this is logged

    from workflows.errors import OutcomeClass  # noqa: PLC0415 - as above

    error = record.exc_info[1]
    if not isinstance(error, ApplicationError) or error.type not in set(OutcomeClass):
        return None
    short = copy.copy(record)
    short.msg, short.args = f"{error.type}, {' '.join(error.message.split())}: {record.getMessage()}", None
    short.exc_info = short.exc_text = short.stack_info = None
    return short


def configure_logging(redactor: Redactor, level: int = logging.INFO) -> None:
    """Send this process's log to standard error, where the supervisor or a container picks it up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RedactingFormatter(redactor))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # One line per request, with the whole URL: noise at best, a leak at worst.
    for chatty in ("httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "mcp", "yfinance", "peewee"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
