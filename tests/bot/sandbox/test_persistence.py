"""What was committed survives the sandbox's own death."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mistralai.client import errors

from bot.errors import PlainError
from bot.sandbox.ledger import Ledger
from bot.sandbox.server import serve
from bot.sandbox.store import Store
from tests.bot.sandbox.driver import QUOTE, driving, result
from tests.support.sandbox import running_sandbox, sandbox_process, until


async def test_a_killed_sandbox_loses_no_agent_no_entry_and_no_order(tmp_path: Path) -> None:
    async with sandbox_process(tmp_path) as before, driving(before.url) as driver:
        agent = await driver.agent(instructions="One.")
        await driver.sdk.beta.agents.update_async(agent_id=agent.id, instructions="Two.")
        await driver.sdk.beta.agents.create_version_alias_async(agent_id=agent.id, alias="prod", version=0)
        asked = await driver.stream(agent.id, "Price of AAPL?", metadata={"thread": "t"})
        other = await driver.start(agent.id, "hello")
        fork = await driver.restart(other.conversation, other.last, "thanks")
        gone = await driver.start(agent.id, "hello")
        await driver.sdk.beta.conversations.delete_async(conversation_id=gone.conversation)
        history = await driver.history(asked.conversation)
        forked = await driver.history(fork.conversation)
        await before.kill()
    async with running_sandbox(data_file=tmp_path / "sandbox.sqlite") as after, driving(after.url) as driver:
        again = await driver.sdk.beta.agents.get_async(agent_id=agent.id)
        assert (again.version, again.versions, again.instructions) == (1, [0, 1], "Two.")
        old = await driver.sdk.beta.agents.get_async(agent_id=agent.id, agent_version="prod")
        assert old.instructions == "One."
        assert await driver.history(asked.conversation) == history
        assert await driver.history(fork.conversation) == forked
        listed = await driver.sdk.beta.conversations.list_async(metadata=None)
        assert [item.id for item in listed] == [fork.conversation, other.conversation, asked.conversation]
        told = await driver.append(asked.conversation, result(asked.calls[0], QUOTE))
        assert "252.20 USD" in told.text
    assert len(Ledger(tmp_path / "sandbox-ledger.jsonl").of("start")) == 3


async def test_a_sandbox_killed_during_a_run_keeps_the_inputs_and_gives_the_lock_back(tmp_path: Path) -> None:
    async with sandbox_process(tmp_path) as before, driving(before.url) as driver:
        agent = await driver.agent()
        first = await driver.start(agent.id, "hello")
        await driver.http.post(f"{before.url}/_sandbox/faults", json={"kind": "hold", "on": "append"})
        running = asyncio.create_task(driver.append(first.conversation, "thanks"))
        while len(await driver.history(first.conversation)) < 3:
            pass
        await before.kill()
        with pytest.raises(Exception, match=r"disconnected|reset|closed|^$"):
            await running
    async with running_sandbox(data_file=tmp_path / "sandbox.sqlite") as after, driving(after.url) as driver:
        kinds = await driver.kinds(first.conversation)
        assert kinds == ["message.input", "message.output", "message.input"]
        await driver.append(first.conversation, "what can you do?")


async def test_a_sandbox_without_a_data_directory_forgets() -> None:
    async with running_sandbox() as before, driving(before.url) as driver:
        conversation = (await driver.start((await driver.agent()).id, "hello")).conversation
    async with running_sandbox() as after, driving(after.url) as driver:
        with pytest.raises(errors.SDKError) as refused:
            await driver.history(conversation)
    assert refused.value.status_code == 404


async def test_a_conversation_deleted_during_its_run_stays_deleted(tmp_path: Path) -> None:
    async with running_sandbox(data_file=tmp_path / "sandbox.sqlite") as sandbox, driving(sandbox.url) as driver:
        agent = await driver.agent()
        sandbox.behave(think_time=0.05)
        running = asyncio.create_task(driver.start(agent.id, "hello"))
        await until(lambda: len(sandbox.branches()) == 1)
        await driver.sdk.beta.conversations.delete_async(conversation_id=sandbox.branches()[0].id)
        await running
        assert sandbox.branches() == []
    stored = Store(tmp_path / "sandbox.sqlite")
    assert stored.conversations == {}
    stored.close()


async def test_serving_stops_when_told_to_and_gives_the_port_back() -> None:
    async with running_sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(PlainError, match=str(port)):
            await serve("127.0.0.1", port)
    until = asyncio.Event()
    serving = asyncio.create_task(serve("127.0.0.1", port, until=until))
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            break
    until.set()
    await serving
    with pytest.raises(OSError, match=r"."):
        await asyncio.open_connection("127.0.0.1", port)


async def test_the_process_ends_on_sigterm(tmp_path: Path) -> None:
    async with sandbox_process(tmp_path) as running:
        running.process.send_signal(signal.SIGTERM)
        assert await running.process.wait() == 0


def test_the_sandbox_boots_without_the_heavy_libraries() -> None:
    heavy = {"mistralai", "temporalio", "mcp", "pandas", "httpx2", "matplotlib"}
    code = "import sys, bot.sandbox.server, bot.sandbox.brain.rules; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(loaded.stdout.split())
