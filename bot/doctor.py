"""`clew doctor`: one line per setting and part, in words. It names what to do and never prints a secret."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import ssl
import stat
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from rich.console import Console
from rich.text import Text
from temporalio.client import Client
from temporalio.service import RPCError

from bot.connect import UnreachableError, address_of, connect
from bot.embedded import NoServerError, find_binary
from bot.errors import PlainError
from bot.findings import Finding, Verdict, advice, ok, problem
from bot.platforms.installed import checks_of, installed
from bot.probes import http_status, worker_polls
from bot.runtime import Run, attach, read_run
from bot.settings import Settings, SettingsError, defaults, load_settings
from workflows.codec import CodecError, read_keys
from workflows.search_attributes import commands, missing

MISTRAL = "https://api.mistral.ai"
MISTRAL_SECONDS = 5.0
"""Limit of the one cheap read that checks the key."""


FULL = 50_000_000
"""Bytes of room on the data directory's disk below which it is as good as full: a busy hour may need that much."""

_STYLES = {Verdict.OK: "green", Verdict.ADVICE: "yellow", Verdict.PROBLEM: "bold red"}


async def examine(console: Console | None = None) -> bool:
    """Check everything and print it. True if nothing is a problem."""
    findings = await look()
    out = console or Console(highlight=False, soft_wrap=True)
    for finding in findings:
        mark = Text(f"{finding.verdict.value:<8}", style=_STYLES[finding.verdict])
        out.print(Text.assemble(mark, f"{finding.subject}: {finding.text}"))
    return all(finding.verdict is not Verdict.PROBLEM for finding in findings)


async def look() -> list[Finding]:
    """Every finding, in the order in which a person would repair them."""
    findings, settings, wrong = _settings()
    if settings is None:
        return findings
    run = read_run(settings.data_dir)
    attached = attach(settings, run)
    findings += [*_env_file(), _data_dir(settings)]
    encryption = _encryption(settings)
    if encryption.verdict is Verdict.PROBLEM:
        # Said once is enough: what else there is to say of Temporal needs no key.
        attached = attached.model_copy(update={"clew_encryption_key": None})
    # A part whose settings are wrong is not checked by their defaults, which nobody meant.
    parts: list[tuple[str, tuple[str, ...], Callable[[], Awaitable[list[Finding]]]]] = [
        ("chat", ("SLACK_", "DISCORD_", "CLEW_ADMINS"), lambda: _platforms(settings)),
        ("CLEW_ENCRYPTION_KEY", ("CLEW_ENCRYPTION_KEY",), lambda: _ready([encryption])),
        ("certificates", (), lambda: _ready([_certificates()])),
        ("Mistral", ("MISTRAL_",), lambda: _one(_mistral(settings, run))),
        ("tool server", ("MCP_",), lambda: _one(_tools(attached, run))),
        ("market data", ("CLEW_MARKET_DATA", "MISTRAL_"), lambda: _one(_market_data(settings))),
        ("Temporal", ("TEMPORAL_",), lambda: _temporal(attached, run)),
        ("traces", ("LOGFIRE_", "OTEL_"), lambda: _ready([_traces(settings)])),
    ]
    looks = [_unless_wrong(subject, needs, wrong, look_at) for subject, needs, look_at in parts]
    return [*findings, *(finding for found in await asyncio.gather(*looks) for finding in found)]


def _settings() -> tuple[list[Finding], Settings | None, tuple[str, ...]]:
    """What is wrong with the settings, them without what is wrong, and the names of that. None: no use without it."""
    try:
        return [ok("settings", "every value that is set can be used.")], load_settings(), ()
    except SettingsError as wrong:
        found, names = [problem("settings", line) for line in str(wrong).splitlines()], wrong.names
    try:
        return found, load_settings(**defaults(names)), names
    except SettingsError:
        return [*found, advice("everything else", "not checked before the settings are right.")], None, names


async def _unless_wrong(
    subject: str, needs: tuple[str, ...], wrong: tuple[str, ...], look_at: Callable[[], Awaitable[list[Finding]]]
) -> list[Finding]:
    hindering = [name for name in wrong if name.startswith(needs)]
    if not hindering:
        return await look_at()
    # Its own setting was named already.
    return [] if subject in hindering else [advice(subject, f"not checked; set {' and '.join(hindering)} right first.")]


async def _ready(findings: list[Finding]) -> list[Finding]:
    return findings


async def _one(finding: Awaitable[Finding]) -> list[Finding]:
    return [await finding]


async def _platforms(settings: Settings) -> list[Finding]:
    findings = _chat(settings)
    for name in installed(settings):
        findings += await checks_of(name).look(settings)
    return findings


def _env_file() -> list[Finding]:
    path = Path(".env")
    if not path.is_file():
        return []
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH):
        return [advice(".env", "others on this machine can read it; `chmod 600 .env`.")]
    return [ok(".env", "only you can read it.")]


def _data_dir(settings: Settings) -> Finding:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data_dir):
            pass
    except OSError as error:
        return problem(
            "data directory", f"{settings.data_dir} cannot be written ({_reason(error)}); see CLEW_DATA_DIR."
        )
    room = shutil.disk_usage(settings.data_dir).free
    if room < FULL:
        return problem(
            "data directory",
            f"the disk of {settings.data_dir} is full ({room / 1e6:.0f} MB are left): no question can be taken, and "
            "nothing can go on. What was taken is kept, and goes on once there is room.",
        )
    return ok("data directory", str(settings.data_dir))


def _chat(settings: Settings) -> list[Finding]:
    findings: list[Finding] = []
    shapes: tuple[tuple[str, SecretStr | None, str], ...] = (
        ("SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-"),
        ("SLACK_APP_TOKEN", settings.slack_app_token, "xapp-"),
    )
    for name, secret, prefix in shapes:
        if secret is not None and not secret.get_secret_value().startswith(prefix):
            findings.append(problem(name, f"is another kind of token; this one begins with {prefix}"))
    if settings.slack_bot_token is not None and settings.slack_app_token is None:
        findings.append(problem("Slack", "set SLACK_APP_TOKEN too; without it nothing is heard."))
    if settings.slack_bot_token is None and (settings.slack_app_token or settings.slack_signing_secret):
        findings.append(problem("Slack", "set SLACK_BOT_TOKEN too; without it nothing can be posted."))
    if not installed(settings):
        findings.append(advice("chat", "neither Slack nor Discord is set up; the terminal works: `clew ask …`."))
    elif not settings.clew_admins:
        findings.append(advice("CLEW_ADMINS", "nobody may use the admin commands."))
    return findings


def _encryption(settings: Settings) -> Finding:
    if settings.clew_encryption_key is None:
        return advice("CLEW_ENCRYPTION_KEY", "not set: whoever reads Temporal's database reads the conversations.")
    try:
        read_keys(settings.clew_encryption_key.get_secret_value())
    except CodecError as malformed:
        return problem("CLEW_ENCRYPTION_KEY", f"{str(malformed).removeprefix('CLEW_ENCRYPTION_KEY ')}.")
    return ok("CLEW_ENCRYPTION_KEY", "payloads are encrypted.")


def _certificates() -> Finding:
    context = ssl.create_default_context()
    # A directory of certificates is read when needed, so it shows in no count. It is None where there is none.
    directory: str | None = ssl.get_default_verify_paths().capath
    lazily = any(Path(directory or os.devnull).glob("*"))
    if context.cert_store_stats()["x509_ca"] or lazily:
        return ok("certificates", "the system's authorities are installed.")
    return problem("certificates", "no certificate authorities are installed; install the package ca-certificates.")


async def _mistral(settings: Settings, run: Run | None) -> Finding:
    if settings.sandboxed:
        running = "" if run is None or run.sandbox_url is None else f" It runs at {run.sandbox_url}."
        return advice(
            "Mistral", f"MISTRAL_API_KEY is not set: the sandbox stands in, no model writes answers.{running}"
        )
    url = settings.mistral_url or MISTRAL
    path = f"{urlsplit(url).path.rstrip('/')}/v1/models"
    headers = {"Authorization": f"Bearer {settings.mistral_key}"}
    status = await http_status(url, path, headers, limit=MISTRAL_SECONDS)
    host = urlsplit(url).netloc
    if status is None:
        return problem("Mistral", f"{host} cannot be reached from here; the key could not be checked.")
    if status in {401, 403}:
        return problem("MISTRAL_API_KEY", f"{host} refuses it.")
    if status == 429 or status >= 500:
        return advice("Mistral", f"{host} answers with status {status} right now; Clew waits for it.")
    if status >= 400:
        return problem("Mistral", f"{host} has no model list (status {status}); check MISTRAL_SERVER_URL.")
    return ok("Mistral", f"{host} takes the key; agents use {settings.clew_model}.")


async def _tools(attached: Settings, run: Run | None) -> Finding:
    url = attached.mcp_url
    own = run is not None and run.part("mcp") is not None
    token = attached.mcp_auth_token
    headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
    status = await http_status(url, urlsplit(url).path or "/", headers)
    if status is None and (own or attached.mcp_server_url is not None):
        return problem("tool server", f"{url} does not answer.")
    if status is None:
        return advice("tool server", "not running; `clew up`, `ask` and `chat` start it.")
    if status in {401, 403}:
        return problem("MCP_AUTH_TOKEN", f"the tool server at {url} refuses it.")
    return ok("tool server", f"{url} answers and takes the token.")


async def _market_data(settings: Settings) -> Finding:
    name = settings.market_data
    try:
        # Not imported by name: the tool server is another program, which happens to be installed here.
        providers: Any = importlib.import_module("mcp_server.providers")
        load: Callable[..., object] = providers.load_provider
        await asyncio.to_thread(load, name, providers.ProviderSettings(data_dir=settings.data_dir))
    except Exception as error:  # noqa: BLE001 - a provider may fail in any way; its class says which
        return problem("market data", f"the provider {name} does not load ({type(error).__name__}).")
    return ok("market data", f"the provider {name} loads.")


async def _temporal(attached: Settings, run: Run | None) -> list[Finding]:
    if attached.embedded_temporal and (run is None or run.temporal_address is None):
        try:
            binary = find_binary()
        except NoServerError as absent:
            return [problem("Temporal", str(absent))]
        return [advice("Temporal", f"the embedded server is not running; `clew up`, `ask` and `chat` start {binary}.")]
    try:
        client = await connect(attached)
    except UnreachableError as away:
        return [problem("Temporal", str(away))]
    except PlainError as wrong:
        return [problem("Temporal", str(wrong))]
    findings = [ok("Temporal", f"{address_of(attached)} answers, namespace {client.namespace}.")]
    return [*findings, await _search_attributes(client), await _worker(client, run)]


async def _search_attributes(client: Client) -> Finding:
    try:
        absent = await missing(client)
    except RPCError:
        return advice("search attributes", "the server does not list them; Clew works without them.")
    if not absent:
        return ok("search attributes", "all are registered.")
    names = ", ".join(key.name for key in absent)
    command = "; ".join(commands(client.namespace, absent))
    return advice("search attributes", f"{names} are missing; Clew works without them. To add them: {command}")


async def _worker(client: Client, run: Run | None) -> Finding:
    part = None if run is None else run.part("worker")
    if part is not None and await worker_polls(client, pid=part.pid, since=part.started):
        return ok("worker", "asks for work.")
    if part is not None:
        return problem("worker", f"is {part.state} and does not ask for work; see its log.")
    return advice("worker", "none was started here; questions wait until one runs.")


def _traces(settings: Settings) -> Finding:
    if not settings.observed:
        return ok("traces", "go nowhere: neither LOGFIRE_TOKEN nor OTEL_EXPORTER_OTLP_ENDPOINT is set.")
    return ok("traces", "are sent, without prompts and secrets.")


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
