"""`clew sandbox`: the local stand-in for Mistral."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.roles.harness import until_signal
from bot.settings import Settings


def work(settings: Settings, *, host: str, port: int) -> Callable[[], int]:
    """Serve the sandbox on an address. It keeps conversations in the data directory, as Mistral keeps them."""

    async def run(settings: Settings, until: asyncio.Event) -> None:
        from bot.sandbox.server import serve  # noqa: PLC0415

        await serve(host=host, port=port, data_dir=settings.data_dir, until=until)

    return until_signal(run, settings)
