"""The routes of Discord's API that the loopback Discord knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.discord import callbacks, commands, messages, people, reactions, threads
from tests.discord.arguments import Call
from tests.discord.world import World

Handler = Callable[[World, Call], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One route. What its handler returns is the body; None is answered with 204."""

    name: str
    call: Handler
    status: int = 200
    needs_token: bool = True


_CHANNEL = "/channels/{channel}"
_MESSAGE = f"{_CHANNEL}/messages/{{message}}"
_REACTION = f"{_MESSAGE}/reactions/{{emoji}}"
_MEMBERS = f"{_CHANNEL}/thread-members"
_GUILD = "/guilds/{guild}"
_COMMANDS = "/applications/{application}/commands"
_GUILD_COMMANDS = "/applications/{application}/guilds/{guild}/commands"
_WEBHOOK = "/webhooks/{application}/{token}"

ROUTES = [
    *(
        Route(name=name, call=call)
        for name, call in (
            ("GET /users/@me", people.own_user),
            ("GET /users/@me/guilds", people.own_guilds),
            ("POST /users/@me/channels", people.open_dm),
            ("GET /users/{user}", people.user),
            ("GET /applications/@me", people.application),
            ("GET /oauth2/applications/@me", people.application),
            ("GET /gateway/bot", people.gateway_for_bot),
            (f"GET {_GUILD}", people.guild),
            (f"GET {_GUILD}/channels", people.channels),
            (f"GET {_GUILD}/roles", people.roles),
            (f"GET {_GUILD}/members", people.members),
            (f"GET {_GUILD}/members/{{user}}", people.member),
            (f"GET {_GUILD}/threads/active", threads.active),
            (f"GET {_CHANNEL}", people.channel),
            (f"PATCH {_CHANNEL}", threads.change),
            (f"DELETE {_CHANNEL}", threads.delete),
            (f"POST {_CHANNEL}/typing", messages.show_typing),
            (f"GET {_CHANNEL}/messages", messages.history),
            (f"POST {_CHANNEL}/messages", messages.create),
            (f"GET {_CHANNEL}/messages/pins", messages.pins),
            (f"GET {_MESSAGE}", messages.single),
            (f"PATCH {_MESSAGE}", messages.edit),
            (f"DELETE {_MESSAGE}", messages.delete),
            (f"GET {_REACTION}", reactions.who),
            (f"PUT {_REACTION}/@me", reactions.add),
            (f"DELETE {_REACTION}/@me", reactions.take_back),
            (f"DELETE {_REACTION}/{{user}}", reactions.take_back),
            (f"GET {_CHANNEL}/threads/archived/public", threads.archived),
            (f"GET {_MEMBERS}", threads.members),
            (f"PUT {_MEMBERS}/@me", threads.join),
            (f"PUT {_MEMBERS}/{{user}}", threads.join),
            (f"DELETE {_MEMBERS}/@me", threads.leave),
            *(
                (f"{verb} {path}{tail}", call)
                for path in (_COMMANDS, _GUILD_COMMANDS)
                for verb, tail, call in (
                    ("GET", "", commands.listed),
                    ("PUT", "", commands.overwrite),
                    ("POST", "", commands.upsert),
                    ("DELETE", "/{command}", commands.delete),
                )
            ),
        )
    ),
    Route(name=f"POST {_MESSAGE}/threads", call=threads.from_message, status=201),
    Route(name=f"POST {_CHANNEL}/threads", call=threads.alone, status=201),
    *(
        Route(name=name, call=call, needs_token=False)
        for name, call in (
            ("GET /gateway", people.gateway),
            ("POST /interactions/{interaction}/{token}/callback", callbacks.acknowledge),
            (f"POST {_WEBHOOK}", callbacks.follow_up),
            (f"GET {_WEBHOOK}/messages/{{message}}", callbacks.shown),
            (f"PATCH {_WEBHOOK}/messages/{{message}}", callbacks.change),
            (f"DELETE {_WEBHOOK}/messages/{{message}}", callbacks.take_back),
        )
    ),
]


def find_route(verb: str, parts: list[str]) -> tuple[Route, dict[str, str]] | None:
    """The route of a path, and what stands in its places; where two fit, the one that says more."""
    found: list[tuple[int, Route, dict[str, str]]] = []
    for route in ROUTES:
        method, _, template = route.name.partition(" ")
        pieces = template.strip("/").split("/")
        if method != verb or len(pieces) != len(parts):
            continue
        named = {piece[1:-1]: part for piece, part in zip(pieces, parts, strict=True) if piece.startswith("{")}
        if all(piece.startswith("{") or piece == part for piece, part in zip(pieces, parts, strict=True)):
            found.append((len(named), route, named))
    if not found:
        return None
    _, route, named = min(found, key=lambda each: each[0])
    return route, named
