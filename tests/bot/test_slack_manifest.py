"""manifest.yml against what the code listens to, calls and says that it needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import yaml

from bot.platforms.slack import needs, values
from bot.platforms.slack.listening import PROMPTS
from bot.words import ADMIN_USAGE

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "bot" / "platforms" / "slack"
MANIFEST = cast("dict[str, Any]", yaml.safe_load((ROOT / "manifest.yml").read_text()))

SCOPES_OF = {
    "assistant.threads.setSuggestedPrompts": {"assistant:write"},
    "chat.appendStream": {"chat:write"},
    "chat.delete": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.startStream": {"chat:write"},
    "chat.stopStream": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.info": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "conversations.members": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "conversations.replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "files.info": {"files:read"},
    "users.conversations": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "users.info": {"users:read"},
    # These need none, or the app's own token.
    "agents.sessions.setStatus": {"chat:write"},
    "apps.connections.open": set[str](),
    "auth.test": set[str](),
    "views.open": set[str](),
    "views.publish": set[str](),
    "bots.info": set[str](),
}
EVENT_SCOPES = {
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "reaction_added": {"reactions:read"},
}
NOT_BY_NAME = {"files:write": "files_upload_v2", "commands": "on.command"}
"""Scopes of what is not called by its method's name, and where that stands."""


def called() -> set[str]:
    """Methods that the adapter calls."""
    text = "\n".join(path.read_text() for path in SOURCES.glob("*.py"))
    return set(re.findall(r'"((?:[a-z]+\.)+[a-zA-Z]+)"', text)) & set(SCOPES_OF) | set(
        re.findall(r'(?:call|read)\(\s*[\w.()]+,\s*"([a-zA-Z.]+)"', text)
    )


def test_the_manifest_asks_for_the_scopes_that_calls_and_events_need_and_no_others() -> None:
    asked = set(MANIFEST["oauth_config"]["scopes"]["bot"])
    source = "\n".join(path.read_text() for path in SOURCES.glob("*.py"))
    needed = {scope for method in called() for scope in SCOPES_OF[method]}
    needed |= {scope for event in needs.EVENTS for scope in EVENT_SCOPES.get(event, set())}
    needed |= {scope for scope, word in NOT_BY_NAME.items() if word in source}
    assert asked == needed == set(needs.SCOPES)


def test_the_manifest_subscribes_to_what_the_code_listens_to() -> None:
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(subscribed) == subscribed == sorted(needs.EVENTS)
    heard = set(re.findall(r'on\.event\("(\w+)"\)', (SOURCES / "listening.py").read_text()))
    assert heard == set(needs.EVENTS.values())


def test_the_manifest_names_the_commands_shortcuts_and_prompts_of_the_code() -> None:
    features = MANIFEST["features"]
    assert [one["command"] for one in features["slash_commands"]] == [values.RESEARCH_COMMAND, values.ADMIN_COMMAND]
    known = [line.removeprefix("`").partition("`")[0].partition(" ")[0] for line in ADMIN_USAGE.splitlines()]
    hinted = features["slash_commands"][1]["usage_hint"].split(" | ")
    assert hinted == [word for word in known if word in hinted]
    shortcuts = {one["callback_id"]: one["type"] for one in features["shortcuts"]}
    assert shortcuts == {values.MESSAGE_SHORTCUT: "message", values.GLOBAL_SHORTCUT: "global"}
    prompts = tuple((one["title"], one["message"]) for one in features["agent_view"]["suggested_prompts"])
    assert prompts == PROMPTS


def test_the_manifest_keeps_slacks_limits() -> None:
    shown, features = MANIFEST["display_information"], MANIFEST["features"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert re.fullmatch(r"#[0-9a-f]{6}", shown["background_color"])
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert len(features["agent_view"]["suggested_prompts"]) <= 4
    assert all(len(one["name"]) <= 24 and len(one["description"]) <= 150 for one in features["shortcuts"])
    assert "assistant_view" not in features
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
