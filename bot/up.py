"""`clew up`: which parts a set consists of, where they listen, and how long the set lives."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from dotenv import dotenv_values
from pydantic import SecretStr

from bot import embedded
from bot.errors import PlainError
from bot.platforms.terminal_store import open_store
from bot.redaction import Redactor
from bot.runtime import Lock, Part, Run, free_port, lease, read_run, supervisor_lock, write_run
from bot.settings import DEFAULT_MCP_URL, Settings
from bot.supervisor import Spec, Supervisor

MCP_PORT = 9000
SANDBOX_PORT = 9100

_WORKER_GRACE = 25.0
"""Seconds, above the worker's own grace period: running model calls may finish."""

_LOCK_PATIENCE = 1.0
_IDLE_CHECK = 1.0

# What a part needs is handed to it; what it does not need, it does not hold.
SECRETS = (
    "MISTRAL_API_KEY",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "DISCORD_TOKEN",
    "TEMPORAL_API_KEY",
    "MCP_AUTH_TOKEN",
    "CLEW_API_KEYS",
    "CLEW_ENCRYPTION_KEY",
    "LOGFIRE_TOKEN",
)

NOT_THE_WORKERS = ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "CLEW_API_KEYS")
"""What only those need who listen."""

BOT_SECRETS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "DISCORD_TOKEN",
    "TEMPORAL_API_KEY",
    "CLEW_ENCRYPTION_KEY",
    "LOGFIRE_TOKEN",
)
"""The bot holds chat credentials, and what it takes to hand over; no key of a model's, and no tool server's token."""


class AlreadyRunningError(PlainError):
    """Another supervisor holds this data directory."""


def fingerprint(settings: Settings, salt: str) -> str:
    """Tells whether two sets of settings would start the same set. Salted, so that it says nothing of a secret."""
    fields = settings.model_dump(exclude={"clew_linger", "clew_embedded_temporal", "clew_sandbox_url"})
    text = repr([*sorted((name, str(value)) for name, value in fields.items()), *settings.secrets()])
    return hashlib.blake2b(text.encode(), key=salt.encode()[:64], digest_size=16).hexdigest()


async def run_set(
    settings: Settings,
    *,
    until_idle: bool,
    ui: bool = False,
    echo: Callable[[str, str], None] = lambda _role, _line: None,
    ready: Callable[[Run], None] = lambda _run: None,
) -> None:
    """Run all parts until a signal, or, with `until_idle`, until nobody needs them.

    Raises:
        AlreadyRunningError: another supervisor holds this data directory.
        NoServerError: no Temporal server is named and no binary is installed.
    """
    data_dir = settings.data_dir
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with supervisor_lock(data_dir) as lock:
        if not await _take(lock):
            raise AlreadyRunningError(f"Clew runs already on {data_dir}. `clew status` shows it, `clew down` stops it.")
        run, specs = _plan(settings, until_idle=until_idle, ui=ui, previous=read_run(data_dir, even_stale=True))
        redactor = Redactor((*settings.secrets(), run.mcp_token))
        current = [run]

        def changed(parts: tuple[Part, ...]) -> None:
            current[0] = current[0].model_copy(update={"parts": parts})
            # The directory may be gone, which ends this set anyway.
            with suppress(OSError):
                write_run(data_dir, current[0])

        supervisor = Supervisor(specs, logs=data_dir / "logs", redactor=redactor, echo=echo, changed=changed)
        changed(supervisor.parts)
        ready(run)
        stop = asyncio.Event()
        _on_signals(stop, supervisor)
        with lease(data_dir) as held:
            watch = asyncio.create_task(_watch(settings, stop, held, until_idle=until_idle))
            # A watch that died would hold the lease, and every new terminal would wait for it.
            watch.add_done_callback(lambda _: stop.set())
            try:
                await supervisor.run(stop)
            finally:
                watch.cancel()
                with suppress(OSError):
                    (data_dir / "run.json").unlink()
            with suppress(asyncio.CancelledError):
                await watch


def _plan(settings: Settings, *, until_idle: bool, ui: bool, previous: Run | None) -> tuple[Run, list[Spec]]:
    """Addresses and processes of a new set. Ports of the set before are taken again: its terminals may still wait."""
    token = settings.mcp_auth_token.get_secret_value() if settings.mcp_auth_token else secrets.token_urlsafe(32)
    common = {name: value for name, value in os.environ.items() if name not in SECRETS}
    common |= _temporal_environment() | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    common |= _as_environment(settings, [name.upper() for name in Settings.model_fields if name.upper() not in SECRETS])
    common |= {"CLEW_MARKET_DATA": settings.market_data, "CLEW_DATA_DIR": str(settings.data_dir)}
    common |= _bytecode(settings.data_dir)
    worker = common | _as_environment(settings, [name for name in SECRETS if name not in NOT_THE_WORKERS])
    telemetry = _as_environment(settings, ("LOGFIRE_TOKEN",))

    specs: list[Spec] = []
    # Nothing listens yet: two parts could be given one port.
    taken: list[int] = []
    temporal_address: str | None = None
    ui_url: str | None = None
    if settings.embedded_temporal:
        embedded.find_binary()
        port = free_port(_port_of(previous.temporal_address if previous else None), embedded.PORT)
        taken.append(port)
        temporal_address = f"127.0.0.1:{port}"
        shown: list[str] = []
        if ui:
            ui_port = free_port(embedded.UI_PORT, but=taken)
            taken.append(ui_port)
            ui_url, shown = f"http://127.0.0.1:{ui_port}", ["--ui-port", str(ui_port)]
        specs.append(
            Spec(role="temporal", command=_clew("temporal", "--port", str(port), *shown), environment=common, grace=8.0)
        )
        worker["CLEW_EMBEDDED_TEMPORAL"] = temporal_address
    sandbox_url: str | None = None
    if settings.sandboxed:
        port = free_port(_port_of(previous.sandbox_url if previous else None), SANDBOX_PORT, but=taken)
        taken.append(port)
        sandbox_url = f"http://127.0.0.1:{port}"
        specs.append(Spec(role="sandbox", command=_clew("sandbox", "--port", str(port)), environment=common))
        worker["CLEW_SANDBOX_URL"] = sandbox_url
    mcp_url = settings.mcp_server_url
    if mcp_url is None:
        port = free_port(_port_of(previous.mcp_url if previous else None), MCP_PORT, but=taken)
        mcp_url = DEFAULT_MCP_URL.replace(str(MCP_PORT), str(port))
        environment = common | telemetry | {"MCP_AUTH_TOKEN": token}
        specs.append(Spec(role="mcp", command=_clew("mcp", "--port", str(port)), environment=environment))
    worker |= {"MCP_SERVER_URL": mcp_url, "MCP_AUTH_TOKEN": token}
    specs.append(Spec(role="worker", command=_clew("worker"), environment=worker, grace=_WORKER_GRACE))
    if any(token is not None for token in settings.chat_tokens.values()):
        ears = common | _as_environment(settings, BOT_SECRETS)
        if temporal_address is not None:
            ears["CLEW_EMBEDDED_TEMPORAL"] = temporal_address
        if ui_url is not None and settings.clew_temporal_ui is None:
            ears["CLEW_TEMPORAL_UI"] = ui_url
        specs.append(Spec(role="bot", command=_clew("bot"), environment=ears))
    run = Run(
        supervisor=os.getpid(),
        started=time.time(),
        until_idle=until_idle,
        fingerprint=fingerprint(settings, token),
        mcp_url=mcp_url,
        mcp_token=token,
        temporal_address=temporal_address,
        temporal_ui=ui_url,
        sandbox_url=sandbox_url,
    )
    return run, specs


def _as_environment(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    """Settings as environment variables, wherever they came from: parts read no `.env` of their own."""
    found: dict[str, str] = {}
    for name in names:
        value = getattr(settings, name.lower())
        if isinstance(value, SecretStr):
            found[name] = value.get_secret_value()
        elif isinstance(value, tuple):
            items = cast("tuple[SecretStr | str, ...]", value)
            found[name] = ",".join(item.get_secret_value() if isinstance(item, SecretStr) else item for item in items)
        elif value is not None:
            found[name] = str(value)
    return found


def _temporal_environment() -> dict[str, str]:
    """Temporal's own names (`TEMPORAL_TLS_…`) may stand in `.env` too. The API key is handed out apart."""
    found = {name: value for name, value in dotenv_values(".env").items() if name.startswith("TEMPORAL_") and value}
    return {name: os.environ.get(name, value) for name, value in found.items() if name not in SECRETS}


def _bytecode(data_dir: Path) -> dict[str, str]:
    """Where parts keep compiled modules if Python may not keep them beside their sources.

    Without any, half of a restarted worker's start is compiling what was compiled before.
    """
    spec = find_spec("temporalio")
    cached = None if spec is None or spec.cached is None else Path(spec.cached)
    if cached is None or cached.exists() or os.environ.get("PYTHONPYCACHEPREFIX"):
        return {}
    if not sys.dont_write_bytecode and os.access(cached.parents[1], os.W_OK):
        return {}
    return {"PYTHONPYCACHEPREFIX": str(data_dir / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}


def _clew(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot.cli", *arguments]


def _port_of(address: str | None) -> int:
    """The port in `host:port` or a URL; 0 where there is none."""
    text = (address or "").removesuffix("/mcp").rpartition(":")[2]
    return int(text) if text.isdigit() else 0


async def _take(lock: Lock) -> bool:
    """Take the supervisor's lock; somebody who only looks may hold it for a moment."""
    deadline = time.monotonic() + _LOCK_PATIENCE
    while not lock.take():
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(0.05)
    return True


def _on_signals(stop: asyncio.Event, supervisor: Supervisor) -> None:
    def asked() -> None:
        if stop.is_set():
            supervisor.hurry()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, asked)


async def _watch(settings: Settings, stop: asyncio.Event, held: Lock, *, until_idle: bool) -> None:
    """Set `stop` when the data directory is gone, or when nobody has needed the set for a while.

    The lease is then kept until the process ends: a terminal that comes now waits, and starts a new set.
    """
    idle_since: float | None = None
    while True:
        await asyncio.sleep(_IDLE_CHECK)
        if not (settings.data_dir / "run.lock").exists():
            stop.set()
            return
        if not until_idle:
            continue
        if not held.take():
            idle_since = None
            continue
        idle_since = idle_since or time.monotonic()
        if time.monotonic() - idle_since >= settings.clew_linger and not _unfinished(settings.data_dir):
            stop.set()
            return
        held.release()


def _unfinished(data_dir: Path) -> bool:
    """Whether a terminal still waits for an answer that this set owes it."""
    with open_store(data_dir) as store:
        return store.unfinished() > 0
