"""Agents: versions, aliases, lists."""

from __future__ import annotations

from typing import Any

import pytest
from mistralai.client import errors

from tests.bot.sandbox.driver import Driver


async def test_a_new_agent_is_version_0(driver: Driver) -> None:
    agent = await driver.agent(instructions="Be brief.", metadata={"clew_role": "analyst"})
    assert agent.id.startswith("ag_")
    assert (agent.version, agent.versions, agent.name) == (0, [0], "clew-analyst")
    assert agent.metadata == {"clew_role": "analyst"}
    assert agent.tools is not None
    assert agent.tools[0].type == "function"


async def test_every_update_makes_a_new_current_version_even_without_a_change(driver: Driver) -> None:
    agent = await driver.agent(instructions="One.")
    await driver.sdk.beta.agents.update_async(agent_id=agent.id, instructions="Two.")
    same = await driver.sdk.beta.agents.update_async(agent_id=agent.id, instructions="Two.")
    assert (same.version, same.versions) == (2, [0, 1, 2])
    assert same.name == "clew-analyst"
    first = await driver.sdk.beta.agents.get_async(agent_id=agent.id, agent_version=0)
    assert (first.version, first.instructions) == (0, "One.")


async def test_a_switch_changes_the_current_version_and_makes_none(driver: Driver) -> None:
    agent = await driver.agent(instructions="One.")
    await driver.sdk.beta.agents.update_async(agent_id=agent.id, instructions="Two.")
    switched = await driver.sdk.beta.agents.update_version_async(agent_id=agent.id, version=0)
    assert (switched.version, switched.versions, switched.instructions) == (0, [0, 1], "One.")
    third = await driver.sdk.beta.agents.update_async(agent_id=agent.id, description="x")
    assert (third.version, third.instructions) == (2, "One.")


async def test_versions_are_listed_newest_first_and_read_by_number(driver: Driver) -> None:
    agent = await driver.agent()
    await driver.sdk.beta.agents.update_async(agent_id=agent.id, instructions="Two.")
    listed = await driver.sdk.beta.agents.list_versions_async(agent_id=agent.id)
    assert [version.version for version in listed] == [1, 0]
    one = await driver.sdk.beta.agents.get_version_async(agent_id=agent.id, version="1")
    assert one.instructions == "Two."


async def test_an_alias_points_to_a_version_until_it_is_moved_or_deleted(driver: Driver) -> None:
    agents = driver.sdk.beta.agents
    agent = await driver.agent(instructions="One.")
    await agents.update_async(agent_id=agent.id, instructions="Two.")
    await agents.create_version_alias_async(agent_id=agent.id, alias="prod", version=0)
    assert (await agents.get_async(agent_id=agent.id, agent_version="prod")).instructions == "One."
    await agents.create_version_alias_async(agent_id=agent.id, alias="prod", version=1)
    listed = await agents.list_version_aliases_async(agent_id=agent.id)
    assert [(alias.alias, alias.version) for alias in listed] == [("prod", 1)]
    await agents.delete_version_alias_async(agent_id=agent.id, alias="prod")
    assert await agents.list_version_aliases_async(agent_id=agent.id) == []
    with pytest.raises(errors.SDKError) as refused:
        await agents.get_async(agent_id=agent.id, agent_version="prod")
    assert refused.value.status_code == 404


async def test_pages_go_through_all_agents_of_a_name_newest_first(driver: Driver) -> None:
    made = [(await driver.agent("wanted")).id for _ in range(5)]
    await driver.agent("other")
    # The SDK's types do not know that the next page of an asynchronous call is awaited.
    page: Any = await driver.sdk.beta.agents.list_pages_async(page_size=2, name="wanted")
    found: list[str] = []
    while page is not None:
        found += [agent.id for agent in page.result.data]
        page = await page.next()
    assert found == made[::-1]


async def test_lists_filter_by_metadata_that_is_contained(driver: Driver) -> None:
    wanted = await driver.agent(metadata={"clew_role": "risk", "clew_digest": "a"})
    await driver.agent(metadata={"clew_role": "prices"})
    page = await driver.sdk.beta.agents.list_pages_async(metadata={"clew_role": "risk"})
    assert page is not None
    assert [agent.id for agent in page.result.data] == [wanted.id]
    with pytest.deprecated_call():
        deprecated: Any = driver.sdk.beta.agents
        listed = await deprecated.list_async(metadata={"clew_role": "risk"})
    assert [agent.id for agent in listed] == [wanted.id]


async def test_a_deleted_agent_is_gone(driver: Driver) -> None:
    agent = await driver.agent()
    await driver.sdk.beta.agents.delete_async(agent_id=agent.id)
    for call in (
        driver.sdk.beta.agents.get_async(agent_id=agent.id),
        driver.sdk.beta.agents.delete_async(agent_id=agent.id),
        driver.start(agent.id, "hello"),
    ):
        with pytest.raises(errors.SDKError) as refused:
            await call
        assert refused.value.status_code == 404


async def test_an_unknown_field_of_an_agent_is_refused(driver: Driver) -> None:
    reply = await driver.post("/v1/agents", {"model": "m", "name": "n", "colour": "red"})
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["type"] == "extra_forbidden"
    assert reply.json()["detail"][0]["loc"] == ["body", "colour"]
