"""What every role does around its own work: logs, traces, signals, and a plain word when it cannot start."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable

from bot.errors import PlainError
from bot.logs import configure_logging
from bot.observed import observed
from bot.redaction import Redactor
from bot.settings import Settings

UNUSABLE = 2
"""Exit code where a person has to act."""

_log = logging.getLogger(__name__)


def play(name: str, work: Callable[[], int], settings: Settings) -> int:
    """Do a role's work until it ends; returns the exit code."""
    redactor = Redactor(settings.secrets())
    configure_logging(redactor)
    try:
        with observed(settings, f"clew-{name}"):
            return work()
    except PlainError as problem:
        for line in redactor.text(str(problem)).splitlines():
            print(f"clew: {line}", file=sys.stderr, flush=True)  # noqa: T201 - a process talks to its terminal
        return UNUSABLE
    except KeyboardInterrupt:
        return 0
    except Exception:  # noqa: BLE001 - the last handler; the supervisor starts the role again
        _log.exception("%s died", name)
        return 1


def until_signal(role: Callable[[Settings, asyncio.Event], Awaitable[None]], settings: Settings) -> Callable[[], int]:
    """An asynchronous role as work: its event is set by SIGTERM or SIGINT."""

    async def run() -> None:
        until = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, until.set)
        await role(settings, until)

    def work() -> int:
        asyncio.run(run())
        return 0

    return work
