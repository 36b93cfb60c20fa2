"""/v1/conversations: start, append, restart, and reading what was said."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from bot.sandbox.agents import contains
from bot.sandbox.brain.protocol import Prompted
from bot.sandbox.errors import error_body, invalid_value, refusal
from bot.sandbox.gate import Exchange
from bot.sandbox.ids import new_id, now
from bot.sandbox.records import Agent, Conversation, open_calls
from bot.sandbox.replies import EventStream, HalfBody, Striker, kill
from bot.sandbox.requests import AppendRequest, CompletionArgs, Inputs, RestartRequest, StartRequest, parse
from bot.sandbox.runs import Engine, Job
from bot.sandbox.store import Store

Json = dict[str, Any]

_PREFIXES = {
    "message.input": "msg",
    "message.output": "msg",
    "function.call": "fc",
    "function.result": "fr",
    "tool.execution": "tool_exec",
}
_MISSING_RESULTS = 3001


class ConversationRoutes:
    """Conversations. A step is checked whole before anything of it is stored."""

    def __init__(self, store: Store, engine: Engine, striker: Striker) -> None:
        self._store = store
        self._engine = engine
        self._striker = striker

    # --- Steps -------------------------------------------------------------------------------------------------------

    async def start(self, exchange: Exchange) -> ASGIApp:
        """A new conversation."""
        request = parse(StartRequest, exchange.body)
        settings: Json = {"name": request.name, "description": request.description, "metadata": request.metadata}
        if request.agent_id is not None:
            agent = self._store.agent(request.agent_id)
            agent.number(request.agent_version)
        elif request.model is None:
            raise invalid_value("Either model or agent_id must be given", "body", "model", kind="missing")
        else:
            settings |= request.model_dump(
                mode="json", by_alias=True, include={"model", "instructions", "tools", "completion_args", "guardrails"}
            )
            settings |= {"tools": settings["tools"] or [], "completion_args": settings["completion_args"] or {}}
        conversation = Conversation(
            id=new_id("conv"), agent_id=request.agent_id, agent_version=request.agent_version, settings=settings
        )
        inputs = _entries(request.inputs)
        return await self._step(
            exchange,
            conversation,
            inputs,
            request.completion_args,
            stream=bool(request.stream),
            stored=request.store is not False,
        )

    async def append(self, exchange: Exchange) -> ASGIApp:
        """One more step of a conversation."""
        conversation = self._store.conversation(exchange.path["conversation_id"])
        request = parse(AppendRequest, exchange.body)
        self._engine.refuse_if_busy(conversation)
        inputs = _entries(request.inputs)
        if not inputs and not request.tool_confirmations:
            raise refusal(400, "Inputs must not be empty.")
        if request.tool_confirmations:
            raise refusal(400, "No tool call is waiting for a confirmation.")
        return await self._step(
            exchange, conversation, inputs, request.completion_args, stream=request.stream, stored=request.store
        )

    async def restart(self, exchange: Exchange) -> ASGIApp:
        """A fork: a new conversation with the entries up to and including one; the source stays as it is."""
        source = self._store.conversation(exchange.path["conversation_id"])
        request = parse(RestartRequest, exchange.body)
        behaviour = self._engine.behaviour
        if behaviour.restart_locked == "conflict":
            self._engine.refuse_if_busy(source)
        last = source.position(request.from_entry_id)
        kind = source.entries[last]["type"]
        if kind == "function.call" and not behaviour.fork_from_calls:
            raise refusal(400, "Cannot restart from a function call.")
        inputs = _entries(request.inputs)
        if not inputs and kind not in ("message.input", "function.result"):
            raise refusal(400, "Inputs must not be empty.")
        prefix = [dict(entry) for entry in source.entries[: last + 1]]
        if not behaviour.forks_keep_ids:
            for entry in prefix:
                entry["id"] = new_id(_PREFIXES[entry["type"]])
        settings = {**source.settings, "metadata": request.metadata}
        conversation = Conversation(
            id=new_id("conv"),
            agent_id=source.agent_id,
            agent_version=request.agent_version,
            settings=settings,
            entries=prefix,
        )
        return await self._step(
            exchange, conversation, inputs, request.completion_args, stream=request.stream, stored=request.store
        )

    async def _step(
        self,
        exchange: Exchange,
        conversation: Conversation,
        inputs: list[Json],
        args: CompletionArgs | None,
        *,
        stream: bool,
        stored: bool,
    ) -> ASGIApp:
        _check_results(conversation.entries, inputs)
        fault, record = exchange.fault, exchange.record
        if record is not None:
            record.conversation = conversation.id
            record.inputs = [entry["type"] for entry in inputs]
            record.metadata = conversation.metadata
        config = self._config(conversation)
        job = Job(
            conversation=conversation,
            inputs=inputs,
            prompted=_prompted(conversation, config, inputs, args),
            functions=_functions(config),
            model=config["model"],
            stored=stored,
            fault=fault,
            record=record,
        )
        run = self._engine.begin(job)
        if fault is not None and fault.kind == "late":
            return self._striker.reply(fault)
        if fault is not None and fault.when == "after" and not fault.distorts:
            await run.finished.wait()
            if fault.kind != "kill":
                return self._striker.reply(fault, streaming=stream)
            kill(fault)
        if stream:
            return EventStream(run=run, striker=self._striker, headers=exchange.headers())
        await run.finished.wait()
        if fault is not None and fault.when == "mid" and not fault.distorts:
            return HalfBody(run=run, fault=fault, striker=self._striker)
        if run.failed:
            return JSONResponse(error_body("Internal server error", kind="server_error", code=3000), 500)
        return JSONResponse(run.reply())

    def _config(self, conversation: Conversation) -> Json:
        if conversation.agent_id is None:
            return conversation.settings
        agent: Agent = self._store.agent(conversation.agent_id)
        return agent.config(conversation.agent_version)

    # --- Reading -----------------------------------------------------------------------------------------------------

    async def get(self, exchange: Exchange) -> Response:
        """What a conversation is."""
        return JSONResponse(self._store.conversation(exchange.path["conversation_id"]).wire())

    async def delete(self, exchange: Exchange) -> Response:
        """Forget a conversation."""
        self._store.delete_conversation(exchange.path["conversation_id"])
        return Response(status_code=204)

    async def list(self, exchange: Exchange) -> Response:
        """A bare array, newest first; `metadata` filters by what stands in it."""
        page, size = exchange.number("page", 0), exchange.number("page_size", 100)
        wanted = exchange.json_query("metadata")
        found = [item for item in reversed(self._store.conversations.values()) if contains(item.metadata, wanted)]
        return JSONResponse([item.wire() for item in found[page * size : (page + 1) * size]])

    async def history(self, exchange: Exchange) -> Response:
        """Every entry, inputs included, oldest first. `completed_at` is null on outputs, as it is at Mistral's."""
        conversation = self._store.conversation(exchange.path["conversation_id"])
        entries = [{**entry, "completed_at": None} for entry in conversation.entries]
        return JSONResponse({"object": "conversation.history", "conversation_id": conversation.id, "entries": entries})

    async def messages(self, exchange: Exchange) -> Response:
        """The messages of both sides."""
        conversation = self._store.conversation(exchange.path["conversation_id"])
        said = [entry for entry in conversation.entries if entry["type"] in ("message.input", "message.output")]
        return JSONResponse({"object": "conversation.messages", "conversation_id": conversation.id, "messages": said})


def _entries(inputs: Inputs) -> list[Json]:
    """Inputs as they are stored: each with an id and its times."""
    if isinstance(inputs, str):
        given: list[Json] = [
            {"object": "entry", "type": "message.input", "role": "user", "content": inputs, "prefix": False}
        ]
    else:
        given = [entry.model_dump(mode="json") for entry in inputs]
    for entry in given:
        entry |= {"id": new_id(_PREFIXES[entry["type"]]), "created_at": now(), "completed_at": now()}
    return given


def _check_results(entries: list[Json], inputs: list[Json]) -> None:
    """Raises ApiError 400: a result for a call that is not open, or anything while results are missing."""
    seen = list(entries)
    for entry in inputs:
        waiting = open_calls(seen)
        if entry["type"] == "function.result":
            if entry["tool_call_id"] not in waiting:
                raise refusal(400, f"Unexpected tool call id {entry['tool_call_id']} in tool results")
        elif waiting and entry["type"] != "function.call":
            raise _results_missing(waiting)
        seen.append(entry)
    waiting = open_calls(seen)
    if waiting:
        raise _results_missing(waiting)


def _results_missing(waiting: list[str]) -> Exception:
    return refusal(
        400,
        "Cannot append other inputs while function results are still missing. "
        f"Provide function results first for: {waiting}",
        code=_MISSING_RESULTS,
    )


def _functions(config: Json) -> Json:
    tools: list[Json] = config.get("tools") or []
    return {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools if tool.get("function")}


def _prompted(conversation: Conversation, config: Json, inputs: list[Json], args: CompletionArgs | None) -> Prompted:
    tools: list[Json] = config.get("tools") or []
    own = CompletionArgs.model_validate(config.get("completion_args") or {})
    wanted = (args.response_format if args is not None else None) or own.response_format
    return Prompted(
        agent_name=config["name"] if conversation.agent_id is not None else "",
        instructions=config.get("instructions") or "",
        tools=tuple(_functions(config)),
        builtin_tools=tuple(tool["type"] for tool in tools if tool["type"] != "function"),
        schema=wanted.json_schema.name if wanted is not None and wanted.json_schema is not None else "",
        entries=(*conversation.entries, *inputs),
    )
