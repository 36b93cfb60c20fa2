"""The client of Mistral's API for tests. Without TLS, which takes longer to set up than a test takes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
from mistralai.client import Mistral

from workflows.mistral import MistralClient, Timeouts

IMPATIENT = Timeouts(idle=0.4, total=2.0, after_done=0.2)


@asynccontextmanager
async def mistral_at(
    url: str, timeouts: Timeouts = IMPATIENT, *, transport: httpx2.AsyncBaseTransport | None = None
) -> AsyncGenerator[MistralClient]:
    """A client for the server at `url`, or for whatever a transport answers."""
    async with httpx2.AsyncClient(verify=False, transport=transport) as asynchronous:
        with httpx2.Client(verify=False) as synchronous:
            sdk = Mistral(api_key="a-key-for-tests", server_url=url, client=synchronous, async_client=asynchronous)
            yield MistralClient(sdk, timeouts)
