"""Walking through a block: every part has the fields, lengths and neighbours that Slack documents."""

from __future__ import annotations

from typing import Any, cast

from tests.slack.block_tables import (
    BLOCKS,
    CHILDREN,
    COUNTS,
    ELEMENTS,
    LENGTHS,
    LONGEST_ID,
    LONGEST_TEXT,
    PLAIN,
    RICH,
    STATUSES,
    TEXTS,
    TEXTUAL,
    Fields,
)
from tests.slack.table_checks import check_chart, check_data_table, check_table
from tests.slack.values import Json, as_object


class Findings:
    """What is wrong, each with the pointer to where."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, what: str, at: str) -> None:
        """Note one."""
        self.messages.append(f"[ERROR] {what} [json-pointer:{at}]")


def check_block(found: Findings, block: Json, at: str) -> None:
    """Check one block and all in it."""
    kind = block.get("type")
    if kind not in BLOCKS:
        found.add(f"unsupported type: {kind}", f"{at}/type")
        return
    block_id = block.get("block_id", "")
    if not isinstance(block_id, str) or len(block_id) > LONGEST_ID:
        found.add(f"must be at most {LONGEST_ID} characters: block_id", at)
    _check_part(found, str(kind), BLOCKS[str(kind)], {k: v for k, v in block.items() if k != "block_id"}, at)
    match kind:
        case "section" if "text" not in block and "fields" not in block:
            found.add("must have text or fields", at)
        case "table":
            check_table(found.add, block, at)
        case "data_table":
            check_data_table(found.add, block, at)
        case "data_visualization":
            check_chart(found.add, block, at)
        case "actions" | "context_actions":
            _check_ids(found, block["elements"] if isinstance(block.get("elements"), list) else [], at)
        case "rich_text":
            _check_rich(found, block.get("elements"), f"{at}/elements")
        case _:
            pass


def _check_part(found: Findings, kind: str, fields: Fields, part: Json, at: str) -> None:
    names = part.keys() - {"type"}
    for missing in sorted(fields.required - names):
        found.add(f"missing required field: {missing}", at)
    for unknown in sorted(names - fields.required - fields.optional):
        found.add(f"invalid additional property: {unknown}", at)
    for name in sorted(names & (fields.required | fields.optional)):
        _check_field(found, kind, name, part[name], f"{at}/{name}")
    if kind == "image" and ("image_url" in part) == ("slack_file" in part):
        found.add("must have one of image_url and slack_file", at)
    if kind == "task_card" and part.get("status") not in STATUSES:
        found.add("must be a valid status", f"{at}/status")
    if kind == "button" and part.get("style", "primary") not in {"primary", "danger"}:
        found.add("must be a valid style", f"{at}/style")
    if kind == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            _check_feedback(found, part.get(side), f"{at}/{side}")


def _check_field(found: Findings, kind: str, name: str, value: Any, at: str) -> None:
    place = (kind, name)
    if name == "action_id" and (not isinstance(value, str) or len(value) > LONGEST_ID):
        found.add(f"must be at most {LONGEST_ID} characters", at)
    if place in TEXTUAL:
        allowed = frozenset({"plain_text"}) if place in PLAIN else frozenset(TEXTS)
        check_text(found, value, allowed, LENGTHS.get(place, LONGEST_TEXT), at)
    elif place in LENGTHS:
        _check_length(found, value, LENGTHS[place], at)
    if place in COUNTS:
        count = len(cast("list[Any]", value)) if isinstance(value, list) else 0
        if not 1 <= count <= COUNTS[place]:
            found.add(f"must have 1 to {COUNTS[place]} items", at)
    if place in CHILDREN:
        children = cast("list[Any]", value) if isinstance(value, list) else [value]
        for number, child in enumerate(children):
            _check_child(found, place, child, f"{at}/{number}" if isinstance(value, list) else at)


def _check_child(found: Findings, place: tuple[str, str], child: Any, at: str) -> None:
    part = as_object(child)
    kind = part.get("type")
    if kind not in CHILDREN[place]:
        found.add(f"unsupported type: {kind}", at)
    elif kind in TEXTS:
        check_text(found, child, frozenset(TEXTS), 2_000 if place == ("section", "fields") else LONGEST_TEXT, at)
    elif kind in ELEMENTS and not (kind == "image" and place[0] == "container"):
        _check_part(found, kind, ELEMENTS[kind], part, at)
    else:
        check_block(found, part, at)


def check_text(found: Findings, value: Any, allowed: frozenset[str], longest: int, at: str) -> None:
    """Check a text object."""
    if not isinstance(value, dict):
        found.add("must be a text object", at)
        return
    text = cast("Json", value)
    kind = text.get("type")
    if kind not in allowed:
        found.add(f"unsupported type: {kind}", f"{at}/type")
        return
    _check_part(found, str(kind), TEXTS[str(kind)], text, at)
    _check_length(found, text.get("text"), longest, f"{at}/text")


def _check_length(found: Findings, text: Any, longest: int, at: str) -> None:
    if not isinstance(text, str) or not text:
        found.add("must be more than 0 characters", at)
    elif len(text) > longest:
        found.add(f"must be less than {longest + 1} characters", at)


def _check_feedback(found: Findings, value: Any, at: str) -> None:
    if not isinstance(value, dict):
        found.add("must be an object", at)
        return
    side = cast("Json", value)
    check_text(found, side.get("text"), frozenset({"plain_text"}), 75, f"{at}/text")
    _check_length(found, side.get("value"), 2_000, f"{at}/value")


def _check_ids(found: Findings, elements: list[Any], at: str) -> None:
    ids = [cast("Json", each).get("action_id") for each in elements if isinstance(each, dict)]
    given = [each for each in ids if each is not None]
    for twice in sorted({each for each in given if given.count(each) > 1}):
        found.add(f"action_id already exists: {twice}", at)


def _check_rich(found: Findings, elements: Any, at: str) -> None:
    if not isinstance(elements, list):
        found.add("must be an array", at)
        return
    for number, each in enumerate(cast("list[Any]", elements)):
        element = as_object(each)
        kind = element.get("type")
        if kind not in RICH:
            found.add(f"unsupported type: {kind}", f"{at}/{number}")
            continue
        _check_part(found, kind, RICH[kind], element, f"{at}/{number}")
        if "elements" in element:
            _check_rich(found, element["elements"], f"{at}/{number}/elements")
        if kind == "text":
            _check_length(found, element.get("text"), 12_000, f"{at}/{number}/text")
