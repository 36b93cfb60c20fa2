from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import (
    EMPTY,
    RESEARCH_USAGE,
    TEXT_LIMIT,
    TOO_LONG,
    Ask,
    Command,
    Help,
    Retry,
    Status,
    Stop,
    Usage,
    parse,
)
from workflows.contracts import Research


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/research AAPL", Research(symbol="AAPL")),
        ("  /Research   $nvda  Is it  dear?\nReally? ", Research(symbol="NVDA", question="Is it  dear?\nReally?")),
        ("/research brk-b, why?", Research(symbol="BRK-B", question="why?")),
        ("/research ^gspc", Research(symbol="^GSPC")),
        ("/research 7203.t", Research(symbol="7203.T")),
        ("/research", Usage(sentence=RESEARCH_USAGE)),
        ("/research   ", Usage(sentence=RESEARCH_USAGE)),
        ("/research Apple's margins", Usage(sentence=RESEARCH_USAGE)),
        ("retry", Retry()),
        ("/retry", Retry()),
        ("Stop!", Stop()),
        ("STATUS", Status()),
        ("help", Help()),
        ("half \ud83d", Ask(text="half ?")),
        ("", Usage(sentence=EMPTY)),
        (" \n", Usage(sentence=EMPTY)),
        ("stop loss orders, what are they?", Ask(text="stop loss orders, what are they?")),
        ("what does /research do?", Ask(text="what does /research do?")),
        ("/usr/share is a path", Ask(text="/usr/share is a path")),
        ("/frobnicate now", Usage(sentence="I know no command /frobnicate. Type `help` to see what I know.")),
    ],
)
def test_what_a_text_asks_for(text: str, command: Command) -> None:
    assert parse(text) == command


def test_a_message_at_the_limit_is_taken_and_one_above_it_refused() -> None:
    assert parse("x" * TEXT_LIMIT) == Ask(text="x" * TEXT_LIMIT)
    assert parse("x" * (TEXT_LIMIT + 1)) == Usage(sentence=TOO_LONG)
    assert parse("/research AAPL " + "x" * TEXT_LIMIT) == Usage(sentence=TOO_LONG)


@given(st.text(max_size=60))
def test_any_text_means_something_and_a_symbol_is_always_normal(text: str) -> None:
    command = parse("/research " + text)
    if isinstance(command, Research):
        assert command.symbol == command.symbol.upper()
        assert command.symbol
        assert not command.symbol.startswith("$")
    else:
        assert isinstance(command, Usage)
