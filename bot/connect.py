"""One way to a Temporal server for every command: embedded, self-hosted or Temporal Cloud."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dotenv import dotenv_values
from temporalio.client import Client, Interceptor
from temporalio.envconfig import ClientConfig
from temporalio.service import RetryConfig, RPCError

from bot.errors import PlainError
from bot.settings import Settings, SettingsError
from workflows.codec import CodecError, data_converter

DEFAULT_ADDRESS = "127.0.0.1:7233"

CLOUD_UI = "https://cloud.temporal.io"
_CLOUD = (".tmprl.cloud", ".api.temporal.io")

LONG_LIVED = RetryConfig(max_elapsed_time_millis=60_000, max_retries=1000, max_interval_millis=1000)
"""Workers and bots outlive a restart of the server; the default gives up after ten seconds."""

BRIEF = RetryConfig(max_elapsed_time_millis=2_500, max_retries=10, max_interval_millis=500)
"""A person waits at the terminal."""

_TRY_SECONDS = 2.0
_PAUSE_SECONDS = 0.1

START_PATIENCE = 60.0
"""Seconds for which a role waits for Temporal at its start; past that whoever runs it starts it again."""


class UnreachableError(PlainError):
    """Temporal cannot be reached. Its text is a plain sentence with the address and no exception text."""


def address_of(settings: Settings) -> str:
    """`host:port` that `connect` speaks to."""
    return str(_connect_config(settings).get("target_host") or DEFAULT_ADDRESS)


def ui_of(settings: Settings) -> str:
    """Where people look at Temporal's web interface: as set, Temporal Cloud's for Cloud, or "" if nobody said."""
    if settings.clew_temporal_ui is not None:
        return settings.clew_temporal_ui
    host = address_of(settings).rpartition(":")[0]
    return CLOUD_UI if host.endswith(_CLOUD) else ""


async def connect(
    settings: Settings,
    *,
    long_lived: bool = False,
    patience: float = 3.0,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect to the server that the settings name, or to the embedded one.

    Args:
        settings: as loaded, with the addresses of a running set (`bot.runtime.attach`).
        long_lived: for processes that outlive a restart of the server.
        patience: seconds to keep trying while the server does not answer.
        interceptors: client interceptors.

    Raises:
        UnreachableError: no answer within `patience`.
        SettingsError: the encryption key or Temporal's own settings are malformed.
    """
    config = _connect_config(settings)
    target = str(config.pop("target_host", None) or DEFAULT_ADDRESS)
    key = settings.clew_encryption_key
    try:
        converter = data_converter(None if key is None else key.get_secret_value())
    except CodecError as malformed:
        raise SettingsError(f"{malformed}.") from None
    deadline = time.monotonic() + patience
    while True:
        limit = min(_TRY_SECONDS, max(0.2, deadline - time.monotonic()))
        try:
            return await Client.connect(
                target,
                **config,
                data_converter=converter,
                interceptors=interceptors,
                retry_config=LONG_LIVED if long_lived else BRIEF,
                connect_timeout=timedelta(seconds=limit),
            )
        except (RuntimeError, RPCError, TimeoutError) as failure:
            # Core reports all of these as text only. Credentials will not get better by waiting.
            refused = any(word in str(failure) for word in ("Unauthenticated", "PermissionDenied", "Unauthorized"))
            if refused:
                raise UnreachableError(f"Temporal at {target} refuses these credentials.") from None
            if time.monotonic() + _PAUSE_SECONDS >= deadline:
                raise UnreachableError(f"Temporal at {target} cannot be reached.") from None
        await asyncio.sleep(_PAUSE_SECONDS)


def _connect_config(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of `Client.connect`, by Temporal's own rules for names, files and profiles."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("TEMPORAL_")}
    if settings.embedded_temporal:
        # A profile meant for another server must not follow us to the embedded one.
        address = settings.clew_embedded_temporal or DEFAULT_ADDRESS
        return {"target_host": address, "namespace": settings.temporal_namespace or "default"}
    from_file = dotenv_values(".env")
    for name, value in from_file.items():
        if name.startswith("TEMPORAL_") and value and name not in environment:
            environment[name] = value
    for name in ("temporal_address", "temporal_namespace", "temporal_profile"):
        value = getattr(settings, name)
        if value is not None:
            environment[name.upper()] = value
    if settings.temporal_api_key is not None:
        environment["TEMPORAL_API_KEY"] = settings.temporal_api_key.get_secret_value()
    if "HOME" in os.environ:
        environment["HOME"] = os.environ["HOME"]
    try:
        loaded = ClientConfig.load_client_connect_config(
            profile=settings.temporal_profile, override_env_vars=environment
        )
    except (RuntimeError, ValueError, TypeError):
        raise SettingsError(
            "TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE or TEMPORAL_TLS_… cannot be used; "
            "check the profile's name, the file and the paths in it."
        ) from None
    return {name: value for name, value in loaded.items() if value is not None}
