"""The Slack adapter before a loopback Slack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.platforms.slack.calls import build_client
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.values import CAPABILITIES, NAME
from tests.contracts.chat import Write
from tests.slack.server import Slack
from workflows.blobs import BlobStore
from workflows.chat import Chat
from workflows.contracts import ThreadRef

METHODS: dict[Write, str] = {
    "open": "chat.postMessage",
    "post": "chat.postMessage",
    "edit": "chat.update",
    "delete": "chat.delete",
}


class SlackRig:
    """One workspace, one person, one channel."""

    def __init__(self, slack: Slack, blobs: BlobStore, **options: Any) -> None:
        self.slack = slack
        self.person = slack.user("Alice")
        self.channel = slack.channel("research")
        self.platform = SlackPlatform(
            build_client(slack.bot_token, slack.api_url),
            blobs,
            capabilities=replace(CAPABILITIES, settle=0.1, edit_interval=0.05),
            progress_per_minute=60_000,
            streams_per_minute=(60_000, 60_000),
            **options,
        )
        self.chat: Chat = self.platform

    async def thread(self) -> ThreadRef:
        ts = self.slack.say(self.channel, self.person, "What about Apple?")
        return ThreadRef(platform=NAME, workspace=self.slack.team, channel=self.channel, thread=ts)

    async def command(self, name: str) -> str:
        return name

    def time_passes(self) -> None:
        pass

    def lose_ack(self, operation: Write) -> None:
        self.slack.fault(METHODS[operation], "drop", when="after")

    def limit_rate(self, operation: Write, seconds: float) -> None:
        self.slack.fault(METHODS[operation], "status", status=429, retry_after=int(seconds))
