"""Reports beyond all measure: history stays small, and people get parts that fit."""

from __future__ import annotations

from string import ascii_letters

import pytest

from bot.platforms.terminal_values import CAPABILITIES
from tests.support.market import RunningMarket
from tests.support.stack import Stack
from tests.workflows.histories import PAYLOAD_LIMIT, largest_payload
from tests.workflows.people import at_rest, outcomes
from tests.workflows.team import Call, enlist, metric, report, told, written
from workflows.contracts import AnswerState
from workflows.sentences import SHORTENED

MIB = 1024 * 1024
EVERYTHING = Call(name="get_everything", arguments={"symbol": "AAPL"})


def get_everything(symbol: str) -> dict[str, str | list[str]]:
    """All that is known, and more than anybody can hold."""
    return {"symbol": symbol, "source": "test", "text": "x" * 1_500_000, "rows": ["é" * 1_000] * 1_000}


async def test_no_payload_in_history_is_large_though_a_tool_result_the_findings_and_the_report_are(
    stack: Stack, market_server: RunningMarket
) -> None:
    line = "株価は昨年より大きく上がりました。"
    sections = [
        {"title": line, "body": f"{line}\n\n" * 5_000},
        {"title": "End", "body": "x" * 2 * MIB + " It closed at 987.65 USD."},
    ]
    metrics = [metric(line * 30, line * 20) for _ in range(40)]
    huge = report("It rose.", sections=sections, key_metrics=metrics, gaps=[line * 30] * 40)
    enlist(
        stack,
        queries=(line * 100,) * 3,
        calls={"prices": (EVERYTHING,)},
        findings="{role} " * 50_000,
        reports=[huge],
    )
    market_server.server.add_tool(get_everything, meta={"clew/agents": ["prices"]})
    try:
        thread, key = await stack.research("AAPL", line * 100)
        answer = await stack.outcome(thread, key)
        await at_rest(stack, thread)
    finally:
        market_server.server.remove_tool("get_everything")
    # Nor was anything written anew for a figure that nobody gets to read.
    assert (answer.state, answer.notices) == (AnswerState.FINAL, (SHORTENED,))
    assert "Shortened: the result was too long." in told(stack.sandbox.steps(agent="clew-prices"))
    assert "ends here" in str(stack.messages(thread)[-1].body["text"])
    assert 0 < await largest_payload(stack.client) < PAYLOAD_LIMIT


@pytest.mark.campaign
async def test_a_report_above_the_platforms_limit_is_posted_in_parts_under_keys_of_their_own(stack: Stack) -> None:
    paragraphs = [f"Paragraph {letter * 3} of this report. {'word ' * 200}".strip() for letter in ascii_letters]
    enlist(stack, reports=[report("Long.", sections=[{"title": "All of it", "body": "\n\n".join(paragraphs)}])])
    thread, key = await stack.research("AAPL")
    first = await stack.outcome(thread, key)
    await at_rest(stack, thread)
    keys = [key, *(f"{key}:{part}" for part in range(2, first.parts + 1))]
    assert first.parts >= 3
    assert outcomes(stack, thread) == [(part, AnswerState.FINAL) for part in keys]
    assert [stack.posts(part) for part in keys] == [1] * len(keys)
    texts = [str(message.body["text"]) for message in stack.messages(thread)]
    assert all(len(text) <= CAPABILITIES.part_limit for text in texts)
    assert "\n\n".join(texts).endswith("\n\n".join(paragraphs))
    assert len(written(stack.sandbox, "Report")) == 1
