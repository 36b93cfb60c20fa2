"""Everything that the adapter can be asked to show, held against the limits that a library of others' keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
import slackblocks as kit

from bot.platforms.slack.blocks import blocks_of, escape, fallback_of
from bot.platforms.slack.calls import build_client
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.values import CAPABILITIES
from bot.rendering import split_answer
from workflows.blobs import BlobStore
from workflows.contracts import Answer, AnswerState, BlobRef, Chart, LineState, Metric, ProgressLine, Source, Usage

Json = dict[str, Any]

WORDS = "word <!channel> & " * 40
LONG = f"{WORDS * 3} {'x' * 3_000}"
HUGE = Answer(
    key="1795599541.276937",
    state=AnswerState.FINAL,
    attempt=3,
    headline=LONG[:400],
    text="\n\n".join([LONG] * 6),
    notices=(LONG,) * 30,
    metrics=(Metric(label=LONG, value=LONG, as_of=LONG, currency="USD", source=LONG, verified=False),) * 300,
    chart=Chart(image=BlobRef(key="ab12", media_type="image/png", size=3), title=LONG, alt=LONG, as_of="today"),
    sources=(Source(title=LONG, as_of="2024-12-30", url="https://example.com/" + "y" * 3_000, note=LONG),) * 100,
    gaps=(LONG,) * 100,
    follow_ups=(LONG, "Why?", "Why not?", "And then?"),
    usage=Usage(prompt_tokens=10**9),
    trace=LONG,
    lines=tuple(ProgressLine(id=f"l{n}", label=LONG, state=LineState.RUNNING, detail=LONG) for n in range(80)),
)


def text(found: Json) -> kit.Text:
    kind = kit.TextType.PLAINTEXT if found["type"] == "plain_text" else kit.TextType.MARKDOWN
    return kit.Text(found["text"], type_=kind)


def button(found: Json) -> kit.Button:
    return kit.Button(text(found["text"]), found["action_id"], value=found["value"], style=found.get("style"))


def thumb(found: Json) -> kit.FeedbackButton:
    return kit.FeedbackButton(text(found["text"]), found["value"], found["accessibility_label"])


def rebuilt(block: Json) -> kit.Block:  # noqa: PLR0911 - one line a kind
    """The block as the library builds it, which raises where Slack would refuse it."""
    match block["type"]:
        case "header":
            return kit.HeaderBlock(block["text"]["text"])
        case "markdown":
            return kit.MarkdownBlock(block["text"])
        case "context":
            return kit.ContextBlock([text(element) for element in block["elements"]])
        case "actions":
            return kit.ActionsBlock([button(element) for element in block["elements"]])
        case "context_actions":
            [found] = block["elements"]
            thumbs = thumb(found["positive_button"]), thumb(found["negative_button"])
            return kit.ContextActionsBlock([kit.FeedbackButtons(*thumbs, action_id=found["action_id"])])
        case "image":
            file = kit.SlackFile(None, block["slack_file"]["id"])
            return kit.ImageBlock(alt_text=block["alt_text"], title=block["title"]["text"], slack_file=file)
        case "table":
            rows: list[list[Any]] = [[kit.RawText(cell["text"]) for cell in row] for row in block["rows"]]
            return kit.TableBlock(rows)
        case "plan":
            tasks = [
                kit.TaskCardBlock(task["task_id"], task["title"], status=task["status"]) for task in block["tasks"]
            ]
            return kit.PlanBlock(block["title"], tasks)
        case kind:
            raise AssertionError(f"no such block is known here: {kind}")


def shown(answer: Answer) -> list[Json]:
    return blocks_of(answer, retry_hint=CAPABILITIES.retry_hint, image="F0123456789", chart_missing=True)


def rendered_text(blocks: list[Json]) -> int:
    """Characters of Markdown, which Slack counts over a whole message."""
    return sum(len(block["text"]) for block in blocks if block["type"] == "markdown")


@pytest.mark.parametrize(
    "state",
    [
        AnswerState.FINAL,
        pytest.param(AnswerState.FAILED, marks=pytest.mark.campaign),
        pytest.param(AnswerState.WAITING, marks=pytest.mark.campaign),
        pytest.param(AnswerState.WORKING, marks=pytest.mark.campaign),
    ],
)
def test_whatever_an_answer_holds_slack_takes_each_block_of_each_part(state: AnswerState) -> None:
    parts = split_answer(replace(HUGE, state=state), CAPABILITIES)
    assert len(parts) > 3
    for part in parts:
        blocks = shown(part)
        assert len(blocks) <= 50
        assert rendered_text(blocks) <= 12_000
        for block in blocks:
            rebuilt(block)
        kit.Message("C1", fallback_of(part, retry_hint=""), [rebuilt(block) for block in blocks])
        assert len(fallback_of(part, retry_hint="")) <= 4_000


def test_an_empty_answer_is_shown_too() -> None:
    for state in AnswerState:
        assert [rebuilt(block) for block in shown(Answer(key="t1", state=state))]


def test_a_part_that_is_as_long_as_may_be_fits() -> None:
    limit = CAPABILITIES.part_limit
    [part] = split_answer(Answer(key="t1", state=AnswerState.FINAL, text="a " * (limit // 2)), CAPABILITIES)
    assert rendered_text(shown(part)) <= 12_000


def test_characters_that_are_escaped_count_as_what_they_become() -> None:
    with_ampersands = Answer(key="t1", state=AnswerState.FINAL, text="&<> " * 6_000)
    platform = SlackPlatform(build_client("xoxb-1", "http://127.0.0.1:1/api/"), cast("BlobStore", None))
    assert len(platform.split(Answer(key="t1", state=AnswerState.STOPPED))) == 1
    parts = platform.split(with_ampersands)
    assert all(len(escape(block["text"])) <= 12_000 for part in parts for block in shown(part) if "text" in block)
    assert "".join(part.text for part in parts).count("&") == 6_000
