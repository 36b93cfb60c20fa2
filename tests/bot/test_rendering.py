from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering import (
    footer,
    neutral,
    neutralise,
    not_verified,
    source_groups,
    split_answer,
    state_sentence,
)
from bot.splitting import split_text
from workflows.chat import Capabilities
from workflows.contracts import Answer, AnswerState, LineState, Metric, ProgressLine, Source, Usage

LIMIT = 200
CAPABILITIES = Capabilities(part_limit=LIMIT, edit_interval=1, posts_per_second=1, settle=0)

FULL = Answer(
    key="t1",
    state=AnswerState.FINAL,
    headline="Apple is dear",
    lines=(ProgressLine(id="a", label="Prices", state=LineState.DONE),),
    notices=("This answer is late.",),
    metrics=(Metric(label="P/E", value="31", as_of="2025-01-02", currency=None, source="sample"),),
    sources=(Source(title="Yahoo"),),
    gaps=("guidance",),
    follow_ups=("Why?",),
    usage=Usage(prompt_tokens=3),
)

words = st.text(alphabet="abcdefghijé", min_size=1, max_size=30)
sentences = st.lists(words, min_size=1, max_size=60).map(" ".join)
prose = st.lists(sentences, max_size=8).map("\n\n".join)
code = st.lists(st.text(alphabet="xyz =()", max_size=60), max_size=30).map("\n".join)
fences = st.tuples(st.sampled_from(["", "python", "json"]), code).map(lambda pair: f"```{pair[0]}\n{pair[1]}\n```")
cells = st.text(alphabet="abc123", min_size=1, max_size=8)
rows = st.lists(st.tuples(cells, cells), max_size=30).map(lambda found: [f"| {a} | {b} |" for a, b in found])
tables = rows.map(lambda found: "\n".join(["| Name | Value |", "|---|---|", *found]))
documents = st.lists(st.one_of(sentences, fences, tables), max_size=8).map("\n\n".join)


@given(documents)
@settings(max_examples=30, deadline=None)
def test_every_part_fits(text: str) -> None:
    assert all(len(part) <= LIMIT for part in split_text(text, LIMIT))


@given(prose)
@settings(max_examples=30, deadline=None)
def test_no_word_of_prose_is_broken_lost_or_moved(text: str) -> None:
    assert " ".join(split_text(text, LIMIT)).split() == text.split()


@given(documents)
@settings(max_examples=30, deadline=None)
def test_every_part_closes_the_fences_it_opens(text: str) -> None:
    for part in split_text(text, LIMIT):
        assert len(re.findall(r"^```", part, re.MULTILINE)) % 2 == 0


@given(documents)
@settings(max_examples=30, deadline=None)
def test_every_table_row_stands_below_the_header(text: str) -> None:
    for part in split_text(text, LIMIT):
        outside = re.sub(r"```.*?```", "", part, flags=re.DOTALL)
        if re.search(r"^\| [abc123]", outside, re.MULTILINE):
            assert "| Name | Value |\n|---|---|" in outside


@given(code)
@settings(max_examples=30, deadline=None)
def test_no_character_of_code_is_lost(body: str) -> None:
    parts = split_text(f"```python\n{body}\n```", LIMIT)
    kept = "".join(re.sub(r"^```(python)?$", "", part, flags=re.MULTILINE) for part in parts)
    assert kept.replace("\n", "") == body.replace("\n", "")


@given(st.text(max_size=2000))
@settings(max_examples=30, deadline=None)
def test_any_text_at_all_is_split_into_parts_that_fit(text: str) -> None:
    parts = split_text(text, LIMIT)
    assert parts
    assert all(len(part) <= LIMIT for part in parts)


def test_a_split_fence_is_reopened_with_its_language() -> None:
    parts = split_text("```python\n" + "\n".join(f"line {number:04}" for number in range(60)) + "\n```", LIMIT)
    assert len(parts) > 2
    assert all(part.startswith("```python\n") and part.endswith("\n```") for part in parts)


def test_a_split_table_repeats_its_header() -> None:
    table = "| A | B |\n|---|--:|\n" + "\n".join(f"| row {number} | {number} |" for number in range(60))
    parts = split_text(table, LIMIT)
    assert len(parts) > 2
    assert all(part.startswith("| A | B |\n|---|--:|\n| row") for part in parts)


def test_a_word_longer_than_a_part_is_cut() -> None:
    assert split_text("x" * 450, LIMIT) == ["x" * 200, "x" * 200, "x" * 50]


def test_a_heading_goes_with_what_it_heads() -> None:
    parts = split_text("a" * 150 + "\n\n## Risks\n\n" + "b" * 100, LIMIT)
    assert parts == ["a" * 150, "## Risks\n\n" + "b" * 100]


def test_a_text_that_fits_is_left_as_it_is() -> None:
    text = "one\n\n\n\ntwo\n"
    assert split_text(text, LIMIT) == [text]


def test_an_open_fence_is_closed() -> None:
    assert split_text("```\ncode", LIMIT) == ["```\ncode\n```"]


def test_two_tables_in_one_paragraph_each_repeat_their_own_header() -> None:
    rows = "\n".join(f"| row {number} | {number} |" for number in range(20))
    text = f"First:\n| A | B |\n|---|---|\n{rows}\nSecond:\n| C | D |\n|---|---|\n{rows}"
    parts = split_text(text, LIMIT)
    heads = ["C" if "| C | D |" in part else "A" for part in parts if "| row" in part]
    assert heads == sorted(heads)
    assert {"A", "C"} == set(heads)
    assert "".join(parts).count("| row") == 40


def test_an_answer_of_sixty_thousand_characters_loses_none() -> None:
    section = "## Section\n\n" + "word " * 400 + "\n\n| A | B |\n|---|---|\n" + "| a | b |\n" * 60
    text = (section * 30)[:60_000]
    parts = split_answer(replace(FULL, text=text), replace(CAPABILITIES, part_limit=2000))
    assert all(len(part.text) <= 2000 for part in parts)
    shown = "\n".join(part.text for part in parts).replace("| A | B |\n|---|---|", "")
    assert shown.split() == text.replace("| A | B |\n|---|---|", "").split()


@pytest.mark.parametrize(
    "text",
    [
        "a\n" * 30_000,
        "a\n\n" * 20_000,
        "a|b\n-|-\nx\n" * 6_000,
        "```\n" + "a\n" * 30_000,
        "a|b\n" + " " * 50_000 + "x|",
        "a|b\n-" + " " * 50_000 + "x|",
        "~" * 50_000 + "`",
    ],
    ids=["lines", "paragraphs", "tables", "code", "indented rule", "trailing rule", "tildes"],
)
@pytest.mark.timeout(5)
def test_no_text_makes_splitting_slow_or_fail(text: str) -> None:
    assert all(len(part) <= 12_000 for part in split_text(text, 12_000))


def test_a_headline_too_long_for_one_is_text() -> None:
    parts = split_answer(replace(FULL, headline="word " * 60, text="Text."), CAPABILITIES)
    assert [part.headline for part in parts] == [""] * len(parts)
    assert " ".join(part.text for part in parts).split() == ["word"] * 60 + ["Text."]


def test_one_part_keeps_everything() -> None:
    assert split_answer(replace(FULL, text="Short."), CAPABILITIES) == (replace(FULL, text="Short."),)


def test_the_headline_goes_first_and_what_stands_below_goes_last() -> None:
    first, *middle, last = split_answer(replace(FULL, text="\n\n".join(["word " * 30] * 6)), CAPABILITIES)
    assert (first.headline, first.lines, first.notices) == (FULL.headline, FULL.lines, FULL.notices)
    assert (first.metrics, first.sources, first.gaps, first.follow_ups, first.usage) == ((), (), (), (), Usage())
    assert (last.metrics, last.sources, last.gaps) == (FULL.metrics, FULL.sources, FULL.gaps)
    assert (last.follow_ups, last.usage, last.headline) == (FULL.follow_ups, FULL.usage, "")
    parts = [first, *middle, last]
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert {part.parts for part in parts} == {len(parts)}
    assert {part.key for part in parts} == {"t1"}
    assert len(first.headline) + 2 + len(first.text) <= LIMIT


# --- What is said around an answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "text", "sentence"),
    [
        (AnswerState.WAITING, "", "Waiting for the answer before it …"),
        (AnswerState.WORKING, "Half", "Working on it …"),
        (AnswerState.FAILED, "Mistral refused our key.", "Mistral refused our key. Try again."),
        (AnswerState.FAILED, "", "This went wrong. Try again."),
        (AnswerState.STOPPED, "Half", "Stopped. Try again."),
        (AnswerState.FINAL, "Text.", ""),
    ],
)
def test_each_state_has_its_sentence(state: AnswerState, text: str, sentence: str) -> None:
    assert state_sentence(Answer(key="t1", state=state, text=text), "Try again.") == sentence


def test_a_failure_that_the_same_question_meets_again_advises_no_retry() -> None:
    failed = Answer(key="t1", state=AnswerState.FAILED, text="I know no such company.", retriable=False)
    assert state_sentence(failed, "Try again.") == "I know no such company."


def test_a_figure_that_no_result_shows_is_named_once() -> None:
    figures = tuple(replace(FULL.metrics[0], label=label, verified=False) for label in ("P/E", "Growth"))
    answer = replace(FULL, metrics=figures, gaps=("P/E could not be checked.",))
    assert not_verified(answer) == ["P/E could not be checked.", "Growth: 31"]


def test_the_footer_counts_tokens_and_attempts_and_always_disclaims() -> None:
    assert footer(replace(FULL, attempt=2)) == "3 tokens · attempt 2 · Not investment advice."
    traced = Answer(key="t1", state=AnswerState.FINAL, trace="https://logfire.example/org/project?q=x")
    assert footer(traced) == "trace https://logfire.example/org/project?q=x · Not investment advice."
    assert footer(Answer(key="t1", state=AnswerState.FAILED)) == "Not investment advice."


# --- Text from outside -----------------------------------------------------------------------------------------------

hostile = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(
            [
                "<!channel>",
                "<@U1|bob>",
                "<",
                ">",
                "@",
                "here",
                "@everyone",
                "<#C1>",
                "\x1b[31m",
                "\u202e",
                "\u200b",
                "\u200d",
                "<@a|",
                "\x9d",
                "\ud83d",
            ]
        ),
    ),
    max_size=12,
).map("".join)


@given(hostile)
@settings(max_examples=50, deadline=None)
def test_neutral_text_holds_no_control_and_no_mention(text: str) -> None:
    calm = neutralise(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", calm)
    assert not re.search(r"<!(channel|here|everyone)|<[@#]\w+>|@(everyone|here|channel)\b", calm, re.IGNORECASE)


@given(hostile)
@settings(max_examples=50, deadline=None)
def test_neutralising_twice_is_neutralising_once(text: str) -> None:
    assert neutralise(neutralise(text)) == neutralise(text)


@pytest.mark.parametrize(
    ("text", "calm"),
    [
        ("<!channel> look", "@ channel look"),
        ("<!subteam^S12|@ops> look", "@ ops look"),
        ("ask <@U123>", "ask @ U123"),
        ("ask <@!123|bob>", "ask @ bob"),
        ("in <#C12|general>", "in # general"),
        ("@everyone and @here", "@ everyone and @ here"),
        ("@every\u200bone", "@ everyone"),
        ("\x1b[2J\x1b]8;;http://x\x07red\x1b[0m", "red"),
        ("a\u202eb\r\nc\td", "ab\nc\td"),
        ("<@a|<@b|<@c|<@d|<@e|<@f|x>>>>>>", "< @a|< @b|@ x>>"),
        ("half \ud83d", "half "),
        ("P/E < 30, x<y>z, 👩\u200d💻", "P/E < 30, x<y>z, 👩\u200d💻"),
    ],
)
def test_text_from_outside_stays_readable(text: str, calm: str) -> None:
    assert neutralise(text) == calm


@pytest.mark.parametrize("piece", ["\x9d", "\x1b]", "<@a|", "a\u200d", "<!here|", "\x1b[1"])
@pytest.mark.timeout(5)
def test_no_text_makes_neutralising_slow(piece: str) -> None:
    calm = neutralise(piece * 30_000 + ">" * 30_000)
    assert "<@" not in calm
    assert "\x1b" not in calm


def test_every_text_of_an_answer_is_neutralised() -> None:
    bad = "<!here>\x1b[31m\nx"
    answer = replace(
        FULL,
        headline=bad,
        text=bad,
        notices=(bad,),
        gaps=(bad,),
        follow_ups=(bad,),
        sources=(Source(title=bad, note=bad, url=bad, currency=bad, as_of=bad),),
        metrics=(Metric(label=bad, value=bad, as_of=bad, currency=bad, source=bad),),
        lines=(ProgressLine(id="a", label=bad, detail=bad),),
    )
    shown = repr(neutral(answer))
    assert "<!here>" not in shown
    assert "\\x1b" not in shown
    assert "\\n" not in shown.replace(repr(neutral(answer).text), "")


def told(*sources: Source) -> list[str]:
    """Headings and lines, as a terminal without markup shows them."""
    return [text for group in source_groups(sources) for text in (group.heading, *(line for line, _ in group.lines))]


def test_a_note_that_sources_share_is_said_once() -> None:
    sources = [Source(title=title, as_of="2024-12-30", note="Sample, not live data.") for title in ("Quote", "History")]
    assert told(*sources) == ["Sources, as of 2024-12-30", "Quote (Sample, not live data)", "History"]


PRICES = Source(title="A", as_of="2024-12-30", currency="USD", delayed=True)
OTHER = replace(PRICES, title="B")
EUROS = replace(PRICES, title="C", currency="EUR")
UNDATED = Source(title="D", delayed=True)
WHOLE = "A (as of 2024-12-30, USD, delayed)"
SAME = ["Sources, as of 2024-12-30, USD, delayed", "A", "B"]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ((), []),
        ((PRICES,), ["Sources", WHOLE]),
        ((PRICES, OTHER), SAME),
        ((PRICES, EUROS), ["Sources", WHOLE, "C (as of 2024-12-30, EUR, delayed)"]),
        (
            (PRICES, UNDATED, OTHER, EUROS),
            [*SAME, "Further sources", "D (delayed)", "C (as of 2024-12-30, EUR, delayed)"],
        ),
        ((PRICES, EUROS, EUROS, OTHER), [*SAME, "Further sources, as of 2024-12-30, EUR, delayed", "C", "C"]),
        ((UNDATED, UNDATED), ["Sources, delayed", "D", "D"]),
        ((Source(title="E"), Source(title="F")), ["Sources", "E", "F"]),
    ],
)
def test_what_several_sources_share_is_said_once_and_of_no_other(
    sources: tuple[Source, ...], expected: list[str]
) -> None:
    assert told(*sources) == expected


def test_a_sentence_that_notes_share_is_said_once() -> None:
    notes = ["Sample, not live data. Splits are not recorded.", "Sample, not live data. Dividends are derived."]
    sources = [Source(title=f"T{number}", note=note) for number, note in enumerate(notes)]
    assert told(*sources) == [
        "Sources",
        "T0 (Sample, not live data. Splits are not recorded)",
        "T1 (Dividends are derived)",
    ]
