"""Discord's limits of what comes in: what is taken, and what is refused, where, and noted."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.discord.server import Discord
from tests.discord.values import COMPONENTS_V2

pytestmark = pytest.mark.campaign

Part = dict[str, Any]


def text(length: int) -> Part:
    return {"type": 10, "content": "x" * length}


def button(number: int = 0, **more: Any) -> Part:
    return {"type": 2, "style": 1, "label": "Retry", "custom_id": f"retry:{number}"} | more


def row(*parts: Part) -> Part:
    return {"type": 1, "components": list(parts)}


def container(*parts: Part) -> Part:
    return {"type": 17, "components": list(parts)}


def select(count: int) -> Part:
    options = [{"label": str(number), "value": str(number)} for number in range(count)]
    return {"type": 3, "custom_id": "years", "options": options}


def section(*parts: Part, accessory: Part) -> Part:
    return {"type": 9, "components": list(parts), "accessory": accessory}


def gallery(url: str) -> Part:
    return {"type": 12, "items": [{"media": {"url": url}}]}


def v2(*parts: Part, **more: Any) -> Part:
    return {"flags": COMPONENTS_V2, "components": list(parts)} | more


def legacy(*parts: Part) -> Part:
    return {"components": list(parts)}


TAKEN: list[Part] = [
    {"content": "x" * 2000},
    {"content": "", "embeds": [{"description": "x" * 4096}]},
    {"content": "x", "nonce": "x" * 25},
    {"content": "x", "nonce": 7},
    legacy(*(row(*(button(5 * one + two) for two in range(5))) for one in range(5))),
    legacy(row(select(25))),
    v2(text(2000), container(text(2000))),
    v2(*(text(1) for _ in range(40))),
    v2(section(text(1), text(1), text(1), accessory=button())),
    v2(gallery("https://example.com/a.png")),
    {"content": "x", "allowed_mentions": {"parse": []}},
]

REFUSED: list[tuple[Part, str]] = [
    ({"content": "x" * 2001}, "content"),
    ({"content": "x", "nonce": "x" * 26}, "nonce"),
    ({"embeds": [{"description": "x" * 4097}]}, "embeds/0/description"),
    ({"embeds": [{"title": "x" * 257}]}, "embeds/0/title"),
    ({"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]}, "embeds/0/fields"),
    ({"embeds": [{"fields": [{"name": "x", "value": ""}]}]}, "embeds/0/fields/0/value"),
    ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds"),
    ({"embeds": [{"title": "x"}] * 11}, "embeds"),
    (legacy(*(row(button(number)) for number in range(6))), "components"),
    (legacy(row(*(button(number) for number in range(6)))), "components/0/components"),
    (legacy(row(button(), button())), "components"),
    (legacy(row(button(label="x" * 81))), "components/0/components/0/label"),
    (legacy(row(button(label=None))), "components/0/components/0"),
    (legacy(row(button(custom_id="x" * 101))), "components/0/components/0/custom_id"),
    (legacy(row(button(style=5))), "components/0/components/0/url"),
    (legacy(row(select(26))), "components/0/components/0/options"),
    (legacy(text(1)), "components/0/type"),
    (v2(text(2000), container(text(2001))), "components"),
    (v2(*(text(1) for _ in range(41))), "components"),
    (v2(text(0)), "components/0/content"),
    (v2(container(container(text(1)))), "components/0/components/0/type"),
    (v2(button()), "components/0/type"),
    (v2(section(accessory=button())), "components/0/components"),
    (v2(section(text(1), accessory=text(1))), "components/0/accessory/type"),
    (v2(gallery("attachment://chart.png")), "components/0/items/0/media/url"),
    (v2(text(1), content="x"), "content"),
    (v2(text(1), embeds=[{"title": "x"}]), "embeds"),
    ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "allowed_mentions"),
    ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions/parse/0"),
]


async def ask(discord: Discord, verb: str, path: str, body: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bot {discord.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(verb, f"{discord.api_url}{path}", json=body) as answer,
    ):
        return answer.status, await answer.json()


async def test_what_keeps_to_the_limits_is_taken(discord: Discord) -> None:
    channel = discord.channel("a")
    for body in TAKEN:
        assert (await ask(discord, "POST", f"/channels/{channel}/messages", body))[0] == 200, body
    assert (len(discord.messages(channel)), discord.violations) == (len(TAKEN), [])


async def test_what_does_not_is_refused_at_its_place_and_noted(discord: Discord) -> None:
    channel = discord.channel("a")
    for body, place in REFUSED:
        status, answer = await ask(discord, "POST", f"/channels/{channel}/messages", body)
        assert (status, answer["code"]) == (400, 50035), body
        found = answer["errors"]
        for part in place.split("/"):
            assert part in found, (place, answer["errors"])
            found = found[part]
        assert found["_errors"], place
    assert discord.messages(channel) == []
    assert [violation.messages[0].split(":")[0] for violation in discord.violations] == [at for _, at in REFUSED]


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": None, "embeds": []}])
async def test_an_empty_message_is_refused(discord: Discord, body: Part) -> None:
    _, answer = await ask(discord, "POST", f"/channels/{discord.channel('a')}/messages", body)
    assert answer["code"] == 50006


@pytest.mark.parametrize("body", [{"name": "x" * 101}, {"name": ""}, {"name": "x", "auto_archive_duration": 5}])
async def test_a_thread_needs_a_name_that_fits(discord: Discord, body: Part) -> None:
    channel, ada = discord.channel("a"), discord.user("ada")
    path = f"/channels/{channel}/messages/{discord.say(channel, ada, 'x')}/threads"
    assert (await ask(discord, "POST", path, body))[1]["code"] == 50035
    assert discord.threads(channel) == []


@pytest.mark.parametrize(
    "command",
    [
        {"name": "Research", "description": "x"},
        {"name": "research", "description": ""},
        {"name": "research", "description": "x" * 101},
        {"name": "r", "description": "x", "options": [{"type": 3, "name": "Symbol", "description": "x"}]},
        {"name": "menu", "type": 3, "description": "x"},
    ],
)
async def test_commands_that_discord_would_not_register_are_refused(discord: Discord, command: Part) -> None:
    path = f"/applications/{discord.application}/commands"
    assert (await ask(discord, "PUT", path, [command]))[1]["code"] == 50035
    assert (discord.commands(), len(discord.violations)) == ([], 1)
