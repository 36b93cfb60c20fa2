"""The client of Mistral's API, with the real SDK: steps and their failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from bot.sandbox.brain.protocol import Prompted, Reply
from tests.support.mistral import mistral_at
from tests.support.sandbox import RunningSandbox, running_sandbox, until
from workflows.contracts import Head, PinnedAgent, StepMode
from workflows.errors import Ambiguous, CallError, OutcomeClass, Retriable, Terminal
from workflows.mistral import AgentConfig, MistralClient, Step, connect_mistral

Json = dict[str, Any]

THREAD = {"thread": "conversation:terminal:desk:terminal:t1"}


class Echo:
    """Says how many messages it was sent."""

    def reply(self, prompted: Prompted) -> Reply:
        """One message."""
        return Reply(text=f"message {sum(entry['type'] == 'message.input' for entry in prompted.entries)}")


@pytest.fixture
async def sandbox() -> AsyncGenerator[RunningSandbox]:
    async with running_sandbox(Echo()) as running:
        yield running


@pytest.fixture
async def mistral(sandbox: RunningSandbox) -> AsyncGenerator[MistralClient]:
    async with mistral_at(sandbox.url) as client:
        yield client


@pytest.fixture
async def analyst(mistral: MistralClient) -> PinnedAgent:
    return await mistral.ensure_agent(AgentConfig(role="analyst", model="m", instructions="Answer."))


def said(text: str) -> Json:
    return {"object": "entry", "type": "message.input", "role": "user", "content": text, "prefix": False}


async def send(client: MistralClient, agent: PinnedAgent, mode: StepMode, head: Head | None, text: str = "hi") -> Step:
    return await client.step(mode, agent=agent, head=head, entries=[said(text)], metadata=THREAD)


async def start(client: MistralClient, agent: PinnedAgent) -> Step:
    return await send(client, agent, StepMode.START, None)


async def failure(client: MistralClient, agent: PinnedAgent) -> CallError:
    with pytest.raises(CallError) as failed:
        await start(client, agent)
    return failed.value


# --- Steps -----------------------------------------------------------------------------------------------------------


async def test_a_start_an_append_and_a_fork_each_return_their_new_head(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox
) -> None:
    first = await start(mistral, analyst)
    second = await send(mistral, analyst, StepMode.APPEND, first.head)
    fork = await send(mistral, analyst, StepMode.RESTART, first.head)
    assert (first.text, second.text, fork.text) == ("message 1", "message 2", "message 2")
    assert second.head.branch == first.head.branch != fork.head.branch
    for step in (second, fork):
        assert sandbox.entries(step.head.branch)[-1]["id"] == step.head.entry


async def test_a_start_and_a_fork_carry_the_thread_and_the_pinned_version(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox
) -> None:
    first = await start(mistral, analyst)
    await mistral.ensure_agent(AgentConfig(role="analyst", model="m", instructions="Answer differently."))
    fork = await send(mistral, analyst, StepMode.RESTART, first.head)
    for step in (first, fork):
        kept = sandbox.store.conversation(step.head.branch)
        assert (kept.agent_version, kept.metadata) == (analyst.version, THREAD)


async def test_usage_counts_the_tokens_of_built_in_tools_too(mistral: MistralClient) -> None:
    config = AgentConfig(role="search", model="m", instructions="Search.", tools=({"type": "web_search"},))
    searcher = await mistral.ensure_agent(config)
    ran: list[str] = []
    step = await mistral.step(
        StepMode.START,
        agent=searcher,
        head=None,
        entries=[said("Query: Apple news")],
        metadata=THREAD,
        on_tool=ran.append,
    )
    assert ran == ["web_search"]
    assert step.usage.connector_tokens > 0
    parts = (step.usage.prompt_tokens, step.usage.completion_tokens, step.usage.connector_tokens)
    assert step.usage.total == sum(parts)


async def test_text_is_shown_whole_while_it_comes(mistral: MistralClient, analyst: PinnedAgent) -> None:
    seen: list[str] = []
    await mistral.step(
        StepMode.START, agent=analyst, head=None, entries=[said("hi")], metadata=THREAD, on_text=seen.append
    )
    assert seen == ["message", "message 1"]


# --- Failures --------------------------------------------------------------------------------------------------------

STATUSES = {
    400: (OutcomeClass.TERMINAL, "mistral_refused"),
    401: (OutcomeClass.TERMINAL, "mistral_auth"),
    403: (OutcomeClass.TERMINAL, "mistral_auth"),
    404: (OutcomeClass.TERMINAL, "mistral_gone"),
    408: (OutcomeClass.AMBIGUOUS, "unreachable"),
    409: (OutcomeClass.RETRIABLE, "mistral_busy"),
    413: (OutcomeClass.TERMINAL, "mistral_refused"),
    422: (OutcomeClass.TERMINAL, "mistral_refused"),
    429: (OutcomeClass.RETRIABLE, "mistral_busy"),
    500: (OutcomeClass.AMBIGUOUS, "unreachable"),
    502: (OutcomeClass.AMBIGUOUS, "unreachable"),
    503: (OutcomeClass.AMBIGUOUS, "unreachable"),
    504: (OutcomeClass.AMBIGUOUS, "unreachable"),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_has_its_class_and_its_sentence(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox, status: int
) -> None:
    await sandbox.fault(kind="status", status=status, message="what alice said")
    failed = await failure(mistral, analyst)
    assert (failed.outcome, failed.code) == STATUSES[status]
    assert "alice" not in str(failed), "an error's words may quote people"


@pytest.mark.parametrize(("form", "least", "most"), [("seconds", 7.0, 7.0), ("date", 5.0, 9.0)])
async def test_retry_after_is_kept_as_seconds(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox, form: str, least: float, most: float
) -> None:
    await sandbox.fault(kind="status", status=429, retry_after=7, retry_after_form=form)
    failed = await failure(mistral, analyst)
    assert isinstance(failed, Retriable)
    assert failed.retry_after is not None
    # Dates name whole seconds, the one that the server puts on its answers too.
    assert least <= failed.retry_after <= most


async def test_a_rate_limit_holds_back_every_step_of_the_account_until_its_window_ends(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox
) -> None:
    await sandbox.fault(kind="status", status=429, retry_after=0.3)
    await failure(mistral, analyst)
    held = await failure(mistral, analyst)
    assert isinstance(held, Retriable)
    assert not held.sent
    assert held.retry_after is not None
    assert len(sandbox.steps()) == 1
    await asyncio.sleep(held.retry_after)
    assert (await start(mistral, analyst)).text


async def test_a_busy_branch_holds_nobody_else_back(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox
) -> None:
    await sandbox.fault(kind="status", status=409, retry_after=30)
    await failure(mistral, analyst)
    assert (await start(mistral, analyst)).text


async def test_what_never_left_us_is_retriable_and_not_sent(analyst: PinnedAgent) -> None:
    async with connect_mistral("a-key-for-tests", "http://127.0.0.1:9") as nowhere:
        failed = await failure(nowhere, analyst)
    assert isinstance(failed, Retriable)
    assert not failed.sent


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset"},
        {"kind": "close"},
        {"kind": "reset", "when": "after"},
        {"kind": "hang"},
        {"kind": "hang", "when": "after"},
        {"kind": "stall"},
        {"kind": "cut"},
        {"kind": "cut", "split": True},
        {"kind": "partial"},
        {"kind": "no_done"},
        {"kind": "no_done", "events": -1},
        {"kind": "no_done", "when": "after"},
        {"kind": "error_event"},
        {"kind": "error_event", "when": "after"},
        {"kind": "status", "status": 500, "when": "after", "code": 3000},
        {"kind": "late"},
        {"kind": "late", "drop": True, "seconds": 0.05},
    ],
    ids=str,
)
async def test_a_reply_that_is_not_complete_is_of_unknown_outcome(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox, fault: Json
) -> None:
    await sandbox.fault(**fault)
    failed = await failure(mistral, analyst)
    assert isinstance(failed, Ambiguous)
    assert failed.code == "unreachable"
    sandbox.board.release()


@pytest.mark.parametrize("kind", ["close", "reset", "hang"])
async def test_a_connection_that_breaks_after_done_takes_nothing_back(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox, kind: str
) -> None:
    await sandbox.fault(kind=kind, when="reply")
    assert (await start(mistral, analyst)).text == "message 1"


async def test_a_reply_without_entries_is_unusable(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox
) -> None:
    await sandbox.fault(kind="nothing")
    failed = await failure(mistral, analyst)
    assert isinstance(failed, Ambiguous)
    assert (failed.code, failed.unusable) == ("empty_output", True)


async def test_a_reply_that_drips_for_too_long_is_given_up(
    sandbox: RunningSandbox, mistral: MistralClient, analyst: PinnedAgent
) -> None:
    # Each word comes in time, and there are too many of them.
    await sandbox.fault(kind="text", text="word " * 40, token_delay=0.1, times=0)
    assert isinstance(await failure(mistral, analyst), Ambiguous)


async def test_a_late_writer_keeps_its_branch_busy_and_then_stores_there_alone(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox
) -> None:
    first = await start(mistral, analyst)
    await sandbox.fault(kind="late", on="append")
    with pytest.raises(Ambiguous):
        await send(mistral, analyst, StepMode.APPEND, first.head, "late")
    with pytest.raises(Retriable):
        await send(mistral, analyst, StepMode.APPEND, first.head, "again")
    fork = await send(mistral, analyst, StepMode.RESTART, first.head, "again")
    sandbox.board.release()
    await until(lambda: sandbox.questions(first.head.branch) == ["hi", "late"])
    assert sandbox.questions(fork.head.branch) == ["hi", "again"]


async def test_a_branch_that_is_gone_is_terminal_with_its_status(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox
) -> None:
    first = await start(mistral, analyst)
    sandbox.store.delete_conversation(first.head.branch)
    for mode in (StepMode.APPEND, StepMode.RESTART):
        with pytest.raises(Terminal) as gone:
            await send(mistral, analyst, mode, first.head)
        assert (gone.value.code, gone.value.status) == ("mistral_gone", 404)


# --- Branches --------------------------------------------------------------------------------------------------------


async def test_branches_of_a_thread_are_deleted_but_for_those_in_use(
    mistral: MistralClient, analyst: PinnedAgent, sandbox: RunningSandbox
) -> None:
    kept = await start(mistral, analyst)
    await start(mistral, analyst)
    other = await mistral.step(
        StepMode.START, agent=analyst, head=None, entries=[said("hi")], metadata={"thread": "another"}
    )
    assert await mistral.delete_branches(THREAD["thread"], frozenset({kept.head.branch})) == 1
    assert {branch.id for branch in sandbox.branches()} == {kept.head.branch, other.head.branch}
    assert await mistral.delete_branches(THREAD["thread"], frozenset({kept.head.branch})) == 0
