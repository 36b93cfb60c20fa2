"""Slack's two halves, as the settings describe them."""

from __future__ import annotations

from temporalio.client import Client

from bot.access import Access
from bot.administering import Administering
from bot.platforms.slack.calls import build_client
from bot.platforms.slack.listening import SlackListener
from bot.platforms.slack.platform import SlackPlatform
from bot.settings import Settings, SettingsError
from workflows.blobs import BlobStore

EVENT_CALL = 2
"""Seconds for a call that an event's acknowledgement waits for."""


def build_platform(settings: Settings, blobs: BlobStore) -> SlackPlatform:
    """The delivering half. Raises SettingsError without a token."""
    return SlackPlatform(build_client(_bot_token(settings), settings.slack_url), blobs)


def build_listener(settings: Settings, access: Access, temporal: Client, administering: Administering) -> SlackListener:
    """The listening half. Raises SettingsError without tokens."""
    if settings.slack_app_token is None:
        raise SettingsError("SLACK_APP_TOKEN is not set; without it Slack has no way to reach Clew (docs/slack.md).")
    return SlackListener(
        build_client(_bot_token(settings), settings.slack_url, limit=EVENT_CALL),
        settings.slack_app_token.get_secret_value(),
        access,
        temporal,
        administering=administering,
        budget=settings.clew_daily_tokens_per_user,
        catch_up=settings.catch_up,
    )


def _bot_token(settings: Settings) -> str:
    if settings.slack_bot_token is None:
        raise SettingsError("SLACK_BOT_TOKEN is not set; without it nothing can be posted.")
    return settings.slack_bot_token.get_secret_value()
