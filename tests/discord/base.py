"""What all parts of a running Discord share: its state, and the way into its thread."""

from __future__ import annotations

import asyncio

from tests.discord.errors import NotThere
from tests.discord.faults import Board
from tests.discord.gate import Gate
from tests.discord.gateway import Gateway
from tests.discord.values import DM, Message
from tests.discord.world import BOT_USER, Event, World
from tests.support.doubles import InLoop


class Served(InLoop):
    """One guild on its own thread. All methods may be called from any other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._world = World()
        self._board = Board()
        self._gateway = Gateway(self._world, self._board)
        self._gate = Gate(self._world, self._gateway, self._board)
        self._world.emit = self._emit
        self._world.identified = lambda: self._gateway.identifies
        self._patience = 3.0

    def _emit(self, event: Event) -> None:
        """Tell of an event, if the bot may know of it."""
        place = None if event.channel is None else self._world.places[event.channel]
        if place is not None and not self._world.hears_of(place):
            return
        is_elsewhere = place is None or place.type != DM
        if is_elsewhere and event.intents and not self._world.people[BOT_USER].member and event.name != "GUILD_DELETE":
            return
        self._gateway.tell(event)

    def _standing(self, channel: str, message: str, user: str | None = None) -> Message:
        """A message that somebody can see.

        Raises:
            NotThere: If it does not stand, or not for them.
        """
        found = self._world.messages.get(channel, {}).get(message)
        if found is None or found.deleted or found.ephemeral_to not in {None, user}:
            raise NotThere(f"No message {message} stands in {channel}.")
        return found
