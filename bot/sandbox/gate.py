"""What every request passes: the token, the fault that may strike it, the ledger, and the reply's headers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sandbox.errors import ApiError, invalid_value, unauthorized
from bot.sandbox.faults import STEPS, Arrival, Fault, FaultBoard
from bot.sandbox.ids import new_id
from bot.sandbox.ledger import Ledger, Record
from bot.sandbox.replies import Striker, kill
from bot.sandbox.store import Store

Json = dict[str, Any]

_AT_THE_GATE = ("status", "reset", "close", "hang", "kill")
_TOKENS_A_MINUTE = 500_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """A request on its way to its route."""

    path: Mapping[str, Any]
    query: Mapping[str, str]
    body: bytes
    correlation: str
    fault: Fault | None = None
    record: Record | None = None

    def number(self, name: str, default: int | None = None, *, most: int | None = None) -> int:
        """A whole number of the query. Raises ApiError 422."""
        given = self.query.get(name)
        if given is None and default is not None:
            return default
        try:
            number = int(given or "")
        except ValueError:
            raise invalid_value("Input should be a valid integer", "query", name, kind="int_parsing") from None
        if number < 0 or (most is not None and not 1 <= number <= most):
            raise invalid_value("Input is out of range", "query", name)
        return number

    def json_query(self, name: str) -> Json:
        """An object of the query, written as JSON; empty if it was not sent. Raises ApiError 422."""
        given = self.query.get(name)
        if not given or given in _NOT_SENT:
            return {}
        try:
            value: object = json.loads(given)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise invalid_value("Input should be a valid dictionary", "query", name, kind="dict_type")
        return cast("Json", value)

    def headers(self) -> dict[str, str]:
        """What Mistral's front sends with every reply."""
        return {
            "mistral-correlation-id": self.correlation,
            "x-ratelimit-limit-tokens-minute": str(_TOKENS_A_MINUTE),
            "x-ratelimit-remaining-tokens-minute": str(_TOKENS_A_MINUTE - len(self.body) // 4),
        }


# mistralai 3.7.0 writes its own mark for "unset" into the query where no metadata was given.
_NOT_SENT = ("null", '"~?~unset~?~sentinel~?~"')

Route = Callable[[Exchange], Awaitable[ASGIApp]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """Makes endpoints of routes. Without a ledger nothing is recorded."""

    store: Store
    board: FaultBoard
    striker: Striker
    ledger: Ledger | None = None

    def endpoint(self, kind: str, route: Route) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint for `route`; `kind` is what faults and the ledger call it."""

        async def endpoint(request: Request) -> Response:
            try:
                return cast("Response", await self._pass(kind, route, request))
            except ClientDisconnect:
                # Whoever asked is gone before all of it was here.
                return Response(status_code=400)

        return endpoint

    async def _pass(self, kind: str, route: Route, request: Request) -> ASGIApp:
        body = await request.body()
        sent = _object(body)
        agent = self._agent(request, sent)
        schema = self._schema(request, sent)
        fault = self.board.pick(Arrival(kind=kind, agent=agent, schema=schema, body=body.decode("utf-8", "replace")))
        record = None
        if self.ledger is not None and request.method != "GET":
            record = self.ledger.open(method=request.method, path=request.url.path, kind=kind, size=len(body))
            record.agent, record.schema = agent, schema
            # Also of requests that never reach their route it has to be known whose they were.
            record.conversation, record.metadata = self._about(request, sent)
            record.traceparent = request.headers.get("traceparent", "")
            record.fault = "" if fault is None else f"{fault.kind}@{fault.when}"
        exchange = Exchange(
            path=request.path_params,
            query=request.query_params,
            body=body,
            correlation=new_id("").removeprefix("_"),
            fault=fault,
            record=record,
        )
        reply: ASGIApp
        if fault is not None and fault.when == "before" and fault.kind in _AT_THE_GATE:
            if fault.kind != "kill":
                return self._recorded(self.striker.reply(fault), exchange)
            kill(fault)
        try:
            _authorize(request)
            reply = await route(exchange)
        except ApiError as error:
            reply = JSONResponse(error.body, error.status)
        # Steps see to what comes after them themselves: there is more to break.
        if fault is not None and fault.when == "after" and fault.kind in _AT_THE_GATE and kind not in STEPS:
            if fault.kind == "kill":
                kill(fault)
            else:
                reply = self.striker.reply(fault)
        if isinstance(reply, Response):
            reply.headers.update(exchange.headers())
        return self._recorded(reply, exchange)

    def _agent(self, request: Request, sent: Json) -> str:
        """The name of the agent that a request is about."""
        conversation = self.store.conversations.get(request.path_params.get("conversation_id", ""))
        key = request.path_params.get("agent_id") or sent.get("agent_id")
        if conversation is not None:
            key = conversation.agent_id
        elif key is None and "model" in sent:
            return str(sent.get("name") or "")
        agent = self.store.agents.get(str(key))
        return "" if agent is None else str(agent.config()["name"])

    def _about(self, request: Request, sent: Json) -> tuple[str, Json]:
        """The conversation that a request names, and the metadata: those sent, else the conversation's."""
        key = str(request.path_params.get("conversation_id", ""))
        conversation = self.store.conversations.get(key)
        given: object = sent.get("metadata")
        if isinstance(given, dict):
            return key, cast("Json", given)
        return key, {} if conversation is None else dict(conversation.metadata)

    def _schema(self, request: Request, sent: Json) -> str:
        """The name of the structured output that a request asks for, by itself or by its agent's settings."""
        conversation = self.store.conversations.get(request.path_params.get("conversation_id", ""))
        key = sent.get("agent_id") if conversation is None else conversation.agent_id
        agent = self.store.agents.get(str(key))
        own: Json = {} if agent is None else agent.config()
        for settings in (sent, own):
            name = _schema_name(settings)
            if name:
                return name
        return ""

    def _recorded(self, reply: ASGIApp, exchange: Exchange) -> ASGIApp:
        """The same reply; when it is over, its fault strikes if it has to, and the ledger has its outcome."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            status = "nothing"

            async def noted(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = str(message["status"])
                await send(message)

            try:
                await reply(scope, receive, noted)
                fault = exchange.fault
                if fault is not None and fault.when == "reply":
                    if fault.kind == "kill":
                        kill(fault)
                    else:
                        self.striker.after(fault, scope)
            finally:
                if self.ledger is not None and exchange.record is not None:
                    self.ledger.settle(exchange.record, status)

        return app


def _authorize(request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized()


def _object(body: bytes) -> Json:
    """A body that may be anything, as an object; empty if it is none."""
    try:
        sent: object = json.loads(body or b"{}")
    except ValueError:
        return {}
    return cast("Json", sent) if isinstance(sent, dict) else {}


def _schema_name(settings: Json) -> str:
    found: object = cast("object", settings)
    for key in ("completion_args", "response_format", "json_schema", "name"):
        found = cast("Json", found).get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
