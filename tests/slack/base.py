"""What all parts of a running Slack share: its state, and the way into its thread."""

from __future__ import annotations

import asyncio

from tests.slack.events import callback
from tests.slack.faults import Board
from tests.slack.gate import Gate
from tests.slack.sockets import EVENT, Envelope, Sockets
from tests.slack.values import Json
from tests.slack.world import World
from tests.support.doubles import InLoop

SUBSCRIPTIONS = frozenset({
    "agent_session_stopped", "app_context_changed", "app_home_opened", "app_mention", "app_uninstalled", "message",
    "reaction_added", "tokens_revoked",
})  # fmt: skip


class Served(InLoop):
    """One workspace on its own thread. All methods may be called from any other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.subscriptions = SUBSCRIPTIONS
        """The kinds of events that are sent."""
        self._world = World()
        self._board = Board()
        self._sockets = Sockets(self._board)
        self._gate = Gate(self._world, self._sockets, self._board)
        self._world.emit = self._emit

    def _emit(self, event: Json) -> None:
        if event["type"] in self.subscriptions:
            payload = callback(self._world, event)
            self._sockets.send(Envelope(id=self._world.new_id("env-"), type=EVENT, payload=payload))
