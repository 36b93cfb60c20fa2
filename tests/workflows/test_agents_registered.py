"""Agents are registered once: found by name and digest, changed by a new version, made again only if they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.mistral import mistral_at
from tests.support.sandbox import RunningSandbox, running_sandbox
from workflows.contracts import StepMode
from workflows.errors import Ambiguous, Terminal
from workflows.mistral import AgentConfig

CONFIG = AgentConfig(
    role="analyst",
    model="mistral-medium-3-5",
    instructions="Answer.",
    tools=({"type": "function", "function": {"name": "get_quote", "description": "A price.", "parameters": {}}},),
)


@pytest.fixture
async def sandbox() -> AsyncGenerator[RunningSandbox]:
    async with running_sandbox() as running:
        yield running


def writes(sandbox: RunningSandbox) -> list[str]:
    """Every writing call about agents."""
    return [record.kind for record in sandbox.switches.ledger.records if record.kind.startswith("agents.")]


async def test_an_unchanged_agent_is_found_and_nothing_is_written(sandbox: RunningSandbox) -> None:
    async with mistral_at(sandbox.url) as first, mistral_at(sandbox.url) as later:
        made = await first.ensure_agent(CONFIG)
        before = writes(sandbox)
        assert await later.ensure_agent(CONFIG) == made
        assert await first.ensure_agent(CONFIG) == made
    assert writes(sandbox) == before == ["agents.create"]


@pytest.mark.parametrize(
    "change",
    [
        {"instructions": "Answer in one sentence."},
        {"model": "mistral-large-2512"},
        {"tools": ()},
        {"completion_args": {"temperature": 0.2}},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_any_change_is_one_new_version_of_the_same_agent(sandbox: RunningSandbox, change: Any) -> None:
    async with mistral_at(sandbox.url) as client, mistral_at(sandbox.url) as other:
        old = await client.ensure_agent(CONFIG)
        changed = replace(CONFIG, **change)
        new = await client.ensure_agent(changed)
        assert (new.agent, new.version) == (old.agent, old.version + 1)
        assert await other.ensure_agent(changed) == new
    assert writes(sandbox) == ["agents.create", "agents.update"]


async def test_going_back_to_an_earlier_configuration_finds_its_version(sandbox: RunningSandbox) -> None:
    async with mistral_at(sandbox.url) as client, mistral_at(sandbox.url) as old_worker:
        old = await client.ensure_agent(CONFIG)
        await client.ensure_agent(replace(CONFIG, instructions="Answer differently."))
        assert await old_worker.ensure_agent(CONFIG) == old
    assert writes(sandbox) == ["agents.create", "agents.update"]


async def test_the_same_role_asked_for_many_times_at_once_is_looked_up_once(sandbox: RunningSandbox) -> None:
    async with mistral_at(sandbox.url) as client:
        pinned = await asyncio.gather(*(client.ensure_agent(CONFIG) for _ in range(8)))
    assert len(set(pinned)) == 1
    assert writes(sandbox) == ["agents.create"]


async def test_two_workers_that_start_together_use_one_agent_and_leave_one(sandbox: RunningSandbox) -> None:
    for round_ in range(5):
        config = replace(CONFIG, role=f"role{round_}")
        async with mistral_at(sandbox.url) as one, mistral_at(sandbox.url) as two:
            await asyncio.gather(one.ensure_agent(config), two.ensure_agent(config))
            one.forget_agents()
            two.forget_agents()
            assert await one.ensure_agent(config) == await two.ensure_agent(config)
    names = [agent.config()["name"] for agent in sandbox.store.agents.values()]
    assert sorted(names) == [f"clew-role{round_}" for round_ in range(5)]


async def test_somebody_elses_agent_of_the_same_name_is_left_alone(sandbox: RunningSandbox) -> None:
    async with mistral_at(sandbox.url) as client:
        theirs = await client.ensure_agent(replace(CONFIG, role="other"))
        config = sandbox.store.agent(theirs.agent).config()
        config["name"], config["metadata"] = CONFIG.name, {}
        ours = await client.ensure_agent(CONFIG)
    assert ours.agent != theirs.agent


async def test_a_creation_whose_answer_was_lost_is_found_and_not_repeated(sandbox: RunningSandbox) -> None:
    await sandbox.fault(kind="reset", when="after", on="agents.create")
    async with mistral_at(sandbox.url) as client:
        with pytest.raises(Ambiguous):
            await client.ensure_agent(CONFIG)
        await client.ensure_agent(CONFIG)
    assert len(sandbox.store.agents) == 1


async def test_a_deleted_agent_is_made_again_once_it_was_forgotten(sandbox: RunningSandbox) -> None:
    async with mistral_at(sandbox.url) as client:
        old = await client.ensure_agent(CONFIG)
        sandbox.store.delete_agent(old.agent)
        with pytest.raises(Terminal) as gone:
            await client.step(StepMode.START, agent=old, head=None, entries=[], metadata={})
        assert gone.value.status == 404
        client.forget_agents()
        assert (await client.ensure_agent(CONFIG)).agent != old.agent


async def test_a_refused_key_is_terminal_while_agents_are_registered(sandbox: RunningSandbox) -> None:
    await sandbox.fault(kind="status", status=401, on="agents")
    async with mistral_at(sandbox.url) as client:
        with pytest.raises(Terminal) as refused:
            await client.ensure_agent(CONFIG)
    assert refused.value.code == "mistral_auth"
