from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from bot.rendering import QUEUED
from bot.terminal import view
from bot.terminal.keys import Keyboard
from bot.terminal.screen import Screen
from bot.terminal.thread import Standing, View
from workflows.contracts import (
    Answer,
    AnswerState,
    BlobRef,
    Chart,
    LineState,
    Metric,
    ProgressLine,
    Source,
    Usage,
)
from workflows.sentences import NOT_VERIFIED

WORKING = Answer(
    key="m1",
    state=AnswerState.WORKING,
    lines=(
        ProgressLine(id="planner", label="Planner", state=LineState.DONE),
        ProgressLine(id="prices", label="Prices", state=LineState.RUNNING, detail="get_quote AAPL"),
        ProgressLine(id="risk", label="Risk", state=LineState.FAILED),
        ProgressLine(id="writer", label="Writer"),
    ),
)
FINAL = Answer(
    key="m1",
    state=AnswerState.FINAL,
    attempt=2,
    headline="Apple: a full price",
    text="Up **6.1%**, see [the filing](https://example.com/f).",
    links=("https://example.com/f",),
    metrics=(
        Metric(label="Price", value="229.87", as_of="2025-01-24", currency="USD", source="sample"),
        Metric(label="Growth", value="6.1%", as_of="2024-12-28", currency=None, source="web", verified=False),
    ),
    chart=Chart(image=BlobRef(key="ab" * 32, media_type="image/png", size=3), title="AAPL, 1 year", alt="x"),
    sources=(Source(title="Quote", as_of="2025-01-24", currency="USD", delayed=True, note="Historical sample"),),
    gaps=("Guidance could not be found.",),
    follow_ups=("How about Microsoft?", "And a weaker dollar?"),
    notices=("Revised once after verification.",),
    usage=Usage(prompt_tokens=12_345, completion_tokens=2_100),
)


def path_of(ref: BlobRef) -> Path:
    return Path("/data/blobs") / f"{ref.key}.png"


def standing(answer: Answer) -> View:
    return View(answers=(Standing(message="a", seq=1, answer=answer, complete=True, seen=0),), owed=())


def drawn(what: RenderableType, *, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(what, crop=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_a_final_answer_shows_all_it_has(width: int) -> None:
    shown = drawn(view.final(FINAL, path_of), width=width)
    for expected in (
        "Apple: a full price",
        "Up 6.1%, see the filing (example.com) (https://example.com/f).",
        "Key metric",
        "229.87 USD",
        "6.1% ?",
        f"/data/blobs/{'ab' * 32}.png",
        "Quote (as of 2025-01-24, USD, delayed, Historical sample)",
        "Not verified",
        "Guidance could not be found.",
        "Growth: 6.1%",
        "1. How about Microsoft?",
        "2. And a weaker dollar?",
        "Revised once after verification.",
        "14,445 tokens · attempt 2 · Not investment advice.",
    ):
        assert expected in shown


def test_plain_text_of_an_answer_is_this() -> None:
    assert (
        view.plain(FINAL, path_of)
        == f"""\
Apple: a full price

Up **6.1%**, see [the filing (example.com)](https://example.com/f).

Key metrics:
- Price: 229.87 USD (as of 2025-01-24, sample)
- Growth: 6.1% (as of 2024-12-28, web, not verified)

Chart: AAPL, 1 year
/data/blobs/{"ab" * 32}.png

Sources:
- Quote (as of 2025-01-24, USD, delayed, Historical sample)

Not verified:
- Guidance could not be found.
- Growth: 6.1%

You could ask:
1. How about Microsoft?
2. And a weaker dollar?

Revised once after verification.

14,445 tokens · attempt 2 · Not investment advice."""
    )


def test_plain_text_of_a_failure_is_one_sentence_and_what_to_do() -> None:
    failed = Answer(key="m1", state=AnswerState.FAILED, text="Mistral refused our key.")
    assert view.plain(failed, path_of, retry_hint="Again?") == (
        "Mistral refused our key. Again?\n\nNot investment advice."
    )


def test_text_from_outside_moves_no_cursor() -> None:
    bad = "\x1b[2J\x1b]0;title\x07[red]x[/red]\u202e"
    answer = replace(FINAL, headline=bad, text=bad, gaps=(bad,), sources=(Source(title=bad),))
    for shown in (drawn(view.final(answer, path_of)), view.plain(answer, path_of)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "[red]x[/red]" in shown


def test_live_lines_carry_their_marks() -> None:
    shown = drawn(view.live(WORKING))
    assert [line.rstrip() for line in shown.splitlines()] == [
        "✓ Planner",
        "⠋ Prices  get_quote AAPL",
        "✗ Risk",
        "○ Writer",
    ]


def test_what_runs_turns() -> None:
    rows = [drawn(view.live(WORKING, tick=tick)).splitlines()[1] for tick in range(len(view.SPINNER))]
    assert [row[0] for row in rows] == list(view.SPINNER)
    assert len({row[1:] for row in rows}) == 1


def test_live_text_is_drawn_anew_when_the_window_changes() -> None:
    answer = replace(WORKING, text="word " * 40)
    assert max(map(len, drawn(view.live(answer), width=100).splitlines())) > 60
    assert max(map(len, drawn(view.live(answer), width=40).splitlines())) <= 40


def test_an_address_stands_whole_on_a_line_of_its_own() -> None:
    address = "https://www.example.com/newsroom/2025/01/first-quarter-results"
    shown = drawn(view.final(replace(FINAL, sources=(Source(title="A long title " * 6, url=address),)), path_of))
    assert f"\n    {address}" in shown


def test_figures_on_a_narrow_screen_are_a_list() -> None:
    shown = drawn(view.final(FINAL, path_of), width=44)
    assert "Key metric" not in shown
    assert "• Price: 229.87 USD (as of 2025-01-24, sample)" in " ".join(shown.split())


def of_one_source() -> Answer:
    figures = [replace(metric, as_of="2025-01-24", source="sample") for metric in FINAL.metrics]
    return replace(FINAL, metrics=tuple(figures), sources=())


@pytest.mark.parametrize("width", [44, 80, 120])
def test_a_date_and_a_source_that_all_figures_share_are_said_once_on_a_screen(width: int) -> None:
    shown = drawn(view.final(of_one_source(), path_of), width=width)
    assert shown.count("2025-01-24") == 1
    assert "As of 2025-01-24 · Source: sample" in shown


def test_a_date_and_a_source_that_all_figures_share_are_said_once_on_a_pipe() -> None:
    assert """\
Key metrics:
- Price: 229.87 USD
- Growth: 6.1% (not verified)
As of 2025-01-24 · Source: sample
""" in view.plain(of_one_source(), path_of)


def test_a_figure_without_a_date_says_so() -> None:
    undated = replace(FINAL, metrics=tuple(replace(metric, as_of="") for metric in FINAL.metrics))
    assert "- Price: 229.87 USD (no date given, sample)" in view.plain(undated, path_of)
    assert "no date given" in drawn(view.final(undated, path_of))


def test_text_written_to_a_file_holds_no_control_sequence() -> None:
    for shown in (drawn(view.final(FINAL, path_of)), drawn(view.live(WORKING)), view.plain(FINAL, path_of)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)


def test_live_text_shows_its_end_and_keeps_to_the_height() -> None:
    text = "\n\n".join(f"Paragraph {number}." for number in range(100))
    shown = drawn(view.live(replace(WORKING, text=text), height=12)).splitlines()
    assert len(shown) <= 12
    assert "Paragraph 99." in shown[-1]
    assert shown[0] == "✓ Planner"


def test_a_queued_answer_says_that_it_waits() -> None:
    assert QUEUED in drawn(view.live(Answer(key="m2", state=AnswerState.WAITING)))


def test_on_a_pipe_each_line_is_said_once_when_its_state_changes() -> None:
    progress = view.PlainProgress()
    assert progress.news(WORKING) == ["✓ Planner: done", "● Prices: running (get_quote AAPL)", "✗ Risk: failed"]
    assert progress.news(WORKING) == []
    later = replace(
        WORKING,
        lines=(replace(WORKING.lines[1], detail="get_news AAPL"), replace(WORKING.lines[3], state=LineState.RUNNING)),
    )
    assert progress.news(later) == ["● Writer: running"]
    assert progress.news(replace(later, attempt=2)) == ["● Prices: running (get_news AAPL)", "● Writer: running"]


@pytest.mark.parametrize(
    ("outcome", "ends"),
    [
        (FINAL, ["✓ Prices: done", "✓ Verifier: done"]),
        (replace(FINAL, notices=(NOT_VERIFIED,)), ["✓ Prices: done", "✗ Verifier: failed"]),
        (replace(FINAL, state=AnswerState.STOPPED), ["✗ Prices: stopped", "✗ Verifier: stopped"]),
        (replace(FINAL, state=AnswerState.FAILED), ["✗ Prices: failed", "✗ Verifier: failed"]),
    ],
)
def test_on_a_pipe_what_still_ran_is_ended_before_the_outcome(outcome: Answer, ends: list[str]) -> None:
    console = Console(width=100, file=io.StringIO())
    screen = Screen(console, path_of)
    verifier = ProgressLine(id="verifier", label="Verifier", state=LineState.RUNNING)
    running = replace(WORKING, attempt=2, lines=(*WORKING.lines, verifier))
    screen.show(standing(running))
    screen.finish(outcome)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[:4] == [
        "✓ Planner: done",
        "● Prices: running (get_quote AAPL)",
        "✗ Risk: failed",
        "● Verifier: running",
    ]
    assert lines[4 : lines.index("")] == ends


def test_on_a_pipe_no_answer_begins_with_an_empty_line_and_one_stands_between_two() -> None:
    console = Console(width=100, file=io.StringIO())
    screen = Screen(console, path_of)
    screen.show(standing(Answer(key="m1", state=AnswerState.WORKING)))
    screen.finish(Answer(key="m1", state=AnswerState.FAILED, text="No."))
    screen.show(standing(Answer(key="m1", state=AnswerState.WORKING, attempt=2)))
    screen.finish(Answer(key="m1", state=AnswerState.STOPPED, attempt=2))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert shown.startswith("No. ")
    assert "\n\n\n" not in shown
    assert shown.endswith(".\n\n")


def test_a_failure_and_a_stop_say_so() -> None:
    failed = Answer(key="m1", state=AnswerState.FAILED, text="Mistral refused our key.")
    assert f"✗ Mistral refused our key. {view.RETRY_HINT}" in drawn(view.final(failed, path_of))
    stopped = Answer(key="m1", state=AnswerState.STOPPED, text="So far")
    assert "Stopped." in drawn(view.final(stopped, path_of))
    assert "Stopped." in view.plain(stopped, path_of)


def test_a_notice_is_said_without_anything_around_it() -> None:
    notice = Answer(key="notice:r1", state=AnswerState.FINAL, text="I am still working on it.")
    assert view.plain(notice, path_of) == "I am still working on it."


def test_parts_are_one_answer_again() -> None:
    first = Answer(key="m1", state=AnswerState.FINAL, headline="H", text="one", part=1, parts=2)
    last = replace(FINAL, headline="", text="two", part=2, parts=2)
    joined = view.join([first, last])
    assert (joined.headline, joined.text, joined.metrics, joined.parts) == ("H", "one\n\ntwo", FINAL.metrics, 1)


def test_keys_make_lines() -> None:
    keyboard = Keyboard()
    keyboard.feed("whý\x7fy n\x1b[Aot\n/re")
    assert (keyboard.take(), keyboard.typed) == ("why not", "/re")
    keyboard.feed("search aapl\x17msft\nx\x15\x04")
    assert keyboard.take() == "/research msft"
    assert not keyboard.ended
    assert keyboard.take() is None
    assert keyboard.ended


def test_a_paste_is_one_text_however_it_comes() -> None:
    keyboard = Keyboard()
    for piece in ("ask: \x1b[20", "0~one\rtwo\r\n\x1b[31mthree\x1b[2", "01~ end", "\r"):
        keyboard.feed(piece)
    assert keyboard.take() == "ask: one\ntwo\nthree end"
    assert keyboard.take() is None
    assert not keyboard.ended


def test_an_arrow_key_in_two_pieces_types_nothing() -> None:
    keyboard = Keyboard()
    keyboard.feed("a\x1b")
    keyboard.feed("[")
    keyboard.feed("Db")
    assert keyboard.typed == "ab"
