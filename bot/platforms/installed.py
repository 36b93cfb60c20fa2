"""Which chat platforms are set up. A platform is a package here; its SDK is only loaded where its token is set.

A package `x` has `build.py` with `build_platform` and `build_listener`, and `checks.py` with `look`. Its token in
`Settings.chat_tokens` makes it known.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from temporalio.client import Client

from bot.access import Access
from bot.administering import Administering
from bot.chat import Listener
from bot.findings import Finding
from bot.settings import Settings
from workflows.blobs import BlobStore
from workflows.chat import Chat


class Build(Protocol):
    """What a platform's `build` module offers."""

    def build_platform(self, settings: Settings, blobs: BlobStore) -> Chat:
        """The delivering half. Raises SettingsError."""
        ...

    def build_listener(
        self, settings: Settings, access: Access, temporal: Client, administering: Administering
    ) -> Listener:
        """The listening half. Raises SettingsError."""
        ...


class Checks(Protocol):
    """What a platform's `checks` module offers."""

    async def look(self, settings: Settings) -> list[Finding]:
        """What the platform itself says of our tokens."""
        ...


def installed(settings: Settings) -> Sequence[str]:
    """The platforms whose token is set, by name."""
    return [name for name, token in settings.chat_tokens.items() if token is not None]


def build_of(platform: str) -> Build:
    """How a platform's halves are built; loads its SDK."""
    return cast("Build", import_module(f"bot.platforms.{platform}.build"))


def checks_of(platform: str) -> Checks:
    """What can be checked of a platform; loads its SDK."""
    return cast("Checks", import_module(f"bot.platforms.{platform}.checks"))
