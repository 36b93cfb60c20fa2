"""/_sandbox: switching faults on and off, and reading what was asked. Mounted only for tests and `--faults`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import cast

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.behaviour import Behaviour
from bot.sandbox.errors import invalid
from bot.sandbox.faults import Fault, FaultBoard
from bot.sandbox.ledger import Ledger
from bot.sandbox.runs import Engine
from bot.sandbox.store import Store


class Control:
    """The control endpoints."""

    def __init__(self, board: FaultBoard, ledger: Ledger, engine: Engine, store: Store) -> None:
        self._board = board
        self._ledger = ledger
        self._engine = engine
        self._store = store

    def routes(self) -> list[Route]:
        """All control endpoints."""
        return [
            Route("/_sandbox/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/release", self.release, methods=["POST"]),
            Route("/_sandbox/behaviour", self.behaviour, methods=["GET", "PATCH"]),
            Route("/_sandbox/ledger", self.ledger, methods=["GET"]),
            Route("/_sandbox/conversations", self.conversations, methods=["GET"]),
        ]

    async def faults(self, request: Request) -> Response:
        """POST arms one fault or a list of them, DELETE clears all, GET shows them."""
        if request.method == "DELETE":
            self._board.clear()
            return Response(status_code=204)
        if request.method == "POST":
            try:
                sent: object = json.loads(await request.body())
                several = cast("list[object]", sent) if isinstance(sent, list) else [sent]
                faults = [Fault.model_validate(item) for item in several]
            except ValidationError as error:
                return JSONResponse(invalid(error).body, 422)
            except ValueError:
                return JSONResponse({"detail": "not JSON"}, 422)
            self._board.arm(*faults)
        return JSONResponse(self._board.state())

    async def release(self, request: Request) -> Response:
        """Let everything that hangs or is late go on."""
        self._board.release()
        return Response(status_code=204)

    async def behaviour(self, request: Request) -> Response:
        """PATCH changes some of it, GET shows it."""
        if request.method == "PATCH":
            changed = self._engine.behaviour.model_dump() | json.loads(await request.body())
            try:
                self._engine.behaviour = Behaviour.model_validate(changed)
            except ValidationError as error:
                return JSONResponse(invalid(error).body, 422)
        return JSONResponse(self._engine.behaviour.model_dump())

    async def ledger(self, request: Request) -> Response:
        """Every request that writes, oldest first."""
        return JSONResponse([asdict(record) for record in self._ledger.records])

    async def conversations(self, request: Request) -> Response:
        """Every branch with its entries, oldest first."""
        return JSONResponse(self._store.shown())
