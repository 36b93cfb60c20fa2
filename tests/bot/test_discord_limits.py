"""Everything that the adapter can be asked to show, held against Discord's limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.blocks import components_of
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.markdown import shown
from bot.platforms.discord.messages import mark_of, marked
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.discord.values import CAPABILITIES
from tests.discord.component_checks import check_components
from tests.discord.findings import Findings
from tests.discord.values import parts_of, texts_of
from workflows.blobs import FileBlobStore
from workflows.contracts import Answer, AnswerState, BlobRef, Chart, LineState, Metric, ProgressLine, Source, Usage

Json = dict[str, Any]

WORDS = "word <@123> </cmd:1> @everyone & " * 30
LONG = f"{WORDS * 3} {'x' * 3_000}"
HUGE = Answer(
    key="1575139120190062592",
    state=AnswerState.FINAL,
    attempt=3,
    headline=LONG[:400],
    text="\n\n".join([LONG] * 6),
    notices=(LONG,) * 30,
    metrics=(Metric(label=LONG, value=LONG, as_of=LONG, currency="USD", source=LONG, verified=False),) * 30,
    chart=Chart(image=BlobRef(key="ab12", media_type="image/png", size=3), title=LONG, alt=LONG, as_of="today"),
    sources=(Source(title=LONG, as_of="2024-12-30", url="https://example.com/" + "y" * 3_000, note=LONG),) * 20,
    gaps=(LONG,) * 20,
    follow_ups=(LONG, "Why?", "Why not?", "And then?"),
    usage=Usage(prompt_tokens=10**9),
    trace=LONG,
    lines=tuple(ProgressLine(id=f"l{n}", label=LONG, state=LineState.RUNNING, detail=LONG) for n in range(80)),
)

SMALLER = replace(HUGE, metrics=HUGE.metrics[:2], sources=HUGE.sources[:1], gaps=HUGE.gaps[:1], lines=())


def platform() -> DiscordPlatform:
    return DiscordPlatform(Rest("no-token"), FileBlobStore(Path("nowhere")))


def components(answer: Answer, *, image: str = "chart.png") -> list[Json]:
    mark = mark_of("1575139120190062500", answer.post_key)
    return components_of(
        answer, mark=mark, retry_hint=CAPABILITIES.retry_hint, image=image, chart_missing=answer.chart is None
    )


def refused(parts: list[Json]) -> tuple[str, ...]:
    """What Discord says against them."""
    found = Findings()
    check_components(found, parts, v2=True, files={"chart.png"})
    return found.messages


def words_of(parts: list[Json]) -> list[str]:
    return " ".join(texts_of(parts)).split()


@pytest.mark.parametrize("state", list(AnswerState))
def test_whatever_an_answer_holds_discord_takes_each_part_and_each_carries_its_mark(state: AnswerState) -> None:
    parts = platform().split(replace(HUGE, state=state))
    assert len(parts) > 3
    for part in parts:
        found = components(part)
        assert refused(found) == ()
        its = marked({"components": found})
        assert its is not None
        assert (its.mark, its.state, its.attempt) == (mark_of("1575139120190062500", part.post_key), state, 3)


def test_an_empty_answer_is_shown_too() -> None:
    for state in AnswerState:
        found = components(Answer(key="t1", state=state), image="")
        assert refused(found) == ()
        assert any("custom_id" in part for part in parts_of(found))


_MARKDOWN = st.lists(
    st.one_of(
        st.text(
            st.characters(exclude_categories=("C", "Z"), exclude_characters="`~|<@#*[]!-_"), min_size=1, max_size=90
        ),
        st.sampled_from(
            ["word " * 150, "x" * 5_000, "- one\n- two", "## Head", "```py\n" + "code = 1\n" * 300 + "```"]
        ),
        st.sampled_from(["| a | b |\n|---|---|\n" + "| one | 2 |\n" * 120, "| a |\n|---|\n| " + "wide " * 30 + "|"]),
    ),
    max_size=14,
).map("\n\n".join)


@given(_MARKDOWN, st.booleans(), st.integers(0, 12))
def test_no_word_of_an_outcome_is_lost_however_long_it_is(text: str, below: bool, notices: int) -> None:
    answer = replace(SMALLER, text=text, headline="Apple is fine.", notices=("A notice.",) * notices)
    if not below:
        answer = Answer(key="t1", state=AnswerState.FINAL, text=text)
    told: list[str] = []
    for part in platform().split(answer):
        found = components(part)
        assert refused(found) == ()
        assert part.text.count("```") % 2 == 0
        told += words_of([one for one in parts_of(found) if one.get("id") == 2])
    # Fences and headers of tables are repeated where a part ends within them; cut words are whole once put together.
    wanted = [word for word in shown(text).split() if not word.startswith(("`", "-"))]
    whole, rest = "".join(told), 0
    for word in wanted:
        if len(word) < 100:
            rest = whole.find(word, rest)
            assert rest >= 0, word
            rest += len(word)


def test_progress_shows_the_end_of_a_long_text_which_is_what_is_new() -> None:
    found = components(replace(HUGE, state=AnswerState.WORKING, text=f"{'old ' * 3_000}newest", lines=HUGE.lines[:3]))
    assert refused(found) == ()
    assert texts_of(found)[-1].endswith("newest")
