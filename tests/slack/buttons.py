"""Finding what can be pressed in a message's blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from tests.slack.values import Json

_PRESSABLE = frozenset({"button", "icon_button", "feedback_buttons", "overflow", "static_select", "workflow_button"})


def find_action(blocks: list[Json], action_id: str, value: str | None) -> Json | None:
    """The action that pressing it sends; None where no such element stands there.

    `value` tells elements apart that share an id, and says which feedback button, or which option, is meant.
    """
    for number, block in enumerate(blocks):
        for element in _elements(block):
            if element.get("action_id") != action_id:
                continue
            action = _pressed(element, value)
            if action is not None:
                return {"block_id": block.get("block_id", f"block{number}"), "action_id": action_id} | action
    return None


def _pressed(element: Json, value: str | None) -> Json | None:
    kind = element["type"]
    if kind == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            if value in {element[side]["value"], side}:
                return {"type": kind, "value": element[side]["value"], "text": element[side]["text"]}
        return None
    if kind in {"overflow", "static_select"}:
        for option in cast("list[Json]", element.get("options", [])):
            if value == option["value"]:
                return {"type": kind, "selected_option": option}
        return None
    if value not in {None, element.get("value")}:
        return None
    action = {"type": kind, "text": element.get("text")}
    return action | ({"value": element["value"]} if "value" in element else {})


def _elements(part: Any) -> Iterator[Json]:
    if isinstance(part, dict):
        found = cast("Json", part)
        if found.get("type") in _PRESSABLE:
            yield found
        for inner in found.values():
            yield from _elements(inner)
    elif isinstance(part, list):
        for inner in cast("list[Any]", part):
            yield from _elements(inner)
