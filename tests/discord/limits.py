"""Discord's limits of what comes in: messages, embeds, files, threads, commands, choices."""

from __future__ import annotations

import re
from typing import Any

from tests.discord.arguments import Part
from tests.discord.component_checks import check_components
from tests.discord.errors import Refused
from tests.discord.findings import Findings
from tests.discord.values import COMPONENTS_V2, Json, Violation, as_object, as_objects
from tests.discord.world import World

CONTENT, NONCE, EMBEDS, EMBED_CHARACTERS, FILES = 2_000, 25, 10, 6_000, 10
FILE_BYTES, REQUEST_BYTES = 10 * 1024 * 1024, 25 * 1024 * 1024
_NAME = re.compile(r"[-_\w]{1,32}")
_MENTIONED = ("users", "roles", "everyone")


def check_message(world: World, route: str, body: Json, *, flags: int, files: set[str]) -> None:
    """Check what is written in one message; `flags`: those that it will have, `files`: the names that hang on it.

    Raises:
        Refused: Invalid Form Body; it is noted as a violation as well.
    """
    found = Findings()
    embeds = as_objects(body.get("embeds"))
    if flags & COMPONENTS_V2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(name):
                found.add(name, f"The {name} field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
    found.text(body.get("content"), CONTENT, "content", shortest=0, optional=True)
    nonce = body.get("nonce")
    found.text(None if nonce is None else str(nonce), NONCE, "nonce", shortest=0, optional=True)
    _check_embeds(found, embeds)
    check_components(found, as_objects(body.get("components")), v2=bool(flags & COMPONENTS_V2), files=files)
    _check_mentions(found, as_object(body.get("allowed_mentions")))
    found.refuse(world, route)


def check_files(world: World, route: str, parts: list[Part], standing: int) -> None:
    """Check the files of one message.

    Raises:
        Refused: Request entity too large, or Invalid Form Body.
    """
    sizes = [len(part.content) for part in parts]
    if sum(sizes) > REQUEST_BYTES or any(size > FILE_BYTES for size in sizes):
        world.violations.append(Violation(route=route, messages=(f"too large: {sizes}",)))
        raise Refused(413, 40005)
    found = Findings()
    found.count([*range(standing + len(parts))], FILES, "attachments")
    found.refuse(world, route)


def check_thread(world: World, route: str, body: Json) -> None:
    """Check a thread that is to begin, or to change.

    Raises:
        Refused: Invalid Form Body.
    """
    found = Findings()
    found.text(body.get("name"), 100, "name", optional=not route.startswith("POST"))
    if body.get("auto_archive_duration") is not None:
        found.choice(body["auto_archive_duration"], (60, 1440, 4320, 10080), "auto_archive_duration")
    found.refuse(world, route)


def check_choices(world: World, route: str, choices: list[Json]) -> None:
    """Check what is suggested while somebody types.

    Raises:
        Refused: Invalid Form Body.
    """
    found = Findings()
    found.count(choices, 25, "data/choices")
    for number, choice in enumerate(choices):
        found.text(choice.get("name"), 100, f"data/choices/{number}/name")
        if isinstance(choice.get("value"), str):
            found.text(choice["value"], 100, f"data/choices/{number}/value")
    found.refuse(world, route)


def check_commands(world: World, route: str, commands: list[Json]) -> None:
    """Check the commands that are to stand.

    Raises:
        Refused: Invalid Form Body.
    """
    found = Findings()
    found.count(commands, 100 + 15 + 15, "")
    names = [(command.get("type", 1), command.get("name")) for command in commands]
    for number, command in enumerate(commands):
        if names.count(names[number]) > 1:
            found.add(f"{number}/name", "Application command names must be unique.", "APPLICATION_COMMANDS_DUPLICATE")
        if command.get("type", 1) == 1:
            _check_described(found, command, str(number))
            _check_options(found, as_objects(command.get("options")), f"{number}/options")
        else:
            found.text(command.get("name"), 32, f"{number}/name")
            if command.get("description"):
                found.add(f"{number}/description", "Context menu commands cannot have description.")
    found.refuse(world, route)


def _check_options(found: Findings, options: list[Json], at: str) -> None:
    found.count(options, 25, at)
    optional = False
    for number, option in enumerate(options):
        here = f"{at}/{number}"
        _check_described(found, option, here)
        if option.get("type") in {1, 2}:
            _check_options(found, as_objects(option.get("options")), f"{here}/options")
            continue
        if option.get("required") and optional:
            found.add(here, "Required options must be placed before non-required options.")
        optional = optional or not option.get("required")
        choices = as_objects(option.get("choices"))
        found.count(choices, 25, f"{here}/choices")
        if choices and option.get("autocomplete"):
            found.add(here, "Choices and autocomplete exclude each other.")


def _check_described(found: Findings, thing: Json, at: str) -> None:
    name: Any = thing.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.lower():
        found.add(f"{at}/name", f"Command name is invalid: {name}", "APPLICATION_COMMAND_INVALID_NAME")
    found.text(thing.get("description"), 100, f"{at}/description")


def _check_embeds(found: Findings, embeds: list[Json]) -> None:
    found.count(embeds, EMBEDS, "embeds")
    total = 0
    for number, embed in enumerate(embeds):
        at = f"embeds/{number}"
        parts: list[tuple[Any, int, str]] = [
            (embed.get("title"), 256, f"{at}/title"),
            (embed.get("description"), 4096, f"{at}/description"),
            (as_object(embed.get("footer")).get("text"), 2048, f"{at}/footer/text"),
            (as_object(embed.get("author")).get("name"), 256, f"{at}/author/name"),
        ]
        fields = as_objects(embed.get("fields"))
        found.count(fields, 25, f"{at}/fields")
        for index, each in enumerate(fields):
            for name, longest in (("name", 256), ("value", 1024)):
                found.text(each.get(name), longest, f"{at}/fields/{index}/{name}")
                total += len(str(each.get(name) or ""))
        for value, longest, where in parts:
            found.text(value, longest, where, shortest=0, optional=True)
            total += len(value or "")
    if total > EMBED_CHARACTERS:
        found.add("embeds", f"Embed size exceeds maximum size of {EMBED_CHARACTERS}", "MAX_EMBED_SIZE_EXCEEDED")


def _check_mentions(found: Findings, allowed: Json) -> None:
    parse: list[Any] = allowed.get("parse") or []
    for number, each in enumerate(parse):
        found.choice(each, _MENTIONED, f"allowed_mentions/parse/{number}")
    for name in ("users", "roles"):
        ids: list[Any] = allowed.get(name) or []
        found.count(ids, 100, f"allowed_mentions/{name}")
        if ids and name in parse:
            found.add("allowed_mentions", f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.')
