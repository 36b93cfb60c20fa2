"""T3 of the crash matrix: a tool server that says far too much, in a whole turn."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from temporalio.api.history.v1 import HistoryEvent

from mcp_server.market_data import MarketData
from tests.support.market import running_market
from tests.support.sandbox import running_sandbox
from tests.support.stack import Stack, stack_on
from tests.support.wire import wire_to
from workflows.activities.recorded import RESULT_LIMIT
from workflows.contracts import AnswerState

pytestmark = pytest.mark.campaign

LONG = 2 * RESULT_LIMIT


class Wordy:
    """Samples, but a quote's company has a name that never ends."""

    def __init__(self, real: MarketData) -> None:
        self._real = real
        self.said = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def quote(self, symbol: str) -> Any:
        self.said += 1
        return self._real.quote(symbol).model_copy(update={"name": "A" * LONG})


@pytest.fixture
async def wordy(temporal_server: str, namespace: str, tmp_path: Path) -> AsyncGenerator[tuple[Stack, Wordy]]:
    made: list[Wordy] = []

    def provider(sample: MarketData) -> MarketData:
        made.append(Wordy(sample))
        return cast("MarketData", made[0])

    with running_market(tmp_path, provider=provider) as market:
        port = urlsplit(market.url).port
        assert port is not None
        async with (
            running_sandbox() as sandbox,
            wire_to(port) as tools,
            stack_on(temporal_server, namespace, market, sandbox, tools, tmp_path) as stack,
            stack.worker(),
        ):
            yield stack, made[0]


def largest(event: HistoryEvent) -> int:
    return event.ByteSize()


async def test_a_result_beyond_the_limit_is_shortened_before_anything_keeps_it_and_says_so(
    wordy: tuple[Stack, Wordy],
) -> None:
    stack, server = wordy
    thread, answer = await stack.ask("What is AAPL's last close?")
    assert server.said, "so much was really said"
    assert answer.state is AnswerState.FINAL
    kept = list((stack.settings.data_dir / "blobs").rglob("*.json"))
    shortened = [path for path in kept if json.loads(path.read_text("utf-8")).get("truncated")]
    assert len(shortened) == 1
    assert max(path.stat().st_size for path in kept) <= RESULT_LIMIT
    history = await stack.conversation(thread).fetch_history()
    assert max(map(largest, history.events)) < RESULT_LIMIT / 8
    told = [entry for branch in stack.sandbox.branches() for entry in stack.sandbox.entries(branch.id)]
    assert "truncated" in json.dumps(told)
    assert max(record.size for record in stack.sandbox.steps()) <= RESULT_LIMIT
    assert len(answer.text) < RESULT_LIMIT / 8
