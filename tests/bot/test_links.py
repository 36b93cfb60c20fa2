"""What is left of a link that a model wrote: its host, unless a search or a tool gave the address as it stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.links import is_sound, settled, with_given_links
from bot.rendering import harmless

NEWS = "https://news.example.com/a?b=1"
WIKI = "https://en.wikipedia.org/wiki/X_(y)"
OURS = re.compile(r"\[[^\[\]\n]*\]\((https?://[^\s()<>]+)\)")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://evil.example/c?q=secret, ok", "see evil[.]example, ok"),
        ("[SEC](https://evil.example/x)", "SEC (evil[.]example)"),
        ("![p](https://evil.example/c.png)", "p (evil[.]example)"),
        ("[![a](https://evil.example/i.png)](https://evil.example/)", "[a (evil[.]example)] (evil[.]example)"),
        ("[l][r]\n\n[r]: https://evil.example/c", "[l][r]\n\n[r] : evil[.]example"),
        ("<https://evil.example|label> <javascript:alert(1)>", "<evil[.]example|label> < javascript:alert(1)>"),
        ("[x](javascript:alert(1)) [y](data:text/html;base64,AAA)", "x y"),
        ("HTTPS://EVIL.example/x evil.example/?q=1", "evil[.]example evil[.]example"),
        ("www.evil.example/x", "www[.]evil[.]example"),
        ("https://sec.gov@evil.example/x [a [b] c](//evil.example)", "evil[.]example [a [b] c] (//evil.example)"),
        ("https://\u0435vil.com/x", "xn--vil-qdd[.]com"),
        ("htt[p](javascript:0)s://evil.example/x", "httpevil[.]example"),
        ("Amazon.com, Inc. P/E 10.5/11 U.S./China", "Amazon.com, Inc. P/E 10.5/11 U.S./China"),
        ("(is it SAP.DE?) **or BRK.B?**", "(is it SAP.DE?) **or BRK.B?**"),
        ("SAP.DE/BMW.DE, Booking.com/Expedia", "SAP.DE / BMW.DE, Booking.com / Expedia"),
        ("Evil.com/Abc?q=secret www.evil.example?)", "evil[.]com www[.]evil[.]example?)"),
        ("d[0](1) f[key](a, b) ![x](y)", "d[0] (1) f[key] (a, b) ![x] (y)"),
    ],
)  # fmt: skip
def test_an_address_that_a_model_made_up_is_no_link(text: str, shown: str) -> None:
    assert with_given_links(text, (NEWS, WIKI)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"[Apple]({NEWS})", f"[Apple (news.example.com)]({NEWS})"),
        (f"![Apple]({NEWS})", f"[Apple (news.example.com)]({NEWS})"),
        (f"[https://sec.gov/f]({NEWS})", f"[sec(.)gov (news.example.com)]({NEWS})"),
        (f"at {NEWS}.", f"at [news.example.com]({NEWS})."),
        (f"{NEWS}&q=secret", "news[.]example[.]com"),
        (f"({WIKI})", "([en.wikipedia.org](https://en.wikipedia.org/wiki/X_%28y%29))"),
    ],
)
def test_an_address_that_was_given_stays_as_it_is_and_names_its_host(text: str, shown: str) -> None:
    assert with_given_links(text, (NEWS, WIKI)) == shown


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://sec.gov@evil.example/",
        "https://xn--pple-43d.com/",
        "https://\u0430pple.com/",
        "https://evil.example:8080/",
        "https://localhost/",
        "https://evil.example/<b>",
        "https://evil.example/&lt;b",
        "//evil.example/",
    ],
)
def test_an_address_that_hides_something_is_no_link_whoever_gave_it(address: str) -> None:
    assert not is_sound(address)
    assert not OURS.search(with_given_links(f"[label]({address})", (address,)))


PIECES = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [
            "[", "]", "(", ")", "](", "]: ", "<", ">", "!", "![", "|", "`", "\n", " ",
            "https://", "http", "s://", "evil.example", "/x",
            NEWS, WIKI, f"[a]({NEWS})", "[a](", "javascript:0", "www.",
            "&lt;", "&#58;", "\u200b", "@everyone", "<!channel>", "&amp;",
        ]
    ),
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
@settings(max_examples=200)
def test_nothing_that_is_shown_holds_another_address_and_showing_it_twice_changes_nothing(text: str) -> None:
    shown = harmless(text, (NEWS, WIKI))
    rest = OURS.sub("", shown)
    assert {found.rstrip("/") for found in OURS.findall(shown)} <= {NEWS, WIKI.replace("(", "%28").replace(")", "%29")}
    assert "://" not in rest
    assert "](" not in rest
    assert not re.search(r"<!(channel|here|everyone)|<[@#]|@(everyone|here|channel)\b", shown)
    assert harmless(shown, (NEWS, WIKI)) == shown


@pytest.mark.parametrize("piece", ["[", "![a](", "https://a", "a.a.", "[a](b", "](", "&#58;", "<a:", ")", "."])
@pytest.mark.parametrize("start", ["", "https://a.example/"])
@pytest.mark.timeout(10)
def test_no_text_makes_it_slow(start: str, piece: str) -> None:
    assert "://" not in harmless(f"{start}{piece * 40_000}x")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("All of it. ", "All of it. "),
        ("See [the ", "See "),
        ("See ![the filing](https://exa", "See "),
        ("See [the filing]", "See "),
        ("See [1] and ", "See [1] and "),
    ],
)
def test_a_link_that_is_still_being_written_waits_for_its_end(text: str, told: str) -> None:
    assert settled(text) == told
