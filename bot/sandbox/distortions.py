"""Answers as they come out when a fault bends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.brain.protocol import Call
from bot.sandbox.faults import Fault
from bot.sandbox.outputs import Malformed, Output, Say

Json = dict[str, Any]


def distorted(outputs: Sequence[Output], fault: Fault, functions: Mapping[str, Json]) -> Sequence[Output]:
    """The same answer, bent as `fault` says. `functions` are those on offer, with their parameters' schemas."""
    match fault.kind:
        case "nothing":
            return ()
        case "empty" | "text":
            return (Say(text=fault.text if fault.kind == "text" else ""),)
        case "unparseable":
            return [Say(text=_broken(output.text)) if isinstance(output, Say) else output for output in outputs]
        case "bad_arguments":
            names = [output.name for output in outputs if isinstance(output, Call)]
            return [Malformed(name=name, arguments='{"symbol": "AAPL') for name in names or [_first(functions)]]
        case "endless_tools":
            return (Call(name=_first(functions), arguments={"symbol": "AAPL"}),)
        case _:
            return outputs


def _broken(text: str) -> str:
    return text[: max(1, len(text) * 2 // 3)].rstrip("}] \n")


def _first(functions: Mapping[str, Json]) -> str:
    """A tool that takes a symbol, if one is on offer."""
    for name, parameters in functions.items():
        if "symbol" in parameters.get("properties", {}):
            return name
    return next(iter(functions), "get_quote")
