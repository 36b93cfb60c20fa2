"""The commands that the application offers, and how Discord gets to know them."""

from __future__ import annotations

import logging
from typing import Any, Protocol, cast

import discord
from discord import app_commands

from bot.platforms.discord.values import ADMIN_COMMAND, MESSAGE_SHORTCUT, RESEARCH_COMMAND
from bot.tickers import suggest

Json = dict[str, Any]
Interaction = discord.Interaction[discord.Client]

ACTIONS = ("status", "show", "retry", "stop", "pause", "resume", "drain")

_CHOSEN = ("contexts", "integration_types")
"""Where a command can be used: said by Discord as it chose, where we leave it to it."""

_log = logging.getLogger(__name__)


class Ears(Protocol):
    """Who hears commands."""

    async def research(self, interaction: Interaction, symbol: str, question: str) -> None:
        """`/research`."""
        ...

    async def administer(self, interaction: Interaction, text: str) -> None:
        """`/research-admin`."""
        ...

    async def pointed(self, interaction: Interaction, message: discord.Message) -> None:
        """Research this message."""
        ...


def build_tree(client: discord.Client, ears: Ears) -> app_commands.CommandTree[discord.Client]:
    """The commands, and what each does. Discord is told of them by `register`."""
    tree = app_commands.CommandTree(client)

    @app_commands.describe(ticker="Which company: a symbol such as NVDA", question="What you want to know about it")
    async def research(
        interaction: Interaction,
        ticker: app_commands.Range[str, 1, 20],
        question: app_commands.Range[str, 1, 2_000] | None = None,
    ) -> None:
        await ears.research(interaction, ticker, question or "")

    async def symbols(_interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=label[:100], value=symbol[:100]) for symbol, label in suggest(typed)]

    @app_commands.describe(
        action="What to do", about="A thread: its link, or its id in the status. For pause and drain: why"
    )
    @app_commands.choices(action=[app_commands.Choice(name=name, value=name) for name in ACTIONS])
    async def administer(interaction: Interaction, action: str, about: str | None = None) -> None:
        await ears.administer(interaction, f"{action} {about or ''}".strip())

    async def pointed(interaction: Interaction, message: discord.Message) -> None:
        await ears.pointed(interaction, message)

    asked: app_commands.Command[Any, ..., Any] = app_commands.Command(
        name=RESEARCH_COMMAND, description="A full report about a listed company, in a thread", callback=research
    )
    asked.autocomplete("ticker")(symbols)
    admin: app_commands.Command[Any, ..., Any] = app_commands.Command(
        name=ADMIN_COMMAND, description="How Clew stands, for its administrators", callback=administer
    )
    for command in (asked, admin):
        tree.add_command(command)
    tree.add_command(app_commands.ContextMenu(name=MESSAGE_SHORTCUT, callback=pointed))
    return tree


async def register(tree: app_commands.CommandTree[discord.Client]) -> bool:
    """Tell Discord of the commands, unless it knows them as they are. Returns whether it was told.

    If it happened and we were not told, or we run again: it is the same list. Raises discord.HTTPException.
    """
    client = tree.client
    wanted: list[Json] = [command.to_dict(tree) for command in tree.get_commands()]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - its own gap
    http: Any = client.http
    known: list[Json] = await http.get_global_commands(client.application_id)
    if len(known) == len(wanted) and all(any(_same(command, other) for other in known) for command in wanted):
        return False
    await tree.sync()
    _log.info("told Discord of %d commands", len(wanted))
    return True


def _same(wanted: object, known: object) -> bool:
    """Whether what we say of a command is what Discord says, which says more."""
    if isinstance(wanted, dict) and isinstance(known, dict):
        ours, theirs = cast("Json", wanted), cast("Json", known)
        said = {name: value for name, value in ours.items() if value is not None or name not in _CHOSEN}
        return all(_same(value, theirs.get(name, _default(name, value))) for name, value in said.items())
    if isinstance(wanted, list) and isinstance(known, list):
        one, other = cast("list[object]", wanted), cast("list[object]", known)
        return len(one) == len(other) and all(map(_same, one, other))
    # A number of permissions is a text there.
    return wanted == known or (isinstance(wanted, int) and str(wanted) == known)


def _default(name: str, value: object) -> object:
    """What Discord leaves out where nothing else was said."""
    if name == "dm_permission":
        return True
    return [] if isinstance(value, list) else value if value in (None, False, "") else None
