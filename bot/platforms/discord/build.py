"""Discord's two halves, as the settings describe them."""

from __future__ import annotations

import logging

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from temporalio.client import Client

from bot.access import Access
from bot.administering import Administering
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.listening import DiscordListener
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.discord.sessions import Sessions
from bot.settings import Settings, SettingsError
from workflows.blobs import BlobStore


def build_platform(settings: Settings, blobs: BlobStore) -> DiscordPlatform:
    """The delivering half. Raises SettingsError without a token."""
    point(settings)
    return DiscordPlatform(Rest(_token(settings)), blobs)


def build_listener(
    settings: Settings, access: Access, temporal: Client, administering: Administering
) -> DiscordListener:
    """The listening half. Raises SettingsError without a token."""
    point(settings)
    return DiscordListener(
        _token(settings),
        access,
        temporal,
        administering=administering,
        catch_up=settings.catch_up,
        sessions=Sessions(settings.data_dir / "discord-sessions.json"),
    )


def point(settings: Settings) -> None:
    """Let discord.py speak to another Discord than its own, where the settings name one. It knows one a process."""
    # Each try of a broken connection is told of with a page of traceback; its first line says as much.
    logging.getLogger("discord.client").addFilter(_without_traceback)
    # Nobody speaks here, and nobody has to be told that nobody can.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url.rstrip("/")
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = None
    return True


def _token(settings: Settings) -> str:
    if settings.discord_token is None:
        raise SettingsError("DISCORD_TOKEN is not set; without it nothing can be posted.")
    return settings.discord_token.get_secret_value()
