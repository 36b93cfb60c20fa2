"""Other builds of the workflow code, as a release might bring them: not broken, but not what made the histories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CHANGE = "chaos: a turn takes a breath"
"""The id of the change in build `patched`, as `workflow.patched` records it."""


def unfit(turn: Any) -> None:
    """A turn waits a moment first. Histories that were made without do not fit."""
    from temporalio import workflow

    run = turn.Turn.run

    async def changed(self: Any) -> Any:
        await workflow.sleep(0.01)
        return await run(self)

    turn.Turn.run = changed


def patched(turn: Any) -> None:
    """The same change, made so that the histories before it fit."""
    from temporalio import workflow

    run = turn.Turn.run

    async def changed(self: Any) -> Any:
        if workflow.patched(CHANGE):
            await workflow.sleep(0.01)
        return await run(self)

    turn.Turn.run = changed


BUILDS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "unfit": ("workflows.turn", unfit),
    "patched": ("workflows.turn", patched),
}
