"""T4 of the crash matrix: whole turns over the real Yahoo provider, before a Yahoo that wants to be left alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from mcp_server.providers.yahoo import YahooMarketData, set_up
from mcp_server.yahoo.session import YahooSession
from tests.mcp_server.yahoo_fake import FakeYahoo, Reply, running_yahoo, write_authority
from tests.mcp_server.yahoo_rig import apple, forget
from tests.support.market import running_market
from tests.support.sandbox import running_sandbox
from tests.support.stack import Stack, stack_on
from tests.support.wire import wire_to
from workflows.contracts import AnswerState

pytestmark = pytest.mark.campaign

PRICE = "What is AAPL's last close?"
WAIT = 3


@dataclass(kw_only=True)
class Desk:
    """A stack whose tools ask this Yahoo. Its worker is not started."""

    stack: Stack
    yahoo: FakeYahoo


@pytest.fixture
async def desk(temporal_server: str, namespace: str, tmp_path: Path) -> AsyncGenerator[Desk]:
    authority = trustme.CA()
    file = write_authority(authority, tmp_path)
    forget()
    set_up(tmp_path)
    with running_yahoo(authority) as yahoo, YahooSession(connect_to=yahoo.address, ca_file=file) as session:
        yahoo.add(apple())
        with running_market(tmp_path, provider=lambda _: YahooMarketData(session)) as market:
            port = urlsplit(market.url).port
            assert port is not None
            async with (
                running_sandbox() as sandbox,
                wire_to(port) as tools,
                stack_on(temporal_server, namespace, market, sandbox, tools, tmp_path) as stack,
            ):
                yield Desk(stack=stack, yahoo=yahoo)
    forget()


async def test_yahoo_is_left_alone_for_as_long_as_it_said_and_the_question_is_answered_then(desk: Desk) -> None:
    desk.yahoo.fail(Reply(status=429, body="", headers={"Retry-After": str(WAIT)}), times=1)
    async with desk.stack.worker():
        _, answer = await desk.stack.ask(PRICE)
    assert answer.state is AnswerState.FINAL
    assert f"{apple().last:.2f}" in answer.text
    refused, *later = [one for one in desk.yahoo.requests if one.kind in ("chart", "quote", "summary")]
    assert later, "it was asked again"
    assert all(one.at - refused.at >= WAIT for one in later)


async def test_a_yahoo_that_turns_everybody_away_is_a_gap_that_the_answer_states(desk: Desk) -> None:
    desk.yahoo.fail(Reply(status=429, body="", headers={"Retry-After": "60"}))
    async with desk.stack.worker(clew_turn_deadline=15.0):
        _, answer = await desk.stack.ask(PRICE)
    assert answer.state is AnswerState.FINAL
    assert "cannot be reached" in answer.text
    assert len([one for one in desk.yahoo.requests if one.kind in ("chart", "quote", "summary")]) == 1
