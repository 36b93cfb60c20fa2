"""S11: what was spent is written down once, whoever dies between spending and writing."""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.processes import eventually
from tests.chaos.case import PATIENCE, Case
from tests.chaos.ledger import Asked
from tests.chaos.rig import Rig, rig
from workflows.contracts import Asker, UsageState
from workflows.identity import usage_id
from workflows.sentences import sentence
from workflows.usage import UsageWorkflow

pytestmark = pytest.mark.campaign


def booked(made: Rig, one: Asked) -> UsageState:
    """The asker's ledger."""

    async def look() -> UsageState:
        client = await made.connected()
        workspace = made.workflow_id(one).split(":")[2]
        ledger = usage_id(one.platform, workspace, Asker(user=made.seat(one.platform).alice))
        return await client.get_workflow_handle_for(UsageWorkflow.run, ledger).query(UsageWorkflow.spent)

    return asyncio.run(look())


def spent(made: Rig, one: Asked) -> int:
    """What the model's provider counted for a question."""
    records = made.whole.sandbox.records()
    return sum(int(each["tokens"]) for each in records if str(each["metadata"].get("thread", "")).endswith(one.thread))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("platform", ["slack", "discord"])
def test_a_worker_that_dies_as_its_answer_is_shown_books_it_once_all_the_same(platform: str) -> None:
    with rig(CLEW_DAILY_TOKENS_PER_USER="1") as made:
        case = Case(made, platform)
        case.fault("edit", "signal", outcome=True, role="worker")
        first = case.ask()
        verdict = case.verdict()
        assert (verdict.findings, verdict.missed) == ((), ())
        eventually(lambda: len(booked(made, first).booked) == 1, "it is booked", PATIENCE)
        assert booked(made, first).tokens == spent(made, first) > 0
        assert booked(made, first).leases == ()
        second = case.ask(expected=("failed",), says=False)
        case.over(second)
        assert any(sentence("budget") in shown.text for shown in case.shown(second))
        assert spent(made, second) == 0
