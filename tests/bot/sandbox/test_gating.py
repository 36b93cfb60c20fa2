"""Function results that are missing or not asked for, and conversations that are busy."""

from __future__ import annotations

import asyncio
import json

import pytest
from mistralai.client import errors

from tests.bot.sandbox.driver import QUOTE, Driver, result, said
from tests.support.sandbox import RunningSandbox, until


async def test_a_message_while_results_are_missing_is_400_with_code_3001(driver: Driver) -> None:
    agent = await driver.agent()
    asked = await driver.start(agent.id, "Price of AAPL?")
    with pytest.raises(errors.SDKError) as refused:
        await driver.append(asked.conversation, "hello?")
    assert refused.value.status_code == 400
    body = json.loads(refused.value.body)
    assert (body["type"], body["code"]) == ("invalid_request_error", 3001)
    assert asked.calls[0] in body["message"]
    assert await driver.kinds(asked.conversation) == ["message.input", "function.call"]


async def test_all_results_of_a_step_are_needed_at_once(driver: Driver) -> None:
    agent = await driver.agent(tools=("get_quote", "get_price_history"))
    asked = await driver.start(agent.id, "AAPL")
    assert len(asked.calls) == 2
    with pytest.raises(errors.SDKError) as refused:
        await driver.append(asked.conversation, result(asked.calls[0], QUOTE))
    assert json.loads(refused.value.body)["code"] == 3001
    told = await driver.append(asked.conversation, *(result(call, QUOTE) for call in asked.calls))
    assert "252.20" in told.text


async def test_a_result_for_a_call_that_is_not_open_is_400_and_stores_nothing(driver: Driver) -> None:
    agent = await driver.agent()
    asked = await driver.start(agent.id, "Price of AAPL?")
    answer = result(asked.calls[0], QUOTE)
    await driver.append(asked.conversation, answer)
    kinds = await driver.kinds(asked.conversation)
    for call in (asked.calls[0], "never"):
        with pytest.raises(errors.SDKError) as refused:
            await driver.append(asked.conversation, result(call, QUOTE))
        assert refused.value.status_code == 400
        assert "Unexpected tool call id" in refused.value.body
    assert await driver.kinds(asked.conversation) == kinds


async def test_a_message_may_follow_its_results_in_one_append(driver: Driver) -> None:
    agent = await driver.agent()
    asked = await driver.start(agent.id, "Price of AAPL?")
    told = await driver.append(asked.conversation, result(asked.calls[0], QUOTE), said("what can you do?"))
    assert "I can look up" in told.text


async def test_an_append_of_nothing_is_400(driver: Driver) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    with pytest.raises(errors.SDKError) as refused:
        await driver.append(first.conversation)
    assert refused.value.status_code == 400


async def test_a_busy_conversation_answers_409_to_writers_and_lets_readers_in(
    driver: Driver, sandbox: RunningSandbox
) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    await sandbox.fault(kind="hold", on="append")
    slow = asyncio.create_task(driver.append(first.conversation, "thanks"))
    await until(lambda: sandbox.board.waiting > 0)
    with pytest.raises(errors.SDKError) as refused:
        await driver.append(first.conversation, "me too")
    assert refused.value.status_code == 409
    await driver.sdk.beta.conversations.get_async(conversation_id=first.conversation)
    fork = await driver.restart(first.conversation, first.last, "a fork is allowed")
    assert fork.conversation != first.conversation
    sandbox.board.release()
    await slow
    assert sandbox.questions(first.conversation) == ["hello", "thanks"]
    await driver.append(first.conversation, "now it is free")


async def test_a_restart_of_a_busy_conversation_can_answer_409(driver: Driver, sandbox: RunningSandbox) -> None:
    sandbox.behave(restart_locked="conflict")
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    await sandbox.fault(kind="hold", on="append")
    slow = asyncio.create_task(driver.append(first.conversation, "thanks"))
    await until(lambda: sandbox.board.waiting > 0)
    with pytest.raises(errors.SDKError) as refused:
        await driver.restart(first.conversation, first.last, "fork")
    assert refused.value.status_code == 409
    sandbox.board.release()
    await slow
