"""Runs: one step each, from its inputs to its stored outputs. A run goes on whether or not anybody listens."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.behaviour import Behaviour
from bot.sandbox.brain.protocol import Brain, Call, Page, Prompted
from bot.sandbox.distortions import distorted
from bot.sandbox.errors import refusal
from bot.sandbox.faults import Fault, FaultBoard
from bot.sandbox.ids import new_call_id, new_id, now
from bot.sandbox.ledger import Record
from bot.sandbox.outputs import Execution, Malformed, Output, Say, outputs_of
from bot.sandbox.pieces import pieces, tokens
from bot.sandbox.records import Conversation
from bot.sandbox.store import Store

Json = dict[str, Any]

STRIKE: Json = {}
"""Stands in the events where a fault strikes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A step that was accepted. A conversation that is not in the store yet holds the prefix of a fork."""

    conversation: Conversation
    inputs: list[Json]
    prompted: Prompted
    functions: Mapping[str, Json]
    """Functions on offer: name to the JSON schema of the arguments."""
    model: str
    stored: bool
    fault: Fault | None = None
    record: Record | None = None


@dataclass(kw_only=True, slots=True)
class Run:
    """A step that is being answered. `events` end with None; `failed` is set if the brain failed."""

    job: Job
    events: asyncio.Queue[Json | None] = field(default_factory=asyncio.Queue["Json | None"])
    outputs: list[Json] = field(default_factory=list[Json])
    usage: Json = field(default_factory=dict[str, Any])
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    failed: bool = False
    sent: int = 0

    def reply(self) -> Json:
        """The whole reply, for clients that do not stream."""
        return {
            "object": "conversation.response",
            "conversation_id": self.job.conversation.id,
            "outputs": self.outputs,
            "usage": self.usage,
            "guardrails": None,
        }


class _Abandoned(Exception):
    """A fault ends the run here."""


class Engine:
    """Runs steps, at most one per conversation at a time."""

    def __init__(self, brain: Brain, store: Store, board: FaultBoard, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._brain = brain
        self._store = store
        self._board = board
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def refuse_if_busy(self, conversation: Conversation) -> None:
        """Raises ApiError 409 while a run of the conversation is on its way."""
        if conversation.id in self._busy:
            raise refusal(409, f"Conversation {conversation.id} is locked by another request.", kind="conflict")

    def begin(self, job: Job) -> Run:
        """Start a run; it holds the conversation's lock until it has ended."""
        run = Run(job=job)
        self._busy.add(job.conversation.id)
        task = asyncio.create_task(self._run(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    async def close(self) -> None:
        """Give up what still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, run: Run) -> None:
        try:
            await self._work(run)
        except _Abandoned:
            pass
        except Exception:  # noqa: BLE001 - a step that fails is a reply, and its lock must be given back
            _log.exception("A step of %s failed", run.job.conversation.id)
            run.failed = True
            run.events.put_nowait(
                {
                    "type": "conversation.response.error",
                    "created_at": now(),
                    "message": "Internal server error",
                    "code": 3000,
                }
            )
        finally:
            self._busy.discard(run.job.conversation.id)
            run.events.put_nowait(None)
            run.finished.set()

    async def _work(self, run: Run) -> None:
        job, fault = run.job, run.job.fault
        early = self.behaviour.inputs_stored == "start" and _keeps(fault) != "nothing"
        known = early or job.conversation.id in self._store.conversations
        if early:
            self._write(run, job.inputs)
        self._emit(run, {"type": "conversation.response.started", "conversation_id": job.conversation.id})
        if fault is not None and fault.kind in ("hold", "late"):
            await self._board.held(fault.seconds)
        await _pause(self.behaviour.think_time if fault is None or fault.think_time is None else fault.think_time)
        thoughts = outputs_of(job.prompted, self._brain.reply(job.prompted))
        if fault is not None and fault.distorts:
            thoughts = distorted(thoughts, fault, job.functions)
        try:
            await self._put_out(run, thoughts)
        except _Abandoned:
            self._write_remains(run, early=early)
            raise
        finally:
            run.usage = _usage(job, run.outputs, thoughts)
            if job.record is not None:
                job.record.tokens = run.usage["total_tokens"]
        if not known or job.conversation.id in self._store.conversations:
            self._write(run, run.outputs if early else [*job.inputs, *run.outputs])
        if fault is not None and fault.when == "mid" and fault.events == -1:
            run.events.put_nowait(STRIKE)
        self._emit(run, {"type": "conversation.response.done", "usage": run.usage})

    async def _put_out(self, run: Run, thoughts: Sequence[Output]) -> None:
        for index, thought in enumerate(thoughts):
            match thought:
                case Say():
                    await self._say(run, thought, index)
                case Execution():
                    await self._execute(run, thought, index)
                case Call():
                    await self._call(run, thought.name, json.dumps(thought.arguments), index)
                case Malformed():
                    await self._call(run, thought.name, thought.arguments, index)
        fault = run.job.fault
        if fault is not None and _keeps(fault) != "all":
            # Here at the latest, even where fewer events came than the fault was waiting for.
            run.events.put_nowait(STRIKE)
            raise _Abandoned

    async def _say(self, run: Run, thought: Say, index: int) -> None:
        fault = run.job.fault
        delay = self.behaviour.token_delay if fault is None or fault.token_delay is None else fault.token_delay
        entry = self._entry(run, "message.output", "msg") | {"role": "assistant", "content": ""}
        run.outputs.append(entry)
        for piece in pieces(thought.text):
            entry["content"] += piece
            self._delta(run, entry, piece, index)
            await _pause(delay)
        if thought.cited:
            cited = [_reference(page) for page in thought.cited]
            entry["content"] = [{"type": "text", "text": entry["content"]}, *cited]
            for place, chunk in enumerate(cited, 1):
                self._delta(run, entry, chunk, index, place)
        entry["completed_at"] = now()

    def _delta(self, run: Run, entry: Json, content: str | Json, index: int, place: int = 0) -> None:
        event = {key: entry[key] for key in ("id", "model", "agent_id")} | {"content": content, "content_index": place}
        self._emit(run, {"type": "message.output.delta", "output_index": index, "role": "assistant", **event})

    async def _call(self, run: Run, name: str, arguments: str, index: int) -> None:
        entry = self._entry(run, "function.call", "fc")
        entry |= {"tool_call_id": new_call_id(), "name": name, "arguments": arguments, "confirmation_status": None}
        run.outputs.append(entry)
        middle = len(arguments) // 2
        for part in (arguments[:middle], arguments[middle:]):
            event = {key: entry[key] for key in ("id", "model", "agent_id", "name", "tool_call_id")}
            self._emit(
                run,
                {
                    "type": "function.call.delta",
                    "output_index": index,
                    **event,
                    "arguments": part,
                    "confirmation_status": None,
                },
            )
            await _pause(0)
        entry["completed_at"] = now()

    async def _execute(self, run: Run, thought: Execution, index: int) -> None:
        arguments = json.dumps(thought.arguments)
        entry = self._entry(run, "tool.execution", "tool_exec")
        entry |= {"name": thought.name, "arguments": arguments, "info": thought.info}
        run.outputs.append(entry)
        common = {"output_index": index, "id": entry["id"], "name": thought.name}
        model = {"model": entry["model"], "agent_id": entry["agent_id"]}
        self._emit(run, {"type": "tool.execution.started", **common, **model, "arguments": ""})
        self._emit(run, {"type": "tool.execution.delta", **common, "arguments": arguments})
        await _pause(0)
        self._emit(run, {"type": "tool.execution.done", **common, "info": thought.info})
        entry["completed_at"] = now()

    def _entry(self, run: Run, kind: str, prefix: str) -> Json:
        return {
            "object": "entry",
            "type": kind,
            "id": new_id(prefix),
            "created_at": now(),
            "completed_at": None,
            "agent_id": run.job.conversation.agent_id,
            "model": run.job.model,
        }

    def _emit(self, run: Run, event: Json) -> None:
        """Put one event out, and strike where a fault wants it."""
        fault = run.job.fault
        if fault is not None and fault.when == "mid" and run.sent == fault.events:
            run.events.put_nowait(STRIKE)
            if fault.keep != "all":
                raise _Abandoned
        run.sent += 1
        run.events.put_nowait({"created_at": now(), **event})

    def _write(self, run: Run, entries: list[Json]) -> None:
        job = run.job
        if not job.stored:
            return
        self._store.write(job.conversation, entries)
        if job.record is not None:
            job.record.applied.extend(entries)

    def _write_remains(self, run: Run, *, early: bool) -> None:
        """What an abandoned run leaves behind, as its fault says."""
        keep = _keeps(run.job.fault)
        remains: list[Json] = [] if early or keep == "nothing" else list(run.job.inputs)
        if keep == "partial":
            for entry in run.outputs:
                if entry["type"] == "message.output":
                    half = entry["content"][: max(1, len(entry["content"]) // 2)]
                    remains.append({**entry, "content": half, "completed_at": None})
        if remains:
            self._write(run, remains)


def _keeps(fault: Fault | None) -> str:
    return "all" if fault is None or fault.when not in ("after", "mid") else fault.keep


def _reference(page: Page) -> Json:
    return {"type": "tool_reference", "tool": "web_search", "title": page.title, "url": page.url}


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


def _usage(job: Job, outputs: Sequence[Json], thoughts: Sequence[object]) -> Json:
    prompt = sum(tokens(_text(entry)) for entry in job.prompted.entries)
    completion = sum(tokens(_text(entry)) for entry in outputs if entry["type"] != "tool.execution")
    ran = [thought for thought in thoughts if isinstance(thought, Execution)]
    connector = sum(tokens(json.dumps([thought.arguments, thought.info])) for thought in ran)
    names = [thought.name for thought in ran]
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion + connector,
        "connector_tokens": connector if ran else None,
        "connectors": {name: names.count(name) for name in names} or None,
    }


def _text(entry: Json) -> str:
    content = entry.get("content") or entry.get("result") or entry.get("arguments") or ""
    return content if isinstance(content, str) else json.dumps(content)
