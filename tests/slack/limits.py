"""Slack's limits of what comes in: blocks of a message, of a window, and chunks of a stream."""

from __future__ import annotations

from typing import cast

from tests.slack.block_checks import Findings, check_block, check_text
from tests.slack.block_tables import STATUSES
from tests.slack.errors import Refused
from tests.slack.table_checks import DATA_CHARACTERS, cell_text, data_table_characters
from tests.slack.values import Json, Violation
from tests.slack.world import World

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MARKDOWN_CHARACTERS = 12_000
MESSAGE_CHARACTERS = 13_200
"""Where Slack begins to answer msg_blocks_too_long (https://github.com/slackapi/bolt-js/issues/2509)."""
_CHUNK_CHARACTERS = 256
_TABLES = frozenset({"table", "data_table", "data_visualization"})


def check_message(world: World, method: str, blocks: list[Json]) -> None:
    """Check the blocks of one message.

    Raises:
        Refused: `invalid_blocks` or `msg_blocks_too_long`; it is noted as a violation as well.
    """
    found = Findings()
    if len(blocks) > MESSAGE_BLOCKS:
        found.add(f"no more than {MESSAGE_BLOCKS} items allowed", "/blocks")
    _check_blocks(world, found, blocks)
    of_kind = {kind: [block for block in blocks if block.get("type") == kind] for kind in (*_TABLES, "markdown")}
    if len(of_kind["table"]) > 1:
        found.add("only one table allowed", "/blocks")
    if len(of_kind["data_visualization"]) > 2:
        found.add("only two data_visualization allowed", "/blocks")
    if sum(data_table_characters(block) for block in of_kind["data_table"]) > DATA_CHARACTERS:
        found.add(f"tables must have at most {DATA_CHARACTERS} characters", "/blocks")
    if sum(len(str(block.get("text"))) for block in of_kind["markdown"]) > MARKDOWN_CHARACTERS:
        found.add(f"markdown must have at most {MARKDOWN_CHARACTERS} characters", "/blocks")
    _refuse(world, method, found)
    if sum(_characters(block) for block in blocks if block["type"] not in _TABLES) > MESSAGE_CHARACTERS:
        world.violations.append(Violation(method=method, error="msg_blocks_too_long", messages=()))
        raise Refused("msg_blocks_too_long")


def check_view(world: World, method: str, view: Json) -> None:
    """Check a window or a home tab.

    Raises:
        Refused: `invalid_arguments`, as views answer.
    """
    found = Findings()
    blocks = cast("list[Json]", view.get("blocks", []))
    if not 1 <= len(blocks) <= VIEW_BLOCKS:
        found.add(f"must have 1 to {VIEW_BLOCKS} items", "/view/blocks")
    for name, longest in (("private_metadata", 3_000), ("callback_id", 255), ("external_id", 255)):
        if len(str(view.get(name, ""))) > longest:
            found.add(f"must be less than {longest + 1} characters", f"/view/{name}")
    if view["type"] == "modal":
        for name in ("title", "submit", "close"):
            if name in view or name == "title":
                check_text(found, view.get(name), frozenset({"plain_text"}), 24, f"/view/{name}")
        if any(block.get("type") == "input" for block in blocks) and "submit" not in view:
            found.add("missing required field: submit", "/view")
    _check_blocks(world, found, blocks)
    _refuse(world, method, found, error="invalid_arguments")


def check_chunks(world: World, method: str, chunks: list[Json]) -> None:
    """Check the chunks of a stream.

    Raises:
        Refused: `invalid_chunks`, or what their blocks are refused for.
    """
    found = Findings()
    for number, chunk in enumerate(chunks):
        at = f"/chunks/{number}"
        match chunk.get("type"):
            case "markdown_text":
                _check_strings(found, chunk, ("text",), MARKDOWN_CHARACTERS, at)
            case "plan_update":
                _check_strings(found, chunk, ("title",), _CHUNK_CHARACTERS, at)
            case "task_update":
                _check_strings(found, chunk, ("id", "title", "status"), _CHUNK_CHARACTERS, at)
                given = tuple(name for name in ("details", "output") if name in chunk)
                _check_strings(found, chunk, given, _CHUNK_CHARACTERS, at)
                if chunk.get("status") not in STATUSES:
                    found.add("must be a valid status", f"{at}/status")
                for source in cast("list[Json]", chunk.get("sources", [])):
                    if source.get("type") != "url" or not source.get("url") or not source.get("text"):
                        found.add("must be a url with a text", f"{at}/sources")
            case "blocks":
                check_message(world, method, chunk.get("blocks", []))
            case other:
                found.add(f"unsupported type: {other}", at)
    _refuse(world, method, found, error="invalid_chunks")


def _check_strings(found: Findings, chunk: Json, names: tuple[str, ...], longest: int, at: str) -> None:
    for name in names:
        value = chunk.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= longest:
            found.add(f"must be a text of 1 to {longest} characters", f"{at}/{name}")


def _check_blocks(world: World, found: Findings, blocks: list[Json]) -> None:
    for number, block in enumerate(blocks):
        check_block(found, block, f"/blocks/{number}")
        shown = block.get("slack_file")
        if isinstance(shown, dict):
            file = world.files.get(str(cast("Json", shown).get("id")))
            if file is None or not file.ready:
                found.add("invalid slack file", f"/blocks/{number}/slack_file")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    for twice in sorted({each for each in ids if ids.count(each) > 1}):
        found.add(f"block_id already exists: {twice}", "/blocks")


def _refuse(world: World, method: str, found: Findings, *, error: str = "invalid_blocks") -> None:
    if found.messages:
        world.violations.append(Violation(method=method, error=error, messages=tuple(found.messages)))
        raise Refused(error, response_metadata={"messages": found.messages}, errors=found.messages)


def _characters(block: Json) -> int:
    """The characters that people read in a block."""
    text = block.get("text")
    own = len(text) if isinstance(text, str) else len(cell_text(text))
    return own + len(cell_text(block.get("elements"))) + len(cell_text(block.get("fields")))
