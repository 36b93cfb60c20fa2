"""What `clew doctor` finds about Slack: tokens, scopes, channels, and people that the settings name."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from bot.findings import Finding, advice, ok, problem
from bot.platforms.shapes import items
from bot.platforms.slack.calls import build_client, call, data_of, read, send, word_of
from bot.platforms.slack.needs import EVENTS, SCOPES
from bot.platforms.slack.values import NAME
from bot.settings import Settings
from workflows.errors import CallError, Terminal

_LIMIT = 5
_AGAIN = "paste manifest.yml into the app's settings, install it again, and copy the token anew"


async def look(settings: Settings) -> list[Finding]:
    """Every finding about Slack, in the order in which a person would repair them. It writes nothing."""
    if settings.slack_bot_token is None:
        return []
    client = build_client(settings.slack_bot_token.get_secret_value(), settings.slack_url, limit=_LIMIT)
    try:
        findings = await _bot_token(client)
    except CallError as error:
        return [_refused("SLACK_BOT_TOKEN", error)]
    if settings.slack_app_token is not None:
        app = build_client(settings.slack_app_token.get_secret_value(), settings.slack_url, limit=_LIMIT)
        findings.append(await _app_token(app))
    findings += await _channels(client, settings)
    findings += await _people(client, settings)
    return findings


async def _bot_token(client: AsyncWebClient) -> list[Finding]:
    """Whose the token is, and which scopes it lacks: Slack says both at once. Raises CallError."""
    response = await send(client, "auth.test")
    me = data_of(response)
    findings = [ok("Slack", f"the bot token works: {me.get('user')} in {me.get('team')} ({me.get('team_id')}).")]
    told = {name.lower(): value for name, value in response.headers.items()}.get("x-oauth-scopes")
    if told is None:
        return findings
    granted = {scope.strip() for scope in str(told).split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        return [*findings, ok("Slack scopes", "the app has every scope that it needs.")]
    return findings + [
        problem("Slack scopes", f"{scope} is missing, so Clew cannot {SCOPES[scope]}; {_AGAIN}.") for scope in missing
    ]


async def _app_token(app: AsyncWebClient) -> Finding:
    try:
        await call(app, "apps.connections.open")
    except CallError as error:
        if isinstance(error, Terminal) and word_of(error) == "missing_scope":
            return problem("SLACK_APP_TOKEN", "lacks the scope connections:write; make another token with it.")
        return _refused("SLACK_APP_TOKEN", error)
    heard = ", ".join(EVENTS)
    return ok(
        "Slack events", f"Socket Mode opens. Slack tells nobody which events are subscribed; there must be {heard}."
    )


async def _channels(client: AsyncWebClient, settings: Settings) -> list[Finding]:
    try:
        page = await read(client, "users.conversations", types="public_channel,private_channel", limit=200)
    except CallError:
        return []
    joined = {str(channel.get("id")): str(channel.get("name")) for channel in items(page, "channels")}
    prefix = f"{NAME}:"
    wanted = [one.removeprefix(prefix) for one in settings.clew_allowed_channels if one.startswith(prefix)]
    absent = [channel for channel in wanted if channel not in joined]
    findings = [
        problem("CLEW_ALLOWED_CHANNELS", f"names {channel}, where the bot is not; type `/invite @Clew` there.")
        for channel in absent
    ]
    if not joined:
        return [*findings, advice("Slack channels", "the bot is in none; type `/invite @Clew` where it should answer.")]
    names = ", ".join(f"#{name}" for name in sorted(joined.values())[:10])
    return [*findings, ok("Slack channels", f"the bot is in {names}{' and more' if len(joined) > 10 else ''}.")]


async def _people(client: AsyncWebClient, settings: Settings) -> list[Finding]:
    findings: list[Finding] = []
    for name, listed in (("CLEW_ADMINS", settings.clew_admins), ("CLEW_ALLOWED_USERS", settings.clew_allowed_users)):
        for user in (one.removeprefix(f"{NAME}:") for one in listed if one.startswith(f"{NAME}:")):
            try:
                await read(client, "users.info", user=user)
            except Terminal as error:
                if word_of(error) in ("user_not_found", "users_not_found"):
                    findings.append(problem(name, f"names {user}, whom this workspace does not have."))
            except CallError:
                return findings
    return findings


def _refused(subject: str, error: CallError) -> Finding:
    if not isinstance(error, Terminal):
        return problem(subject, "Slack cannot be reached from here, so the token could not be checked.")
    return problem(subject, f"Slack refuses it ({word_of(error)}); {_AGAIN}.")
