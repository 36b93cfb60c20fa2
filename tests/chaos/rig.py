"""A whole Clew before a loopback Slack and a loopback Discord at once, and who is killed in it."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from bot.connect import UnreachableError, connect
from bot.platforms.discord.values import DIRECT
from tests.bot.processes import alive, eventually
from tests.chaos.injected import Injected
from tests.chaos.ledger import Asked, Kill, Ledger, Pending
from tests.chaos.station import Station, running_station
from tests.chaos.variants.injected.sitecustomize import STATION
from tests.chaos.witness import DiscordWitness, SlackWitness, branches_of, steps_of, threads_of
from tests.discord.server import running_discord
from tests.e2e.chats.discord import DiscordSeat
from tests.e2e.chats.discord import settings_of as discord_settings
from tests.e2e.chats.seat import Seat
from tests.e2e.chats.slack import SlackSeat
from tests.e2e.chats.slack import settings_of as slack_settings
from tests.e2e.whole import Whole, whole
from tests.slack.server import running_slack
from tests.slack.world import TEAM
from workflows.contracts import ConversationView, ThreadRef
from workflows.identity import conversation_id

PLATFORMS = ("slack", "discord")
ROLES = ("bot", "worker", "mcp", "temporal")

TRIES = 10
"""Attempts of a pending activity beyond which nothing counts as healed."""

AWAY = 15.0
"""Seconds that a killed process may be felt: its restart, and the heartbeats that others missed meanwhile."""


class Rig:
    """One set, a seat on each platform, and a journal of what was done to it."""

    def __init__(
        self, made: Whole, injected: Injected, station: Station, slack: SlackSeat, discord: DiscordSeat
    ) -> None:
        self.whole = made
        self.injected = injected
        self.station = station
        self.slack = slack
        self.discord = discord
        self.kills: list[Kill] = []

    def seat(self, platform: str) -> Seat:
        """The seat on a platform."""
        return self.slack if platform == "slack" else self.discord

    # --- Deaths ------------------------------------------------------------------------------------------------------

    def note(self, role: str, *, away: float = AWAY) -> None:
        """A process is being hit now."""
        self.kills.append(Kill(role=role, at=time.time(), until=time.time() + away))

    def kill(self, role: str) -> int:
        """SIGKILL who plays a role; returns the process that died."""
        pid = self.whole.pid(role)
        self.note(role)
        os.kill(pid, signal.SIGKILL)
        return pid

    def started_anew(self, *roles: str) -> None:
        """Let roles begin anew, as what is injected now."""
        for role in roles:
            self.whole.replaced(role, self.kill(role))
        self.ready()

    @contextmanager
    def stopped(self, role: str) -> Generator[int]:
        """SIGSTOP who plays a role, for as long as the block lasts; whoever was killed meanwhile is not continued."""
        pid = self.whole.pid(role)
        self.note(role)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield pid
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            self.note(role)

    def kill_everything(self) -> None:
        """SIGKILL supervisor and all parts at once."""
        run = self.whole.run
        for part in run.parts:
            self.note(part.role, away=3 * AWAY)
        for pid in (run.supervisor, *(part.pid for part in run.parts if part.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start_again(self) -> None:
        """Start the set, once all of it is dead."""
        for process in self.whole.others:
            if process.poll() is not None:
                process.wait()
        self.whole.up()

    # --- Health ------------------------------------------------------------------------------------------------------

    def ready(self) -> None:
        """Wait until every part is ready, and both platforms are listened to."""
        self.whole.ready()

        def listens() -> bool:
            return self.slack.slack.connections > 0 and self.discord.discord.connections > 0

        eventually(listens, "the bot listens to both", 60.0)

    def heal(self) -> None:
        """No faults any more."""
        self.whole.sandbox.clear()
        self.station.heal()
        self.slack.heal()
        self.discord.heal()

    # --- Looking -----------------------------------------------------------------------------------------------------

    def ledger(self, asked: Sequence[Asked], *, since: float = 0.0, wait: float | None = None, gone: int = 0) -> Ledger:
        """All that the services know of some questions; calls and deaths since a moment."""
        threads = threads_of(asked)
        found = Ledger(
            asked=list(asked),
            steps=list(steps_of(self.whole.sandbox, threads)),
            branches=list(branches_of(self.whole.sandbox, threads)),
            kills=[kill for kill in self.kills if kill.until >= since],
            pending=asyncio.run(self._pending(asked)),
            wait=wait,
            gone=gone,
            identifies=self.discord.discord.identifies,
            secrets=self.secrets(),
            stores=self.stores(),
        )
        slack = [one for one in asked if one.platform == "slack"]
        discord = [one for one in asked if one.platform == "discord"]
        for witness in (SlackWitness(self.slack.slack, slack), DiscordWitness(self.discord.discord, discord)):
            found.writes += witness.writes()
            found.standing += witness.standing()
            found.late |= witness.late()
            found.calls += [call for call in witness.calls() if call.at >= since]
        found.calls += [call for call in self.station.calls() if call.at >= since]
        return found

    def secrets(self) -> Mapping[str, str]:
        """What nobody may be told."""
        return {
            "Slack's bot token": self.slack.slack.bot_token,
            "Slack's app token": self.slack.slack.app_token,
            "Discord's token": self.discord.discord.token,
            "the tool server's token": self.whole.run.mcp_token,
        }

    def stores(self) -> Mapping[str, Path]:
        """Temporal's database, the logs and the blobs, as they lie on disk."""
        data_dir = self.whole.settings.data_dir
        kept = [path for path in data_dir.rglob("*") if path.is_file() and not path.name.startswith("run.")]
        return {str(path.relative_to(data_dir)): path for path in kept if "bytecode" not in path.parts}

    async def connected(self) -> Client:
        """A client of the set's Temporal."""
        return await connect(self.whole.attached())

    def workflow_id(self, one: Asked) -> str:
        """The conversation's workflow id."""
        if one.platform == "slack":
            workspace = TEAM
        else:
            workspace = DIRECT if one.channel == one.thread else self.discord.discord.guild
        return conversation_id(
            ThreadRef(platform=one.platform, workspace=workspace, channel=one.channel, thread=one.thread)
        )

    def conversation(self, one: Asked) -> Any:
        """What Temporal says of a question's conversation: its raw description, or None where there is none."""
        return asyncio.run(self._conversation(one))

    async def _conversation(self, one: Asked) -> Any:
        client = await self.connected()
        try:
            return (await client.get_workflow_handle(self.workflow_id(one)).describe()).raw_description
        except RPCError:
            return None

    def doing(self, one: Asked, activity: str, *, attempt: int = 1) -> bool:
        """Whether an activity of a question's conversation runs, in this attempt at the least."""
        found = self.conversation(one)
        running: list[Any] = [] if found is None else list(found.pending_activities)
        return any(each.activity_type.name == activity and each.attempt >= attempt for each in running)

    def waits_for(self, one: Asked) -> str:
        """What a question's conversation has under way just now, for people to read."""
        try:
            found = self.conversation(one)
        except UnreachableError:
            return "Temporal does not answer"
        if found is None:
            return "nothing is known of it"
        under_way = [f"{each.activity_type.name} (attempt {each.attempt})" for each in found.pending_activities]
        if found.HasField("pending_workflow_task"):
            under_way.append(f"a workflow task (attempt {found.pending_workflow_task.attempt})")
        return ", ".join(under_way) or "nothing is under way"

    def worker_of(self, one: Asked, activity: str) -> int:
        """The worker that runs an activity of a question's conversation."""
        running = self.conversation(one).pending_activities
        [found] = [each for each in running if each.activity_type.name == activity]
        return int(found.last_worker_identity.partition("@")[0])

    def still(self, asked: Iterable[Asked]) -> bool:
        """Whether nothing is under way in the questions' conversations, those that never began included."""
        return asyncio.run(self._still(asked))

    async def _still(self, asked: Iterable[Asked]) -> bool:
        client = await self.connected()
        for ident in {self.workflow_id(one) for one in asked}:
            try:
                found = (await client.get_workflow_handle(ident).describe()).raw_description
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    continue
                return False
            if found.pending_activities or found.HasField("pending_workflow_task"):
                return False
        return True

    def quiet(self, one: Asked) -> bool:
        """Whether a question's conversation says that it is done with everything."""
        return asyncio.run(self._quiet(one))

    async def _quiet(self, one: Asked) -> bool:
        client = await self.connected()
        handle = client.get_workflow_handle(self.workflow_id(one))
        try:
            view = await handle.query("view", result_type=ConversationView)
        except RPCError:
            return False
        return view.state in ("idle", "parked") and not view.queued

    def timed_out(self, one: Asked) -> bool:
        """Whether a workflow task of a question's conversation timed out."""
        return asyncio.run(self._timed_out(one))

    async def _timed_out(self, one: Asked) -> bool:
        client = await self.connected()
        history = await client.get_workflow_handle(self.workflow_id(one)).fetch_history()
        return any(each.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT for each in history.events)

    async def _pending(self, asked: Iterable[Asked]) -> list[Pending]:
        """What is still open in the questions' conversations. Those that were never begun are lost, not open."""
        client = await self.connected()
        found: list[Pending] = []
        for ident, thread in {self.workflow_id(one): one.thread for one in asked}.items():
            with suppress(RPCError):
                described = (await client.get_workflow_handle(ident).describe()).raw_description
                stuck = [one.activity_type.name for one in described.pending_activities if one.attempt > TRIES]
                found += [Pending(thread=thread, what=f"{name} beyond attempt {TRIES}") for name in stuck]
                if described.pending_workflow_task.attempt > TRIES:
                    found.append(Pending(thread=thread, what="a workflow task fails"))
        return found

    def eventually_dead(self, pid: int) -> None:
        """Wait until a process is gone."""
        eventually(lambda: not alive(pid), f"process {pid} was hit")


@contextmanager
def rig(**settings: str) -> Generator[Rig]:
    """A rig that is ready, for as long as the block runs."""
    sets: list[Whole] = []
    with (
        tempfile.TemporaryDirectory(prefix="clew-chaos-") as directory,
        running_slack() as slack,
        running_discord() as discord,
        running_station(lambda: sets[0].run.mcp_url) as station,
    ):
        injected = Injected(Path(directory) / "injected")
        roots = slack.user("Root"), discord.user("root", admin=True)
        with whole(
            Path(directory),
            Path(tempfile.gettempdir()) / "clew-chaos-bytecode",
            {**injected.environment, STATION: station.url},
            **slack_settings(slack),
            **discord_settings(discord),
            CLEW_ADMINS=f"slack:{roots[0]},discord:{roots[1]}",
            **settings,
        ) as made:
            sets.append(made)
            found = Rig(made, injected, station, SlackSeat(made, slack, roots[0]), DiscordSeat(made, discord, roots[1]))
            found.ready()
            eventually(lambda: bool(discord.commands()), "Discord knows the commands", 60.0)
            yield found
