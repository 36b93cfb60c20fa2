"""What people write on Discord, as its author saw it; and how Markdown is shown there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.markdown import WIDE, calm, shown
from bot.platforms.discord.words import plain_text

US = "3"
NAMES = {"7": "Bob", "9": "general"}

NARROW = "| Name | Value |\n|---|---:|\n| Close | 252.20 |\n| P/E | 9 |"
BROAD = "| Name | What it means for the whole of it | Value |\n|---|---|---|\n| **Close** | The last price | 252 |\n"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("<@3> retry", "retry"),
        ("<@!3> what of <@7> and <@8>?", "what of @Bob and @8?"),
        ("<@&5> in <#9> and <#10>", "@role in #general and #channel"),
        ("</research:123> now", "/research now"),
        ("<:up:12> <a:party:13> <t:1700000000:R>", ":up: :party: 1700000000"),
        ("1 < 2 > 0", "1 < 2 > 0"),
    ],
)
def test_markup_is_read_as_its_author_saw_it(raw: str, read: str) -> None:
    assert plain_text(raw, US, NAMES) == read


LIVE = (
    "</research:123> <t:1700000000:R> <id:customize> <:up:12> <a:party:13> <sound:1:2> "
    "<@7> <@&5> <#9> <<@7>> @everyone @here"
)


@pytest.mark.parametrize("text", LIVE.split())
def test_nothing_that_commands_discord_is_left_in_what_is_shown(text: str) -> None:
    for said in (calm(text), shown(f"Well, {text} it is."), calm(calm(text))):
        assert text not in said
        assert re.search(r"<[@#:/]\S", said.replace("<@ ", "")) is None
        assert "@everyone" not in said


def test_a_narrow_table_is_an_aligned_block_and_a_broad_one_a_list() -> None:
    assert shown(NARROW) == "```\nName    Value\n-------------\nClose  252.20\nP/E         9\n```"
    assert shown(BROAD).rstrip() == "- **Close**: What it means for the whole of it: The last price; Value: 252"


def test_what_discord_does_not_show_becomes_what_it_does() -> None:
    assert shown("#### Deep ##") == "**Deep**"
    assert shown("![A chart](https://example.com/a.png)") == "[A chart](https://example.com/a.png)"
    assert shown("above\n---\nbelow") == "above\n\nbelow"
    assert shown("## Kept\n- so is **this**") == "## Kept\n- so is **this**"


@pytest.mark.timeout(10)
def test_no_heading_makes_it_slow() -> None:
    assert shown(f"#### a{' ' * 20_000}b").startswith("**a ")
    assert shown(f"#### a{'#' * 20_000}b").startswith("**a#")
    assert shown(f"####{' ' * 20_000}") == f"####{' ' * 20_000}"


def test_code_is_left_as_it_is() -> None:
    code = "```python\n#### no heading\n---\n| a | b |\n|---|---|\n```"
    assert shown(code) == code


_CELL = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="|\\"), max_size=30)


@given(st.integers(1, 6).flatmap(lambda width: st.lists(st.lists(_CELL, min_size=width, max_size=width), min_size=2)))
def test_no_block_of_a_table_is_wider_than_a_phone(rows: list[list[str]]) -> None:
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    told = shown("\n".join([head, f"|{'---|' * len(rows[0])}", *body]))
    if told.startswith("```"):
        assert max(map(len, told.split("\n"))) <= WIDE
    assert shown(told) == told
