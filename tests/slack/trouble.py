"""What goes wrong: faults of requests, of connections, of tokens."""

from __future__ import annotations

import asyncio
import signal as signals
from collections.abc import Callable, Iterable

from tests.slack.base import Served
from tests.slack.faults import Fault, Kind, Pid, When
from tests.slack.values import Json


class Trouble(Served):
    """Switches that tests set."""

    def fault(
        self,
        method: str,
        kind: Kind,
        *,
        when: When = "before",
        nth: int = 1,
        times: int = 1,
        status: int = 503,
        error: str = "internal_error",
        retry_after: int | str | None = None,
        seconds: float = 0.0,
        pid: Pid | None = None,
        signal: int = signals.SIGKILL,
        event: str | None = None,
        matching: Callable[[Json], bool] | None = None,
    ) -> Fault:
        """Let requests of a method (`*` and `?` as in file names) fail: the nth match, and `times - 1` after it.

        `before`: it is not applied. `after`: it is applied, then this comes instead of the reply. `reply`: the reply is
        sent, then this happens. `delay` and `hold` only put off what comes next: with `before` the request, with
        `after` its reply. `hang` is cut in the end, by `heal` or when the server ends.

        `signal` sends one to `pid`, and cuts the connection unless the reply was sent. `files.upload`, `response_url`
        and `socket` are methods too; with `socket`, the deliveries of one `event` (its type, or `slash_commands`,
        `block_actions` ...): `before` it is sent, `after` it is sent, and `reply` once it is acknowledged.
        """
        fault = Fault(
            method=method, kind=kind, when=when, nth=nth, times=times, status=status, error=error,
            retry_after=retry_after, seconds=seconds, pid=pid, signal=signal, event=event, matching=matching,
            loop=self._loop,
        )  # fmt: skip
        self._do(lambda: self._board.faults.append(fault))
        return fault

    def heal(self) -> None:
        """No further faults; what is held goes on, and what hangs is cut."""
        self._do(self._board.heal)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell all clients to connect anew."""
        asyncio.run_coroutine_threadsafe(self._sockets.disconnect(reason), self._loop).result(30)

    def cut_sockets(self) -> None:
        """Reset all connections of clients."""
        self._do(self._sockets.cut)

    def redeliver(self, *, ts: str | None = None, new_event_id: bool = False) -> None:
        """Send the events that wait for an acknowledgement again; with a ts that message's, acknowledged or not."""
        label = self._world.new_id("Ev") if new_event_id else None
        self._do(lambda: self._sockets.redeliver(ts=ts, new_event_id=label))

    def forget(self) -> None:
        """Never send again the events that wait, as after more than six minutes."""
        self._do(self._sockets.forget)

    def retries(
        self, *, ack_seconds: float = 3.0, delays: Iterable[float] = (0.0, 60.0, 300.0), on_connect: bool = True
    ) -> None:
        """How long an acknowledgement may take, and when events are sent again; `on_connect`: also to who connects."""

        def job() -> None:
            self._sockets.ack_seconds = ack_seconds
            self._sockets.delays = list(delays)
            self._sockets.redeliver_on_connect = on_connect

        self._do(job)

    def twice(self, on: bool = True) -> None:
        """Deliver every event twice."""
        self._sockets.twice = on

    def tiers(self, on: bool = True) -> None:
        """Keep to Slack's rate limits."""
        self._gate.tiers.on = on

    def pages(self, limit: int) -> None:
        """How many things a page holds at most: 15 at first."""
        self._world.page_limit = limit

    def clock_behind(self, seconds: float) -> None:
        """What happens from now on counts as having happened so long ago, as long as nothing that stands is newer."""
        self._do(lambda: setattr(self._world, "behind", seconds))

    def expire_stream(self, ts: str) -> None:
        """End a stream as Slack does after some minutes."""

        def job() -> None:
            for channel in self._world.messages.values():
                if ts in channel:
                    channel[ts].streaming = False
                    self._world.ended_streams[ts] = "message_not_in_streaming_state"

        self._do(job)

    def expire_response_urls(self) -> None:
        """Half an hour passes: no response_url works any more."""

        def job() -> None:
            for reply in self._world.replies.values():
                reply.expired = True

        self._do(job)

    def revoke_token(self, error: str = "token_revoked") -> None:
        """The bot's token is worth nothing from now on; the app is told."""

        def job() -> None:
            self._gate.revoked = error
            event = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0BOT"]}}
            self._emit(event if error == "token_revoked" else {"type": "app_uninstalled"})

        self._do(job)

    def restore_token(self) -> None:
        """The bot's token is good again."""
        self._gate.revoked = None

    def set_scopes(self, *scopes: str) -> None:
        """What the bot's token may do from now on."""
        self._gate.scopes = frozenset(scopes)
