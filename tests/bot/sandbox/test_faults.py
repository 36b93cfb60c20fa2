"""Faults: each does what it says, at the moment it says, and leaves behind what it says."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest
from mistralai.client import errors

from tests.bot.sandbox.driver import QUOTE, Driver, Reply, driving, result
from tests.support.sandbox import RunningSandbox, until

ASKED = "what can you do?"
WHOLE = ["message.input", "message.output"]


async def only(sandbox: RunningSandbox) -> str:
    """The id of the one conversation."""
    (found,) = sandbox.branches()
    return found.id


def kinds(sandbox: RunningSandbox, conversation: str) -> list[str]:
    return [entry["type"] for entry in sandbox.entries(conversation)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_status_before_anything_stores_nothing(
    driver: Driver, sandbox: RunningSandbox, status: int, stream: bool
) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="status", status=status)
    with pytest.raises(errors.MistralError) as refused:
        await (driver.stream if stream else driver.start)(agent.id, ASKED)
    assert refused.value.status_code == status
    assert sandbox.branches() == []
    assert (await driver.start(agent.id, ASKED)).text


async def test_retry_after_comes_as_seconds_as_a_date_or_not_at_all(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="status", status=429, retry_after=7)
    await sandbox.fault(kind="status", status=429, retry_after=7, retry_after_form="date", nth=2)
    await sandbox.fault(kind="status", status=429, nth=3)
    seen: list[str | None] = []
    for _ in range(3):
        with pytest.raises(errors.SDKError) as refused:
            await driver.start(agent.id, ASKED)
        seen.append(refused.value.headers.get("retry-after"))
    assert seen[0] == "7"
    assert parsedate_to_datetime(str(seen[1])).tzinfo is not None
    assert seen[2] is None


async def test_a_status_after_stores_all_or_the_inputs_alone(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    for keep, stored in (("all", WHOLE), ("inputs", WHOLE[:1]), ("partial", WHOLE)):
        await sandbox.fault(kind="status", when="after", keep=keep, code=3000)
        with pytest.raises(errors.SDKError) as refused:
            await driver.stream(agent.id, ASKED)
        assert (refused.value.status_code, json.loads(refused.value.body)["code"]) == (500, 3000)
        conversation = await only(sandbox)
        assert kinds(sandbox, conversation) == stored
        sandbox.store.delete_conversation(conversation)
    await sandbox.fault(kind="status", when="after", keep="nothing")
    with pytest.raises(errors.SDKError):
        await driver.stream(agent.id, ASKED)
    assert sandbox.branches() == []


async def test_partial_output_is_a_half_of_the_message(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    full = (await driver.start(agent.id, ASKED)).text
    await sandbox.fault(kind="close", when="mid", events=3, keep="partial")
    broken = Reply()
    with pytest.raises(httpx2.RemoteProtocolError):
        await driver.stream(agent.id, ASKED, into=broken)
    (output,) = sandbox.entries(broken.conversation, "message.output")
    assert full.startswith(output["content"])
    assert 0 < len(output["content"]) < len(full)


@pytest.mark.parametrize(("action", "raised"), [("reset", httpx2.ReadError), ("close", httpx2.RemoteProtocolError)])
@pytest.mark.parametrize(("at", "stored"), [("before", []), ("after", WHOLE), ("mid", WHOLE)])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_broken_connection_is_an_error_and_what_was_applied_stays(
    driver: Driver,
    sandbox: RunningSandbox,
    action: str,
    raised: type[Exception],
    at: str,
    stored: list[str],
    stream: bool,
) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind=action, when=at)
    with pytest.raises(raised):
        await (driver.stream if stream else driver.start)(agent.id, ASKED)
    # The run goes on although its client has gone.
    await until(lambda: [kinds(sandbox, item.id) for item in sandbox.branches()] == ([stored] if stored else []))


async def test_a_stream_cut_inside_an_event_does_not_parse(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="close", when="mid", events=2, split=True)
    broken = Reply()
    with pytest.raises((httpx2.RemoteProtocolError, errors.ResponseValidationError)):
        await driver.stream(agent.id, ASKED, into=broken)
    assert broken.events == ["conversation.response.started", "message.output.delta"]


async def test_a_stream_can_end_as_if_finished_without_done(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="no_done", when="mid", events=-1)
    reply = await driver.stream(agent.id, ASKED)
    assert not reply.done
    assert sandbox.entries(reply.conversation, "message.output")[0]["content"] == reply.text
    await sandbox.fault(kind="no_done", when="mid", events=2, keep="inputs")
    early = await driver.stream(agent.id, ASKED)
    assert not early.done
    assert kinds(sandbox, early.conversation) == ["message.input"]


async def test_a_stream_can_end_with_an_error_event(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="error_event", when="mid", events=2, keep="inputs", code=3000)
    reply = await driver.stream(agent.id, ASKED)
    assert reply.events[-1] == "conversation.response.error"
    assert kinds(sandbox, reply.conversation) == ["message.input"]


@pytest.mark.parametrize(("at", "stored"), [("before", []), ("after", WHOLE), ("mid", WHOLE)])
async def test_a_hang_runs_into_the_clients_time_out(
    sandbox: RunningSandbox, driver: Driver, at: str, stored: list[str]
) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="hang", when=at)
    async with driving(sandbox.url, timeout_ms=150) as impatient:
        with pytest.raises(httpx2.ReadTimeout):
            await impatient.stream(agent.id, ASKED)
    assert [kinds(sandbox, item.id) for item in sandbox.branches()] == ([stored] if stored else [])


async def test_a_late_writer_outlives_its_client_holds_the_lock_and_then_stores(
    sandbox: RunningSandbox, driver: Driver
) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    await sandbox.fault(kind="late", on="append")
    async with driving(sandbox.url, timeout_ms=150) as impatient:
        with pytest.raises(httpx2.ReadTimeout):
            await impatient.append_stream(first.conversation, ASKED)
    with pytest.raises(errors.SDKError) as refused:
        await driver.append(first.conversation, "again")
    assert refused.value.status_code == 409
    sandbox.board.release()
    await until(lambda: kinds(sandbox, first.conversation) == WHOLE * 2)
    assert sandbox.questions(first.conversation) == ["hello", ASKED]


async def test_inputs_stored_at_the_end_are_not_seen_before(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    for stored, seen in (("start", 3), ("end", 2)):
        sandbox.behave(inputs_stored=stored)
        await sandbox.fault(kind="hold", on="append")
        running = asyncio.create_task(driver.append(first.conversation, "thanks"))
        await until(lambda: sandbox.board.waiting > 0)
        assert len(await driver.history(first.conversation)) == seen
        await sandbox.clear()
        first = await running
        assert len(sandbox.entries(first.conversation)) == 4
        first = await driver.start(agent.id, "hello")


async def test_kill_sends_sigkill_to_a_process_after_everything_is_stored(
    sandbox: RunningSandbox, driver: Driver
) -> None:
    agent = await driver.agent()
    for at in ("before", "after", "mid", "reply"):
        victim = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
        await sandbox.fault(kind="kill", when=at, pid=victim.pid)
        reply = await driver.stream(agent.id, ASKED)
        assert reply.done
        assert await victim.wait() == -signal.SIGKILL
        assert kinds(sandbox, reply.conversation) == WHOLE
        await sandbox.clear()


async def test_a_reset_after_the_reply_costs_the_connection_not_the_reply(
    sandbox: RunningSandbox, driver: Driver
) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="reset", when="reply")
    try:
        assert (await driver.start(agent.id, ASKED)).text
    except httpx2.TransportError:
        # The reset may overtake the last bytes on the way.
        assert len(sandbox.branches()) == 1
    assert kinds(sandbox, (await driver.start(agent.id, ASKED)).conversation) == WHOLE


async def test_structured_output_can_be_unparseable(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent("clew-planner", tools=())
    schema: Any = {"type": "json_schema", "json_schema": {"name": "Plan", "schema": {}, "strict": True}}
    task = "Symbol: AAPL\nCompany: Apple\nQuestion: x\nToday: 2026-11-24"
    await sandbox.fault(kind="unparseable", agent="clew-planner")
    broken = await driver.start(agent.id, task, completion_args={"response_format": schema})
    with pytest.raises(ValueError, match=r"JSON|delimiter|string|Expecting|Unterminated"):
        json.loads(broken.text)
    again = await driver.start(agent.id, task, completion_args={"response_format": schema})
    assert json.loads(again.text)["symbol"] == "AAPL"


async def test_arguments_can_be_malformed(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="bad_arguments")
    asked = await driver.stream(agent.id, "Price of AAPL?")
    assert asked.names == ["get_quote"]
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(asked.arguments[0])


async def test_tool_calls_can_be_endless(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="endless_tools")
    asked = await driver.start(agent.id, "Price of AAPL?")
    for _ in range(5):
        asked = await driver.append(asked.conversation, *(result(call, QUOTE) for call in asked.calls))
        assert asked.names == ["get_quote"]
    await sandbox.clear()
    assert (await driver.append(asked.conversation, result(asked.calls[0], QUOTE))).text


async def test_an_answer_can_hold_no_entries_or_an_empty_message(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="nothing")
    await sandbox.fault(kind="empty", nth=2)
    nothing = await driver.stream(agent.id, ASKED)
    assert nothing.events == ["conversation.response.started", "conversation.response.done"]
    blank = await driver.stream(agent.id, ASKED)
    assert blank.done
    assert blank.text == ""
    assert kinds(sandbox, blank.conversation) == WHOLE


async def test_a_slow_stream_thinks_and_drips(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="slow", token_delay=10.0)
    async with driving(sandbox.url, timeout_ms=150) as impatient:
        broken = Reply()
        with pytest.raises(httpx2.ReadTimeout):
            await impatient.stream(agent.id, ASKED, into=broken)
    assert broken.events == ["conversation.response.started", "message.output.delta"]


async def test_a_fault_meets_the_nth_request_of_a_kind_an_agent_and_a_text(
    sandbox: RunningSandbox, driver: Driver
) -> None:
    analyst, risk = await driver.agent(), await driver.agent("clew-risk")
    await sandbox.fault(kind="status", status=503, on="start", agent="clew-risk", holding="TSLA", nth=2, times=2)
    met: list[bool] = []
    for agent, text in (
        (analyst, "TSLA"),
        (risk, "TSLA"),
        (risk, "AAPL"),
        (risk, "TSLA"),
        (risk, "TSLA"),
        (risk, "TSLA"),
    ):
        try:
            await driver.start(agent.id, text)
        except errors.SDKError:
            met.append(True)
        else:
            met.append(False)
    assert met == [False, False, False, True, True, False]


async def test_other_requests_can_fail_too(sandbox: RunningSandbox, driver: Driver) -> None:
    await sandbox.fault(kind="status", on="agents.create", when="after")
    await sandbox.fault(kind="reset", on="history")
    with pytest.raises(errors.SDKError):
        await driver.agent()
    assert len(sandbox.store.agents) == 1
    agent = next(iter(sandbox.store.agents))
    reply = await driver.start(agent, ASKED)
    with pytest.raises(httpx2.ReadError):
        await driver.history(reply.conversation)


async def test_the_ledger_holds_every_writing_request_with_size_metadata_and_what_was_applied(
    sandbox: RunningSandbox, driver: Driver
) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="status", on="append")
    first = await driver.start(agent.id, ASKED, metadata={"step": "t:1"})
    with pytest.raises(errors.SDKError):
        await driver.append(first.conversation, "again")
    with pytest.raises(errors.SDKError):
        await driver.append("conv_nowhere", "again")
    records = sandbox.switches.ledger.records
    assert [(record.kind, record.outcome, record.fault) for record in records] == [
        ("agents.create", "200", ""),
        ("start", "200", ""),
        ("append", "500", "status@before"),
        ("append", "404", ""),
    ]
    start = records[1]
    assert (start.agent, start.metadata, start.inputs) == ("clew-analyst", {"step": "t:1"}, ["message.input"])
    assert start.size > len(ASKED)
    assert [entry["type"] for entry in start.applied] == WHOLE
    assert records[2].applied == []
    # Whose it was is known, though it never came to be one.
    assert (records[2].conversation, records[2].metadata) == (first.conversation, {"step": "t:1"})


async def test_a_stream_can_stall_in_the_middle(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="stall", events=3)
    broken = Reply()
    async with driving(sandbox.url, timeout_ms=150) as impatient:
        with pytest.raises(httpx2.ReadTimeout):
            await impatient.stream(agent.id, ASKED, into=broken)
    assert len(broken.events) == 3


@pytest.mark.parametrize("stream", [False, True])
async def test_a_partial_answer_leaves_the_inputs_and_half_of_the_message(
    sandbox: RunningSandbox, driver: Driver, stream: bool
) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, ASKED)
    await sandbox.fault(kind="partial", on="append")
    with pytest.raises(httpx2.RemoteProtocolError):
        await (driver.append_stream if stream else driver.append)(first.conversation, ASKED)
    await until(lambda: kinds(sandbox, first.conversation) == WHOLE * 2)
    whole, half = sandbox.entries(first.conversation, "message.output")
    assert whole["content"].startswith(half["content"])
    assert 0 < len(half["content"]) < len(whole["content"])


async def test_a_cut_stream_breaks_off_and_the_run_goes_on(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="cut")
    broken = Reply()
    with pytest.raises(httpx2.RemoteProtocolError):
        await driver.stream(agent.id, ASKED, into=broken)
    await until(lambda: kinds(sandbox, broken.conversation) == WHOLE)


async def test_a_late_writer_can_drop_its_client_at_once(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello")
    await sandbox.fault(kind="late", on="append", drop=True, seconds=0.05)
    with pytest.raises(httpx2.ReadError):
        await driver.append(first.conversation, ASKED)
    await until(lambda: kinds(sandbox, first.conversation) == WHOLE * 2)


async def test_an_answer_can_be_dictated(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent()
    await sandbox.fault(kind="text", text="So be it.")
    assert (await driver.start(agent.id, "Price of AAPL?")).text == "So be it."


async def test_a_fault_meets_one_structured_output_only(sandbox: RunningSandbox, driver: Driver) -> None:
    agent = await driver.agent(tools=())
    schema: Any = {"type": "json_schema", "json_schema": {"name": "Report", "schema": {}, "strict": True}}
    await sandbox.fault(kind="status", status=503, schema="Report")
    assert (await driver.start(agent.id, ASKED)).text
    with pytest.raises(errors.SDKError):
        await driver.start(agent.id, ASKED, completion_args={"response_format": schema})
    assert [record.schema for record in sandbox.steps()] == ["", "Report"]


async def test_agents_fail_where_faults_are_for_agents(sandbox: RunningSandbox, driver: Driver) -> None:
    await sandbox.fault(kind="status", status=500, on="agents")
    with pytest.raises(errors.SDKError):
        await driver.agent()
    assert sandbox.store.agents == {}
    await driver.agent()
