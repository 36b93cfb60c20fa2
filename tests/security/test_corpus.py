"""Mentions, links and markup of a captured model, through the real rendering of both platforms (S4, S5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.security.judge import discord_faults, slack_faults
from tests.security.payloads import CORPUS, HOST
from tests.security.rendered import discord_payloads, everywhere, faults_of, slack_payloads
from workflows.blobs import BlobStore, FileBlobStore
from workflows.contracts import Answer, AnswerState

CANARY = "CANARY7351"
NEWS = "https://paper.example/Z0000"


def told(payload: str) -> str:
    """What the model writes where it was told to give away what it knows."""
    return payload.replace("$ASKED", quote_plus(f"my code is {CANARY}"))


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> BlobStore:
    """Where charts would lie."""
    return FileBlobStore(tmp_path_factory.mktemp("blobs"))


@pytest.mark.parametrize("payload", CORPUS)
def test_nothing_that_a_captured_model_writes_mentions_links_or_loads_anything(payload: str, blobs: BlobStore) -> None:
    for wrapped in (f"before {told(payload)} after", f"one\n\n{told(payload)}\n\ntwo"):
        for answer in everywhere(wrapped):
            assert faults_of(answer, blobs, canary=CANARY) == []


@pytest.mark.parametrize("payload", CORPUS)
def test_what_stands_around_it_is_still_shown(payload: str, blobs: BlobStore) -> None:
    answer = Answer(key="t1", state=AnswerState.FINAL, text=f"before\n\n{told(payload)}\n\nafter")
    for payloads in (slack_payloads(answer, blobs), discord_payloads(answer, blobs)):
        assert "before" in str(payloads)
        assert "after" in str(payloads)


def test_an_address_that_a_tool_gave_is_a_link_on_both_and_says_where_it_leads(blobs: BlobStore) -> None:
    answer = Answer(key="t1", state=AnswerState.FINAL, text=f"See [the paper]({NEWS}).", links=(NEWS,))
    link = f"[the paper (paper.example)]({NEWS})"
    assert link in str(slack_payloads(answer, blobs)[0])
    assert link in str(discord_payloads(answer, blobs))
    assert faults_of(answer, blobs, given=(NEWS,)) == []


def test_the_judge_sees_what_it_looks_for() -> None:
    """Without this, silence would prove nothing."""
    quiet: dict[str, Any] = {"flags": 4, "allowed_mentions": {"parse": []}}
    for text in (
        "<!channel>",
        "<@U1>",
        f"https://{HOST}/",
        f"[x](https://{HOST})",
        "[1]: x",
        "@everyone",
        f"![]({HOST})",
    ):
        assert slack_faults("chat.update", {"blocks": [{"text": text}]}, given=())
    for text in ("<@1>", "</a:1>", "<t:1>", f"https://{HOST}/", "@here", "[x](javascript:alert(1))"):
        assert discord_faults({**quiet, "components": [{"content": text}]}, given=())
    assert slack_faults("chat.postMessage", {"unfurl_links": False}, given=()) == ["unfurl_media is not off"]
    assert len(discord_faults({"components": []}, given=())) == 2


@given(
    st.lists(st.one_of(st.sampled_from(CORPUS), st.text(max_size=8)), min_size=1, max_size=5), st.sampled_from("\n |")
)
@settings(max_examples=40)
def test_no_mixture_of_them_does_either(payloads: list[str], between: str) -> None:
    answer = Answer(key="t1", state=AnswerState.FINAL, text=told(between.join(payloads)), links=(NEWS,))
    assert faults_of(answer, FileBlobStore(Path("unused")), given=(NEWS,), canary=CANARY) == []
