"""Stands until the checks do."""

from __future__ import annotations

from tests.slack.values import Json
from tests.slack.world import World


def check_message(world: World, method: str, blocks: list[Json]) -> None:
    """Nothing yet."""


def check_view(world: World, method: str, view: Json) -> None:
    """Nothing yet."""


def check_chunks(world: World, method: str, chunks: list[Json]) -> None:
    """Nothing yet."""
