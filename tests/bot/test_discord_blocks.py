"""What an answer looks like on Discord."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.platforms.discord.blocks import components_of
from tests.discord.values import parts_of, texts_of
from workflows.contracts import Answer, AnswerState, Metric, Source

Json = dict[str, Any]

CLOSE = Metric(label="Last close", value="252.20", as_of="2024-12-30", currency="USD", source="sample")
YIELD = Metric(label="Dividend yield", value="0.4 %", as_of="2024-12-30", currency=None, source="sample")
LIVE = "</cmd:1> <t:1700000000> <@1> @everyone"


def texts(answer: Answer) -> list[str]:
    return texts_of(components_of(answer, mark="m", retry_hint="🔁 tries again."))


def labels(answer: Answer) -> list[str]:
    found = components_of(answer, mark="m", retry_hint="🔁 tries again.")
    return [str(part["label"]) for part in parts_of(found) if "label" in part]


def final(**fields: Any) -> Answer:
    return Answer(key="t1", state=AnswerState.FINAL, text="Text.", **fields)


def test_a_date_and_a_source_that_all_figures_share_stand_below_them() -> None:
    _, block, below, *_ = texts(final(metrics=(CLOSE, YIELD)))
    lines = ["Metric               Value", "-" * 26, "Last close      252.20 USD", "Dividend yield       0.4 %"]
    assert block == "\n".join(["```", *lines, "```"])
    assert below == "-# As of 2024-12-30 · Source: sample"


def test_dates_and_sources_that_differ_stand_below_with_their_figures() -> None:
    _, _, below, *_ = texts(final(metrics=(CLOSE, replace(YIELD, source="other", verified=False))))
    assert below.split("\n") == [
        "-# As of 2024-12-30 · ? not verified",
        "-# Last close: sample",
        "-# Dividend yield: other",
    ]


def test_a_source_is_a_link_without_a_preview_and_an_unsound_address_is_none() -> None:
    source = Source(title="Prices [of] Apple", as_of="2024-12-30", url="https://example.com/a", note="")
    shown = "\n".join(texts(final(sources=(source, replace(source, url="javascript:alert(1)")))))
    assert "**Sources**, as of 2024-12-30" in shown
    assert "-# 1. [Prices (of) Apple](<https://example.com/a>) (example.com)" in shown
    assert "javascript" not in shown


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("state", list(AnswerState))
def test_nothing_that_an_answer_holds_commands_discord(state: AnswerState, *, shared: bool) -> None:
    source = Source(title=LIVE, as_of=LIVE, url="https://example.com/a", note=LIVE)
    # With two of them, what both say stands in the heading.
    sources = (source, source) if shared else (source,)
    answer = Answer(
        key="t1", state=state, headline=LIVE, text=LIVE, notices=(LIVE,), gaps=(LIVE,), follow_ups=("Why?",),
        metrics=(Metric(label=LIVE, value=LIVE, as_of=LIVE, currency=None, source=LIVE),), sources=sources,
    )  # fmt: skip
    # Within code nothing is live.
    shown = re.sub(r"```.*?```", "", "\n".join(texts(answer)), flags=re.DOTALL)
    assert not [live for live in LIVE.split() if live in shown]


def test_a_failure_that_the_same_question_meets_again_offers_no_retry() -> None:
    failed = Answer(key="t1", state=AnswerState.FAILED, text="I know no listed company with the symbol ZZ.")
    for retriable in (True, False):
        one = replace(failed, retriable=retriable)
        assert ("🔁 Retry" in labels(one), "🔁 tries again." in "".join(texts(one))) == (retriable, retriable)
        assert labels(one)


def test_a_question_too_long_for_a_button_is_not_offered_as_one() -> None:
    assert labels(final(follow_ups=("Why?", "x" * 81)))[0] == "Why?"
    assert "x" * 20 not in "".join(labels(final(follow_ups=("x" * 81,))))


def test_a_part_that_is_not_the_last_says_which_it_is() -> None:
    assert labels(final(part=1, parts=3)) == ["Part 1 of 3"]
    assert "Not investment advice." not in "".join(texts(final(part=1, parts=3)))
