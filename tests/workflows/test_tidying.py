"""The end of a turn: what tidies up gives up, since the thread's next turn waits for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from tests.support.attempts import attempt
from tests.support.mistral import mistral_at
from tests.support.sandbox import running_sandbox, until
from tests.support.values import ALICE, THREAD
from workflows.activities.agents import AgentActivities
from workflows.blobs import FileBlobStore
from workflows.contracts import Done, EndTurn
from workflows.live import LiveBoards
from workflows.mcp_client import MarketTools
from workflows.mistral import MistralClient, Timeouts
from workflows.policies import TIDYING_TRIES
from workflows.refusals import Refusals

END = EndTurn(thread=THREAD, turn="m1:1", asker=ALICE, tokens=0, keep=(), tidy=True)
PATIENT = Timeouts(idle=30.0)


def agents(mistral: MistralClient, directory: Path) -> AgentActivities:
    tools, boards = MarketTools("http://127.0.0.1:9", "t"), LiveBoards({}, Refusals())
    return AgentActivities(mistral, tools, FileBlobStore(directory), boards)


async def test_a_list_of_branches_that_never_comes_ends_with_the_last_try(tmp_path: Path) -> None:
    async with running_sandbox() as sandbox, mistral_at(sandbox.url, PATIENT) as mistral:
        await sandbox.fault(kind="hang", on="list", times=0)
        ending = agents(mistral, tmp_path).end_turn
        hung = asyncio.create_task(attempt(1).run(ending, END))
        await until(lambda: sandbox.board.waiting == 1)
        # As Temporal does it, when the try's time is up.
        hung.cancel()
        assert isinstance((await asyncio.gather(hung, return_exceptions=True))[0], asyncio.CancelledError)
        async with asyncio.timeout(5):
            assert await attempt(TIDYING_TRIES + 1).run(ending, END) == Done()


async def test_a_list_that_is_refused_is_asked_for_again_and_given_up_at_the_last_try(tmp_path: Path) -> None:
    async with running_sandbox() as sandbox, mistral_at(sandbox.url) as mistral:
        await sandbox.fault(kind="status", status=503, on="list", times=0)
        ending = agents(mistral, tmp_path).end_turn
        with pytest.raises(ApplicationError):
            await attempt(1).run(ending, END)
        assert await attempt(TIDYING_TRIES).run(ending, END) == Done()


async def test_being_told_to_come_back_much_later_ends_it_at_once(tmp_path: Path) -> None:
    async with running_sandbox() as sandbox, mistral_at(sandbox.url) as mistral:
        await sandbox.fault(kind="status", status=429, retry_after=3600, on="list", times=0)
        assert await attempt(1).run(agents(mistral, tmp_path).end_turn, END) == Done()
