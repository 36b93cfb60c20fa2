"""The sandbox on its own: `python -m bot.sandbox --port 9100`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bot.sandbox.server import serve


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options = argparse.ArgumentParser(prog="bot.sandbox", description="A local server that speaks Mistral's API.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=9100)
    options.add_argument("--data-dir", type=Path, default=None, help="keep agents and conversations there")
    options.add_argument("--faults", action="store_true", help="mount /_sandbox: faults on demand, and a ledger")
    options.add_argument("--gullible", action="store_true", help="follow instructions found in the input")
    options.add_argument("--token-delay", type=float, default=0.012, help="seconds after each word")
    options.add_argument("--think-time", type=float, default=0.2, help="seconds before the first")
    given = options.parse_args()
    asyncio.run(
        serve(
            given.host,
            given.port,
            data_dir=given.data_dir,
            faults=given.faults,
            gullible=given.gullible,
            token_delay=given.token_delay,
            think_time=given.think_time,
        )
    )


if __name__ == "__main__":
    main()
