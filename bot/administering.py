"""What administrators do, on every platform alike: one line of text in, one text for them alone out."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.workflowservice.v1 import ResetActivityRequest
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from bot import words
from bot.admin import collect, count_conversations
from bot.admin_text import LIMIT, as_text, block, turns_table
from bot.admin_turns import RunningTurn, conversation_of, handle_of, link_to, steps_of, summary_of
from workflows.contracts import Asker, ConversationView, RetryRequest, StopRequest, ThreadRef
from workflows.identity import TURN_STATE, conversation_id
from workflows.pausing import TemporalHold
from workflows.search_attributes import missing

T = TypeVar("T")

FindThread = Callable[[str], Awaitable[ThreadRef | None]]
"""What a link that a person types names on a platform, or "" the thread it is typed in; None if nothing."""

_HANDLE = re.compile(r"[0-9a-f]{5}")
_LOOKED_THROUGH = 1_000
"""Running conversations among which an id that `status` showed is looked for."""

_LOGGED = 40
_REASON = 200
_PATIENCE = 0.6
"""Share of the time for what needs a worker: without one, the rest is told."""

_log = logging.getLogger(__name__)


async def nowhere(_: str) -> ThreadRef | None:
    """For whoever knows no threads but by their workflow's id."""
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Looked:
    """A conversation, and the research it waits for. `view` is None where no worker answers.

    `details` is what a person would read in Temporal's UI as its current details.
    """

    conversation: WorkflowExecutionDescription
    research: tuple[WorkflowExecutionDescription, ...]
    view: ConversationView | None
    details: str

    @property
    def all(self) -> tuple[WorkflowExecutionDescription, ...]:
        return (self.conversation, *self.research)


class Administering:
    """The commands. Whoever calls has made sure that an administrator asks."""

    def __init__(
        self, client: Client, *, platforms: Sequence[str] = ("terminal",), ui: str = "", within: float = 1.2
    ) -> None:
        """`ui` is the address of Temporal's UI, "" if unknown; every answer is there in `within` seconds."""
        self._client = client
        self._hold = TemporalHold(client)
        self._platforms = platforms
        self._ui = ui
        self._within = within

    async def run(self, text: str, *, by: str, find_thread: FindThread = nowhere, limit: int = LIMIT) -> str:
        """Do what `text` says, and tell it in at most `limit` characters of Markdown.

        `by` names the administrator as settings do, such as `slack:U1`. Raises what `find_thread` raises.
        Done again, it is the same: but for `retry`, of which each is a wish of its own.
        """
        said = " ".join(text.split())
        _log.info("admin command %s by %s", said[:_LOGGED] or "status", by)
        verb, _, rest = said.partition(" ")
        commands: Mapping[str, Callable[[], Awaitable[str]]] = {
            "": lambda: self._status(limit),
            "status": lambda: self._status(limit),
            "show": lambda: self._with(rest, find_thread, lambda name: self._show(name, limit)),
            "retry": lambda: self._with(rest, find_thread, lambda name: self._retry(name, by)),
            "stop": lambda: self._with(rest, find_thread, lambda name: self._stop(name, by)),
            "pause": lambda: self._pause(by, rest),
            "resume": lambda: self._resume(by),
            "drain": lambda: self._drain(by, rest),
        }
        command = commands.get(verb.lower())
        if command is None:
            return words.ADMIN_USAGE
        try:
            async with asyncio.timeout(self._within):
                return await command()
        except (RPCError, TimeoutError) as error:
            _log.warning("an admin command failed: %s", type(error).__name__)
            return words.SLOW

    # --- Everything --------------------------------------------------------------------------------------------------

    async def _status(self, limit: int) -> str:
        within = 0.9 * self._within
        status = await collect(self._client, platforms=self._platforms, ui=self._ui, within=within)
        return as_text(status, limit=limit)

    async def _pause(self, by: str, reason: str) -> str:
        await self._hold.pause(by, reason[:_REASON])
        return f"New turns wait from now on, and their threads say so. {await self._still_running()}"

    async def _resume(self, by: str) -> str:
        if not await self._hold.resume(by):
            return words.NOT_PAUSED
        return "New turns may begin again. Those that wait go on in order, a few at a time."

    async def _drain(self, by: str, reason: str) -> str:
        view = await self._hold.view()
        if view is None or view.resumed_by:
            await self._hold.pause(by, reason[:_REASON] or "drain")
        return await self._still_running()

    async def _still_running(self) -> str:
        if await missing(self._client):
            return "How many still run cannot be counted without search attributes; `clew doctor` says how to add them."
        running = (await count_conversations(self._client, searchable=True))["running"]
        if not running:
            return "No turn runs: every part may be stopped, and what waits is kept."
        which = "1 turn still runs" if running == 1 else f"{running:,} turns still run"
        return f"{which}; ask again until none does."

    # --- One conversation --------------------------------------------------------------------------------------------

    async def _with(self, name: str, find_thread: FindThread, do: Callable[[str], Awaitable[str]]) -> str:
        """Do something with the conversation that was named."""
        conversation = await self._named(name.strip("<>`"), find_thread)
        if not conversation:
            return words.NO_THREAD if name else words.WHICH_THREAD
        try:
            return await do(conversation)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return words.NO_THREAD
            raise

    async def _named(self, name: str, find_thread: FindThread) -> str:
        """The conversation's workflow id, "" if there is none. Ids that `status` shows are looked for as it does."""
        found = await find_thread(name)
        if found is not None:
            return conversation_id(found)
        if conversation_of(name):
            return conversation_of(name)
        if not _HANDLE.fullmatch(name.lower()):
            return ""
        query = "WorkflowType = 'ConversationWorkflow' AND ExecutionStatus = 'Running'"
        if not await missing(self._client):
            query += f" AND {TURN_STATE.name} IN ('running', 'paused')"
        ids = [found.id async for found in self._client.list_workflows(query, limit=_LOOKED_THROUGH)]
        return next((one for one in ids if handle_of(one) == name.lower()), "")

    async def _look(self, conversation: str) -> _Looked:
        handle = self._client.get_workflow_handle(conversation)
        view, told, described = await asyncio.gather(
            self._asked(handle, "view", ConversationView),
            self._asked(handle, "__temporal_workflow_metadata", WorkflowMetadata),
            handle.describe(),
        )
        children = described.raw_description.pending_children
        looks = (self._client.get_workflow_handle(child.workflow_id).describe() for child in children)
        looked = await asyncio.gather(*looks, return_exceptions=True)
        # One may have ended between the two looks.
        research = tuple(child for child in looked if isinstance(child, WorkflowExecutionDescription))
        return _Looked(
            conversation=described, research=research, view=view, details=told.current_details if told else ""
        )

    async def _asked(self, handle: WorkflowHandle[object, object], query: str, answer: type[T]) -> T | None:
        """What a conversation says of itself; None where no worker answers in time."""
        try:
            # Not the call's own time-out: what the server says at its end may count as worth another try.
            async with asyncio.timeout(self._patience.total_seconds()):
                return await handle.query(query, result_type=answer)
        except (TemporalError, RuntimeError, TimeoutError):
            return None  # No worker; or its task fails, and queries with it.

    async def _show(self, conversation: str, limit: int) -> str:
        looked = await self._look(conversation)
        view = looked.view
        lines = [conversation, await summary_of(looked.conversation)]
        if view is None:
            lines.append("No worker answers, so its state is not known.")
        else:
            step = f" ({view.step})" if view.step else ""
            lines.append(f"{view.state}{step}: {view.queued} waiting, {view.turns} answered, {view.tokens:,} tokens")
            lines += looked.details.splitlines()
        turns = [
            RunningTurn(
                workflow_id=one.id,
                kind=one.workflow_type,
                summary=await summary_of(one),
                age=time.time() - one.start_time.timestamp(),
                steps=steps_of(one),
                handle=handle_of(one.id),
            )
            for one in looked.all
        ]
        table = [turns_table([turn for turn in turns if turn.steps])] if any(turn.steps for turn in turns) else []
        links = [link for one in looked.all if (link := link_to(self._ui, self._client.namespace, one.id))]
        return block(*lines, *(table or ["No step is pending."]), below=links, limit=limit)

    async def _retry(self, conversation: str, by: str) -> str:
        looked = await self._look(conversation)
        waiting = [(one.id, step) for one in looked.all for step in steps_of(one) if step.state == "backing off"]
        if waiting:
            done = await asyncio.gather(*(self._at_once(workflow, step.activity_id) for workflow, step in waiting))
            names = ", ".join(step.activity for (_, step), reset in zip(waiting, done, strict=True) if reset)
            return f"Told to run now: {names}." if names else "What backed off runs already."
        view = looked.view
        if view is None:
            return "No step backs off, and no worker answers, so nothing was done."
        if view.state == "paused":
            return "It waits for the end of the pause: `resume` lets it go on."
        if view.state == "running":
            return "No step backs off there: it works, or waits for as long as Mistral said. `show` says at what."
        if view.last_turn is None:
            return words.NOTHING_ASKED
        request = RetryRequest(request=f"admin:{uuid.uuid4().hex}", asker=_administrator(by))
        await self._client.get_workflow_handle(conversation).signal("retry", request)
        return "The last answer there is tried again."

    async def _at_once(self, workflow: str, activity: str) -> bool:
        """Let a step that backs off run now; False if it does already, or is over."""
        request = ResetActivityRequest(
            namespace=self._client.namespace,
            execution=WorkflowExecution(workflow_id=workflow),
            identity=self._client.identity,
            id=activity,
        )
        try:
            await self._client.workflow_service.reset_activity(request)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def _stop(self, conversation: str, by: str) -> str:
        request = StopRequest(request=f"admin:{uuid.uuid4().hex}", asker=_administrator(by))
        await self._client.get_workflow_handle(conversation).signal("stop", request)
        return "Told to stop what runs there, if anything does."

    @property
    def _patience(self) -> timedelta:
        return timedelta(seconds=_PATIENCE * self._within)


def _administrator(by: str) -> Asker:
    return Asker(user=by, admin=True)
