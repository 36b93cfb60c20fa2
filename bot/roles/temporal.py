"""`clew temporal`: the embedded Temporal server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

from bot import embedded
from bot.parent import die_with_supervisor
from bot.settings import Settings


def run(settings: Settings, *, port: int | None, ui_port: int | None, host: str = embedded.HOST) -> int:
    """Become the server, where a death signal outlives that; else stay beside it and stop it with us."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    binary = embedded.find_binary()
    # The server looks up who it runs as, and ends where a container's user has no name, unless it is told one.
    os.environ.setdefault("USER", "clew")
    command = [
        str(binary),
        *embedded.arguments(
            database=settings.data_dir / "temporal.db",
            host=host,
            port=port or embedded.PORT,
            namespace=settings.temporal_namespace or "default",
            ui_port=ui_port,
        ),
    ]
    if die_with_supervisor() and sys.platform != "win32":
        os.execv(command[0], command)  # noqa: S606 - a fixed argument list, no shell
    with subprocess.Popen(command) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: server.terminate())
        with suppress(KeyboardInterrupt):
            return server.wait()
    return 0
