"""What Discord itself says of our token, for `clew doctor`. It only reads, and never prints a token."""

from __future__ import annotations

import discord

from bot.findings import Finding, ok, problem
from bot.platforms.discord.build import point
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.needs import MESSAGE_CONTENT_FLAGS, PERMISSIONS, invitation
from bot.platforms.discord.values import RESEARCH_COMMAND
from bot.platforms.shapes import Json
from bot.settings import Settings
from workflows.errors import CallError, Terminal

_LIMIT = 5.0
_SERVERS = 20


async def look(settings: Settings) -> list[Finding]:
    """Ask Discord. Nothing where no token is set."""
    if settings.discord_token is None:
        return []
    point(settings)
    rest = Rest(settings.discord_token.get_secret_value(), limit=_LIMIT)
    try:
        return await _asked(rest)
    except CallError as error:
        return [_refused(error)]
    finally:
        await rest.close()


async def _asked(rest: Rest) -> list[Finding]:
    me = await rest.read("/users/@me")
    application = await rest.read("/applications/@me")
    ident = str(application.get("id"))
    findings = [ok("Discord", f"the bot token works: {me.get('username')}.")]
    flags = application.get("flags")
    if isinstance(flags, int) and not flags & MESSAGE_CONTENT_FLAGS:
        findings.append(
            problem(
                "Discord intents",
                "the Message Content intent is off, so Clew is not told what people write. Switch it on under "
                f"https://discord.com/developers/applications/{ident}/bot.",
            )
        )
    servers = await rest.listed("/users/@me/guilds", params={"limit": _SERVERS})
    if not servers:
        findings.append(problem("Discord servers", f"the bot is in no server. Invite it: {invitation(ident)}"))
    else:
        findings.append(ok("Discord servers", f"in {len(servers)}. To invite the bot to another: {invitation(ident)}"))
    findings += [_server(server, ident) for server in servers]
    return [*findings, await _commands(rest, ident)]


def _server(server: Json, application: str) -> Finding:
    """What the bot may do in a server, channels' own rules aside."""
    may = discord.Permissions(int(str(server.get("permissions") or 0)))
    name = str(server.get("name"))[:40]
    lacking = [why for permission, why in PERMISSIONS.items() if not (may.administrator or getattr(may, permission))]
    if lacking:
        told = f"in {name} the bot may not {'; nor '.join(lacking)}. Invite it anew: {invitation(application)}"
        return problem("Discord permissions", told)
    return ok("Discord permissions", f"in {name} the bot has every permission that it needs.")


async def _commands(rest: Rest, application: str) -> Finding:
    known = await rest.listed("/applications/{application_id}/commands", application_id=application)
    if any(command.get("name") == RESEARCH_COMMAND for command in known):
        return ok("Discord commands", f"Discord offers {', '.join(sorted(str(one.get('name')) for one in known))}.")
    return ok("Discord commands", "not yet known to Discord; the bot tells it of them when it starts.")


def _refused(error: CallError) -> Finding:
    if isinstance(error, Terminal) and error.status == 401:
        return problem("DISCORD_TOKEN", "Discord refuses the token. Copy it anew from the application's Bot page.")
    return problem("Discord", "Discord does not answer. Is this machine allowed to reach it?")
