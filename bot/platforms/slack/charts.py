"""Charts: uploaded without a channel, so that no second message appears, then shown inside the answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.shapes import inner, items
from bot.platforms.slack.calls import read
from workflows.blobs import BlobStore
from workflows.contracts import Chart
from workflows.errors import CallError
from workflows.remembered import Remembered

_PATIENCE = 20.0
"""Seconds until an answer goes out without its chart."""

_POLL = 0.5
_REMEMBERED = 200

_log = logging.getLogger(__name__)


class Charts:
    """Pictures of this worker's answers, as ids of Slack's files."""

    def __init__(self, client: AsyncWebClient, blobs: BlobStore) -> None:
        self._client = client
        self._blobs = blobs
        self._known: Remembered[str, str] = Remembered(_REMEMBERED)

    async def file_of(self, chart: Chart) -> str:
        """The id of the chart's file, or "" where there is none in time: an answer never waits longer for a picture.

        If it was uploaded and we were not told, or we run again: another copy lies in Slack that nobody sees.
        """
        known = self._known.get(chart.image.key)
        if known is not None:
            return known
        try:
            async with asyncio.timeout(_PATIENCE):
                file = await self._upload(chart)
        except (CallError, SlackClientError, aiohttp.ClientError, OSError, ValueError, LookupError) as error:
            _log.warning("a chart could not be attached (%s)", type(error).__name__)
            return ""
        return self._known.keep(chart.image.key, file)

    async def _upload(self, chart: Chart) -> str:
        data = await self._blobs.get(chart.image)
        client: Any = self._client
        response = await client.files_upload_v2(
            content=data, filename="chart.png", title=chart.title or "Chart", alt_txt=chart.alt[:1_000]
        )
        file = str(items(response.data, "files")[0]["id"])
        while True:
            # Right after its upload a file has no type yet, and a message that shows it is refused.
            if inner(await read(self._client, "files.info", file=file), "file").get("mimetype"):
                return file
            await asyncio.sleep(_POLL)
