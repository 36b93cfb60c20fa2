"""What people write on Slack, as its author saw it; and whom it addresses."""

from __future__ import annotations

import pytest

from bot.gestures import Spoken
from bot.platforms.slack.gestures import spoken
from bot.platforms.slack.words import plain_text

US = "U0BOT"


def heard(text: str, **more: object) -> Spoken:
    found = spoken({"ts": "1.1", "channel": "C1", "user": "U1", "text": text, **more}, "T1", US)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("/research <http://SAP.DE|SAP.DE> cheap?", "/research SAP.DE cheap?"),
        ("compare <http://SAP.DE|SAP.DE> &amp; <https://RY.TO/|RY.TO>", "compare SAP.DE & RY.TO"),
        ("see <https://example.com/a|this page>", "see this page (https://example.com/a)"),
        ("<https://example.com/a>", "https://example.com/a"),
        ("<@U2> and <#C2|general> and <!here>", "@U2 and #general and @here"),
        ("1 &lt; 2", "1 < 2"),
    ],
)
def test_markup_is_read_as_its_author_saw_it(raw: str, read: str) -> None:
    assert plain_text(raw, US) == read


@pytest.mark.parametrize("text", [f"<@{US}> retry", f"<@{US}>: retry", f"<@{US}>, retry"])
def test_our_name_before_what_is_said_is_no_part_of_it(text: str) -> None:
    assert heard(text).text == "retry"


@pytest.mark.parametrize("text", ["<@U2> look", "<!subteam^S1|@oncall> please look", "<!here> lunch?"])
def test_who_calls_others_does_not_speak_to_us(text: str) -> None:
    assert heard(text).to_others
    assert not heard(text).for_us
    assert heard(f"<@{US}> {text}").for_us
