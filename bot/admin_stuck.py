"""Workflows that cannot go on: their workflow task fails each time, as after a deploy that does not fit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from bot.admin_turns import handle_of, link_to

SHOWN = 10

_PROBLEMS = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")
"""Set by the server itself, after a few failures in a row, and taken away with the first success."""

_QUERY = f"ExecutionStatus = 'Running' AND {_PROBLEMS.name} IS NOT NULL"
_CAUSE = "cause="
_PREFIX = "WorkflowTaskFailedCause"


@dataclass(frozen=True, kw_only=True, slots=True)
class StuckWorkflow:
    """One of them. `cause` is the server's word for why, `handle` the conversation's few letters."""

    workflow_id: str
    kind: str
    cause: str
    handle: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stuck:
    """How many there are, and the newest of them."""

    count: int = 0
    shown: tuple[StuckWorkflow, ...] = ()


async def stuck_workflows(client: Client, *, ui: str = "", within: timedelta | None = None) -> Stuck:
    """Those that the server has reported. Raises RPCError."""
    try:
        count = (await client.count_workflows(_QUERY, rpc_timeout=within)).count
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            return Stuck()  # A server that does not know the attribute: before 1.29.
        raise
    if not count:
        return Stuck()
    found = [one async for one in client.list_workflows(_QUERY, limit=SHOWN, rpc_timeout=within)]
    return Stuck(
        count=count,
        shown=tuple(
            StuckWorkflow(
                workflow_id=one.id,
                kind=one.workflow_type,
                cause=_cause(one),
                handle=handle_of(one.id),
                link=link_to(ui, client.namespace, one.id),
            )
            for one in found
        ),
    )


def _cause(one: WorkflowExecution) -> str:
    told: Sequence[str] = one.typed_search_attributes.get(_PROBLEMS) or ()
    named = [word.removeprefix(_CAUSE) for word in told if word.startswith(_CAUSE)]
    return named[0].removeprefix(_PREFIX) if named else "unknown"
