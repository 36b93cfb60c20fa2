"""What a report's figures look like on Slack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.platforms.slack.blocks import blocks_of
from workflows.contracts import Answer, AnswerState, Metric, Source

Json = dict[str, Any]

CLOSE = Metric(label="Last close", value="252.20", as_of="2024-12-30", currency="USD", source="sample")
YIELD = Metric(label="Dividend yield", value="0.4 %", as_of="2024-12-30", currency=None, source="sample")


def shown(*metrics: Metric) -> tuple[list[list[str]], int, str]:
    """The table's cells, how many columns have settings, and what stands below the table."""
    answer = Answer(key="t1", state=AnswerState.FINAL, text="Text.", metrics=metrics)
    blocks: list[Json] = blocks_of(answer, retry_hint="")
    at = next(number for number, block in enumerate(blocks) if block["type"] == "table")
    table, below = blocks[at], blocks[at + 1]
    small = below["elements"][0].get("text", "") if below["type"] == "context" else ""
    cells = [[cell["text"] for cell in row] for row in table["rows"]]
    return cells, len(table["column_settings"]), "" if small.startswith("*Not verified*") else small


def test_a_date_and_a_source_that_all_figures_share_stand_below_the_table() -> None:
    rows = [["Metric", "Value"], ["Last close", "252.20 USD"], ["Dividend yield", "0.4 %"]]
    assert shown(CLOSE, YIELD) == (rows, 2, "As of 2024-12-30 · Source: sample")


def test_dates_and_sources_that_differ_stand_beside_each_figure() -> None:
    other = replace(YIELD, as_of="", source="A & B", verified=False)
    rows = [
        ["Metric", "Value", "As of", "Source"],
        ["Last close", "252.20 USD", "2024-12-30", "sample"],
        ["Dividend yield", "0.4 % (not verified)", "—", "A & B"],
    ]
    assert shown(CLOSE, other) == (rows, 4, "")


def test_what_stands_below_commands_nothing() -> None:
    cells, _, below = shown(replace(CLOSE, source="<https://example.com|A> & B"), replace(YIELD, source="<x"))
    assert cells[0] == ["Metric", "Value", "Source"]
    assert below == "As of 2024-12-30"
    assert shown(replace(CLOSE, source="A & <B>"))[2] == "As of 2024-12-30 · Source: A &amp; &lt;B&gt;"


def test_what_several_sources_share_stands_above_them_and_commands_nothing() -> None:
    source = Source(title="A & B", as_of="<b> & c", url="https://example.com/a")
    sources = (source, replace(source, currency="USD"), source)
    answer = Answer(key="t1", state=AnswerState.FINAL, text="Text.", sources=sources)
    context = blocks_of(answer, retry_hint="")[1]["elements"][0]["text"]
    assert context.splitlines() == [
        "*Sources*, as of &lt;b&gt; &amp; c",
        "[1] <https://example.com/a|A &amp; B> (example.com)",
        "[2] <https://example.com/a|A &amp; B> (example.com)",
        "*Further sources*",
        "[3] <https://example.com/a|A &amp; B> (example.com, as of &lt;b&gt; &amp; c, USD)",
    ]


def test_a_failure_that_the_same_question_meets_again_offers_no_retry() -> None:
    failed = Answer(key="t1", state=AnswerState.FAILED, text="I know no listed company with the symbol ZZ.")
    for retriable in (True, False):
        shown_blocks = str(blocks_of(replace(failed, retriable=retriable), retry_hint="🔁 tries again."))
        assert ("Retry" in shown_blocks, "🔁 tries again." in shown_blocks) == (retriable, retriable)
