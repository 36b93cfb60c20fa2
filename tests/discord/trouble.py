"""What goes wrong: faults of requests, of the gateway, of tokens."""

from __future__ import annotations

import signal as signals
from collections.abc import Callable
from typing import Any

from tests.discord import events
from tests.discord.base import Served
from tests.discord.faults import Fault, Kind, Pid, When
from tests.discord.gateway import INVALID_SESSION, RECONNECT
from tests.discord.values import Json
from tests.discord.world import BOT_USER, MAY_READ


class Trouble(Served):
    """Switches that tests set."""

    def fault(
        self,
        route: str,
        kind: Kind,
        *,
        when: When = "before",
        nth: int = 1,
        times: int = 1,
        status: int = 503,
        code: int = 0,
        retry_after: float | None = None,
        is_global: bool = False,
        via: bool = True,
        seconds: float = 0.0,
        pid: Pid | None = None,
        signal: int = signals.SIGKILL,
        event: str | None = None,
        matching: Callable[[Json], bool] | None = None,
    ) -> Fault:
        """Let requests of a route fail: the nth match, and `times - 1` after it.

        A route is `POST /channels/*/messages`, with `*` and `?` as in file names; it is held against the route
        (`POST /channels/{channel}/messages`) and against the path itself.

        `before`: it is not applied. `after`: it is applied, then this comes instead of the reply. `reply`: the reply is
        sent, then this happens. `delay` and `hold` only put off what comes next: with `before` the request, with
        `after` its reply. `hang` is cut in the end, by `heal` or when the server ends. `error` answers with a status
        and Discord's code, `status` with a bare status; 429 with `retry_after`, and, without `via`, as Cloudflare does.

        `signal` sends one to `pid`, and cuts the connection unless the reply was sent. `gateway` is a route too, of the
        deliveries of one `event` (`MESSAGE_CREATE`, `INTERACTION_CREATE` ...), `before` or `after` it is sent.
        """
        fault = Fault(
            route=route, kind=kind, when=when, nth=nth, times=times, status=status, code=code, retry_after=retry_after,
            is_global=is_global, via=via, seconds=seconds, pid=pid, signal=signal, event=event, matching=matching,
            loop=self._loop,
        )  # fmt: skip
        self._do(lambda: self._board.faults.append(fault))
        return fault

    def heal(self) -> None:
        """No further faults; what is held goes on, and what hangs is cut."""
        self._do(self._board.heal)

    def cut_gateway(self, code: int | None = None) -> None:
        """Reset all gateway connections, or close them with a code; their sessions can be resumed."""
        if code is None:
            self._do(self._gateway.cut)
        else:
            self._do(lambda: self._gateway.close(code))

    def reconnect(self) -> None:
        """Ask all clients to connect anew, and to resume."""
        self._do(lambda: self._gateway.say(RECONNECT))

    def invalidate_session(self, *, resumable: bool = False) -> None:
        """Tell all clients that their session is invalid; unless `resumable` none can be resumed, cut ones neither."""

        def job() -> None:
            if not resumable:
                self._gateway.end_sessions()
            self._gateway.say(INVALID_SESSION, resumable)

        self._do(job)

    def down(self, on: bool = True) -> None:
        """Reset all gateway connections and take no new ones. The REST API goes on."""

        def job() -> None:
            self._gateway.down = on
            if on:
                self._gateway.cut()

        self._do(job)

    def outage(self, on: bool = True) -> None:
        """The guild is unavailable: nothing of it is told of, though its people go on, and the REST API does."""

        def job() -> None:
            if on:
                self._emit(events.guild_unavailable())
            self._gateway.outage = on
            if not on:
                self._emit(events.guild_event(self._world))

        self._do(job)

    def twice(self, on: bool = True) -> None:
        """Deliver every event twice."""
        self._gateway.twice = on

    def malformed_event(self, name: str = "MESSAGE_CREATE", data: Any = None) -> None:
        """Send an event that lacks what every such event has."""
        self._do(lambda: self._gateway.dispatch_raw(name, {} if data is None else data))

    def heartbeats(self, *, seconds: float = 41.25, acknowledged: bool = True) -> None:
        """How often clients that connect from now on shall beat, and whether they are answered."""
        self._gateway.heartbeat_seconds, self._gateway.acks = seconds, acknowledged

    def refuse_intents(self, *, members: bool = False, content: bool = False) -> None:
        """Switch privileged intents off for the application: who asks for them is closed with 4014."""
        refused = (events.GUILD_MEMBERS if members else 0) | (events.MESSAGE_CONTENT if content else 0)
        self._gateway.refused_intents = refused
        self._world.application_flags = 0 if content else MAY_READ

    def identify_limit(self, total: int = 1000) -> None:
        """How many IDENTIFYs the token has; who goes beyond is closed with 4004."""
        self._world.identify_limit = total

    def rate_limits(self, on: bool = True) -> None:
        """Keep to rate limits as Discord's: see `buckets.LIMITS`."""
        self._gate.buckets.on = on

    def patience(self, seconds: float = 3.0) -> None:
        """How long an interaction waits for its answer."""
        self._patience = seconds

    def forget_nonce(self) -> None:
        """Some minutes pass: no nonce finds an earlier message any more."""
        self._do(self._world.nonces.clear)

    def clock_behind(self, seconds: float) -> None:
        """What happens from now on counts as having happened so long ago. Before anybody does anything."""
        self._do(lambda: self._world.go_back(seconds))

    def expire_interactions(self) -> None:
        """A quarter of an hour passes: no interaction's token works any more."""

        def job() -> None:
            for talk in self._world.talks.values():
                talk.expired = True

        self._do(job)

    def revoke_token(self) -> None:
        """The bot's token is worth nothing from now on."""

        def job() -> None:
            self._gate.revoked = True
            self._gateway.end_sessions()

        self._do(job)
        self.cut_gateway(4004)

    def kick_bot(self) -> None:
        """Remove the bot from the guild."""

        def job() -> None:
            self._world.people[BOT_USER].member = False
            self._emit(events.guild_left())

        self._do(job)
