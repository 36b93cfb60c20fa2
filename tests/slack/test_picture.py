from __future__ import annotations

import copy
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.overview import Overview, RecentThread
from bot.platforms.slack.blocks import blocks_of, escape
from bot.platforms.slack.views import home, research_form
from tests.slack.picture.page import home_page, thread_page
from tests.slack.picture.text import markdown, mrkdwn
from tests.slack.picture.values import NotPictured, Post, Surroundings
from tests.slack.shapes import rich_text
from workflows.contracts import (
    Answer,
    AnswerState,
    BlobRef,
    Chart,
    LineState,
    Metric,
    ProgressLine,
    Source,
    ThreadRef,
    Usage,
)

pytestmark = pytest.mark.campaign

Json = dict[str, Any]

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AROUND = Surroundings(now=NOW, people={"U1": "Alice"}, channels={"C1": "research"}, files={"F1": b"\x89PNG"})
PICTURE = BlobRef(key="blob", media_type="image/png", size=1)
HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>"' </style>"""


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.resources: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.resources += [value or "" for name, value in attrs if name == "src"]
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def answer(text: str, state: AnswerState) -> Answer:
    """An answer with everything in it, each part saying `text`."""
    return Answer(
        key="t1",
        state=state,
        headline=text,
        text=text,
        lines=tuple(ProgressLine(id=each, label=text, state=each, detail=text) for each in LineState),
        notices=(text,),
        metrics=(
            Metric(label=text, value=text, as_of="2026-03-01", currency="USD", source=text, verified=False),
            Metric(label=text, value="2", as_of="2026-02-01", currency=None, source=f"{text} too"),
        ),
        chart=Chart(image=PICTURE, alt=text, title=text, as_of="2026-03-01"),
        sources=(Source(title=text, url="https://example.com/?a=1&b=2"), Source(title=text)),
        gaps=(text,),
        follow_ups=(text,),
        usage=Usage(prompt_tokens=3),
    )


def made(text: str) -> list[Json]:
    """Every block that Clew makes, and the one that Slack makes of what people type."""
    answers = [block for state in AnswerState for block in blocks_of(answer(text, state), retry_hint="", image="F1")]
    where = ThreadRef(platform="slack", workspace="T1", channel="C1", thread="1772443800.000100")
    recent = RecentThread(thread=where, title=text, state="idle", last=NOW)
    view = home(Overview(threads=(recent,), tokens=3), team_url="https://clew.slack.com/", budget=None)
    return [*answers, *rich_text(f"<@U1> {text}"), *view["blocks"], *research_form(text)["blocks"]]


def page(*blocks: Json, text: str = "") -> str:
    post = Post(author=text or "Clew", app=True, ts="1772443800.000100", text=text, blocks=blocks)
    return thread_page(text or "research", [post, post], AROUND, title=text or "Thread")


def test_every_block_that_clew_makes_is_shown() -> None:
    blocks = made("Apple rose")
    assert {"markdown", "table", "image", "plan", "context_actions", "rich_text", "input"} <= {
        block["type"] for block in blocks
    }
    shown = Page(page(*blocks))
    for words in (
        "Apple rose — waiting: Apple rose",
        "Not verified",
        "👍",
        "🔁 Retry",
        "Stop",
        "Today 09:30",
        "@Alice",
    ):
        assert words in shown.text
    assert shown.links.count("https://example.com/?a=1&b=2") > 0


def test_the_home_is_shown() -> None:
    view = home(Overview(threads=(), tokens=None), team_url="https://clew.slack.com/", budget=None)
    assert "Your recent threads" in Page(home_page("Clew", view, AROUND)).text


@pytest.mark.parametrize(
    "block",
    [
        {"type": "video"},
        {"type": "actions", "elements": [{"type": "overflow"}]},
        {"type": "context", "elements": [{"type": "image"}]},
        {"type": "context_actions", "elements": [{"type": "icon_button"}]},
        {"type": "table", "rows": [[{"type": "rich_text"}]]},
        {"type": "plan", "title": "Plan", "tasks": [{"type": "section"}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_list"}]},
        {"type": "input", "label": {"text": "When"}, "element": {"type": "datepicker"}},
    ],
    ids=lambda block: block["type"],
)
def test_what_it_was_not_taught_to_show_is_an_error(block: Json) -> None:
    with pytest.raises(NotPictured):
        page(block)


@given(st.one_of(st.just(HOSTILE), st.text(alphabet="<>&\"'/!@#|*_~`[]()x:=\n ", max_size=40)))
def test_what_people_and_models_write_is_text_and_nothing_else(text: str) -> None:
    calm = (
        Page(page(*made("calm"), text="calm")).tags | Page(markdown("- `a`\n\n1. **b** *c* ~~d~~\n\n> e\n\n---")).tags
    )
    shown = Page(page(*made(text), text=text) + page(text=escape(text)))
    assert shown.tags <= calm | {"code", "pre", "i", "b", "s", "h1", "a"}
    assert shown.attributes <= {"alt", "charset", "class", "href", "lang", "src", "start", "style", "title"}
    assert not [link for link in shown.links if link.lower().startswith(("javascript:", "vbscript:"))]


def test_a_page_loads_nothing() -> None:
    html = page(*made(HOSTILE), *made("![chart](https://example.com/chart.png)"))
    assert {source.partition(",")[0] for source in Page(html).resources} == {"data:image/png;base64"}
    assert "url(" not in html
    assert not {"script", "link", "iframe"} & Page(html).tags


def test_the_same_messages_are_the_same_page_and_stay_as_they_are() -> None:
    blocks = made("Apple rose")
    before = copy.deepcopy(blocks)
    assert page(*blocks) == page(*blocks)
    assert blocks == before


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* and _it_, ~gone~", "<b>bold</b> and <i>it</i>, <s>gone</s>"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("`a *b* <c`", "<code>a *b* &lt;c</code>"),
        ("```\na  b\n&lt;c&gt;\n```", "<pre>a  b\n&lt;c&gt;</pre>"),
        ("AT&amp;T\n&lt;b&gt;", "AT&amp;T<br>&lt;b&gt;"),
        ("<https://e.com/?a=1&amp;b=2|*here*>", '<a href="https://e.com/?a=1&amp;b=2">*here*</a>'),
        ("<javascript:alert(1)|here>", "here"),
        ("<@U1> <#C1> <!here>", "@Alice #research @here"),
        ("<!date^1772443800^{date_short_pretty} {time}|then>", "Today 09:30"),
        ("<!date^1772357400^{date_short_pretty}|then>", "Yesterday"),
        ("<!date^1771061400^{date_short_pretty}|then>", "Feb 14, 2026"),
        ("<!date^1771061400^{ago}|then>", "then"),
    ],
)
def test_slacks_own_markup(text: str, html: str) -> None:
    shown = mrkdwn(text, AROUND).replace('<span class="mention">', "").replace("</span>", "")
    assert shown == html
