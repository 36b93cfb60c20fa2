"""/v1/models: the names that may be asked for. The sandbox takes any; it answers them all by its rules."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from bot.sandbox.gate import Exchange

_MODELS = ("mistral-medium-3-5", "mistral-large-2512", "mistral-small-2603")


async def list_models(_: Exchange) -> Response:
    """The models, in the shape of Mistral's base model cards."""
    capabilities = {"completion_chat": True, "function_calling": True, "completion_fim": False, "vision": False}
    cards: list[dict[str, object]] = [
        {
            "id": name,
            "object": "model",
            "type": "base",
            "created": 0,
            "owned_by": "sandbox",
            "name": name,
            "capabilities": capabilities,
            "max_context_length": 262_144,
            "aliases": [],
        }
        for name in _MODELS
    ]
    return JSONResponse({"object": "list", "data": cards})
