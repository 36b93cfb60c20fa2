"""What people enter in a window, as it is sent off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.discord.component_checks import CHECKBOX, LABEL, RADIO_GROUP, ROW, TEXT_INPUT
from tests.discord.errors import NotThere
from tests.discord.values import Json, as_object, as_objects


def filled_in(modal: Json, values: Mapping[str, str | Sequence[str]]) -> list[Json]:
    """The components as they are sent, with what was entered.

    Raises:
        NotThere: If nobody could fill it in so.
    """
    sent: list[Json] = []
    known: set[str] = set()
    for number, part in enumerate(as_objects(modal.get("components")), start=1):
        shell: Json = {"type": part["type"], "id": number}
        if part["type"] == ROW:
            fields = as_objects(part.get("components"))
            shell["components"] = [_filled(field, values, number) for field in fields]
        elif part["type"] == LABEL:
            fields = [as_object(part.get("component"))]
            shell["component"] = _filled(fields[0], values, number)
        else:
            fields = []
        known |= {field["custom_id"] for field in fields}
        sent.append(shell)
    if unknown := set(values) - known:
        raise NotThere(f"The window has no {sorted(unknown)}.")
    return sent


def _filled(field: Json, values: Mapping[str, str | Sequence[str]], number: int) -> Json:
    name, kind = field["custom_id"], field["type"]
    value: Any = values.get(name, field.get("value"))
    if value is None and kind != TEXT_INPUT:
        value = [option["value"] for option in as_objects(field.get("options")) if option.get("default")]
    if not value and field.get("required", True) and kind != CHECKBOX:
        raise NotThere(f"{name} must be filled in.")
    shell: Json = {"type": kind, "custom_id": name, "id": 100 + number}
    if kind == TEXT_INPUT:
        text = str(value or "")
        if not field.get("min_length", 0) <= len(text) <= field.get("max_length", 4000) and (text or value):
            raise NotThere(f"{name} is too long or too short.")
        return shell | {"value": text}
    if kind in {CHECKBOX, RADIO_GROUP}:
        chosen = value if isinstance(value, str) else (value[0] if value else None)
        return shell | {"value": bool(value) if kind == CHECKBOX else chosen}
    chosen_ones: list[str] = [value] if isinstance(value, str) else list(value or ())
    offered = [option["value"] for option in as_objects(field.get("options"))]
    if offered and not set(chosen_ones) <= set(offered):
        raise NotThere(f"{name} offers {offered} only.")
    return shell | {"values": chosen_ones, "resolved": {}}
