"""Secrets stay where they belong (S10, I16): a byte search through all there is, after failures that tell them."""

from __future__ import annotations

import base64
import gzip
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from tests.security.canaries import Canary, canary, leaks
from tests.security.exposed import Exposed, exposed, leak_on_purpose


def written(secret: str) -> dict[str, str]:
    """A secret as it may turn up, by how."""
    return {
        "as it is": secret,
        "in a sentence": f"the token {secret} was refused",
        "cut": secret[:-9],
        "masked in front": f"***{secret[-14:]}",
        "in base64": base64.b64encode(secret.encode()).decode(),
        "in base64 with more": base64.b64encode(f"bot:{secret}:x".encode()).decode(),
        "in base64 of addresses": base64.urlsafe_b64encode(f"ab{secret}".encode()).decode(),
        "in an address": f"https://x.example/?token={quote(secret, safe='')}",
        "in hexadecimal": secret.encode().hex(),
        "backwards": secret[::-1],
    }


@pytest.mark.parametrize("how", written(""))
def test_a_secret_is_found_however_it_is_written(how: str) -> None:
    secret = canary("a token", "xoxb-1-")
    text = written(secret.value)[how].encode()

    assert leaks({"a file": b"\x00\x01before " + text + b" after\xff"}, [secret])
    assert leaks({"a request": b"POST / HTTP/1.1\r\n\r\n" + gzip.compress(b"before " + text + b" after")}, [secret])
    assert leaks({"a file": text}, [canary("another", "xoxb-1-")]) == []


def test_a_prefix_that_all_tokens_share_is_no_secret() -> None:
    secret = canary("a token", "xoxb-1234567890-1234567890-")

    assert leaks({"a log": b"a token such as xoxb-1234567890-1234567890-\xe2\x80\xa6"}, [secret]) == []


@dataclass(kw_only=True)
class Searched:
    """A set after all that, what people said to it, and what a careless product would have handed over."""

    found: Exposed
    places: dict[str, bytes]
    words: Canary
    careless: Canary


@pytest.fixture(scope="module")
def searched() -> Iterator[Searched]:
    words, careless = canary("what people said"), canary("a careless product's secret")
    with exposed() as found:
        slack, discord, hops = found.slack, found.discord, found.hops
        question = f"What is AAPL's last close? {words.value}"

        def over(seat: object, thread: str, key: str) -> None:
            assert seat in (slack, discord)
            chat = slack if seat is slack else discord
            found.whole.eventually(
                lambda: any(one.state in ("final", "failed", "stopped") for one in chat.answers(thread, key)),
                f"an outcome of {key}",
                150.0,
            )

        for seat in (slack, discord):
            key = seat.mention(question)
            over(seat, key, key)
        # Each service refuses what it is asked, and tells the caller's secrets with it.
        for name, status, path in (
            ("mistral", 401, "/v1/conversations"),
            ("mistral", 500, "/v1/conversations"),
            ("mistral", 422, "/v1/conversations"),
            ("slack", 500, "chat.postMessage"),
            ("slack", 403, "chat.update"),
            ("discord", 500, "/messages"),
            ("discord", 403, "/messages"),
            ("traces", 401, "/v1/traces"),
        ):
            before = hops[name].echoed
            hops[name].echo(status, path=path)
            seat = discord if name == "discord" else slack
            key = seat.mention(question)
            found.whole.eventually(lambda name=name, before=before: hops[name].echoed > before, f"{name} echoes", 120.0)
            hops[name].echo(0, times=0)
            if (name, status) not in (("slack", 403), ("discord", 403)):
                over(seat, key, key)
        found.model.arm(kind="hold", on="start")
        key = slack.mention(question)
        found.whole.eventually(lambda: bool(found.model.steps(fault="hold@before")), "a step is held")
        os.kill(worker := found.whole.pid("worker"), signal.SIGKILL)
        found.whole.replaced("worker", worker)
        found.model.clear()
        over(slack, key, key)
        found.look_at_processes()
        told = slack.administer("status", root=True)
        found.whole.eventually(lambda: bool(told()), "an administrator is told")
        found.clew("ask", question)
        found.clew("status")
        found.clew("status", "--json")
        hops["mistral"].echo(401, path="/v1/", times=3)
        hops["slack"].echo(401, times=1)
        hops["discord"].echo(401, times=1)
        found.clew("doctor")
        for name in ("mistral", "slack", "discord"):
            hops[name].echo(0, times=0)
        crashes(found)
        leak_on_purpose(found, careless)
        yield Searched(found=found, places=found.places(), words=words, careless=careless)


def crashes(found: Exposed) -> None:
    """Starts that fail over a secret."""
    secrets = found.secrets
    key = secrets["CLEW_ENCRYPTION_KEY"].value
    assert found.clew("worker", CLEW_ENCRYPTION_KEY=key[:-9]).returncode != 0
    assert found.clew("worker", MISTRAL_API_KEY=f'"{secrets["MISTRAL_API_KEY"].value}"').returncode != 0
    assert found.clew("bot", SLACK_BOT_TOKEN=f"{secrets['SLACK_BOT_TOKEN'].value} ").returncode != 0
    address = f"http://user:{secrets['MISTRAL_API_KEY'].value}@127.0.0.1:1"
    assert found.clew("worker", MISTRAL_SERVER_URL=address).returncode != 0
    assert found.clew("doctor", MISTRAL_SERVER_URL=address).returncode != 0
    assert found.clew("doctor", CLEW_ENCRYPTION_KEY=key[:-9]).returncode != 0


@pytest.mark.campaign
@pytest.mark.timeout(900)
class TestEverything:
    def test_the_secrets_were_in_use(self, searched: Searched) -> None:
        found = searched.found
        assert found.used("slack", "SLACK_BOT_TOKEN")
        assert found.used("slack", "SLACK_APP_TOKEN")
        assert found.used("discord", "DISCORD_TOKEN")
        assert found.used("mistral", "MISTRAL_API_KEY")
        assert found.used("traces", "LOGFIRE_TOKEN")
        assert found.whole.run.mcp_token == found.secrets["MCP_AUTH_TOKEN"].value

    def test_no_secret_is_anywhere_but_in_the_header_where_it_belongs(self, searched: Searched) -> None:
        assert len(searched.places) > 20
        assert leaks(searched.places, searched.found.secrets.values()) == []

    def test_what_people_said_is_in_no_file_of_temporals_no_log_and_no_trace(self, searched: Searched) -> None:
        kept = ("temporal", ".log", "trace", "process")
        places = {name: data for name, data in searched.places.items() if any(word in name for word in kept)}
        assert any("temporal" in name for name in places)
        assert leaks(places, [searched.words]) == []

    def test_what_people_said_is_where_it_has_to_be(self, searched: Searched) -> None:
        places = {leak.rpartition(" in ")[2] for leak in leaks(searched.places, [searched.words])}
        assert {"sent to mistral", "asked of models"} <= places

    def test_a_secret_that_a_careless_product_hands_to_temporal_is_found(self, searched: Searched) -> None:
        assert any("temporal" in leak for leak in leaks(searched.places, [searched.careless]))
