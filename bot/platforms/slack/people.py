"""Who somebody is to the workspace, as Slack says; remembered for a few minutes."""

from __future__ import annotations

import logging
import time

from slack_sdk.web.async_client import AsyncWebClient

from bot.access import Kind, Person
from bot.platforms.shapes import Json, inner
from bot.platforms.slack.calls import read, word_of
from bot.platforms.slack.values import NAME
from bot.rendering import one_line
from workflows.errors import Terminal

_REMEMBER = 300.0
"""Seconds for which an answer of Slack's holds: a guest who was invited as a member asks again after that."""

_MOST = 10_000

_log = logging.getLogger(__name__)


class People:
    """The workspace's members, and whoever else may speak in its channels."""

    def __init__(self, client: AsyncWebClient, team: str) -> None:
        self._client = client
        self._team = team
        self._known: dict[str, tuple[float, Person, str]] = {}

    async def find(self, user: str) -> tuple[Person, str]:
        """Somebody, and the name to show. Raises Retriable where Slack does not answer."""
        known = self._known.get(user)
        if known is not None and known[0] > time.monotonic():
            return known[1], known[2]
        try:
            profile = inner(await read(self._client, "users.info", user=user), "user")
        except Terminal as refused:
            # Whom Slack does not show us is nobody whom we know, and may do nothing.
            _log.warning("somebody cannot be looked up: %s", word_of(refused))
            profile = {"is_stranger": True}
        person = Person(platform=NAME, user=user, kind=_kind(profile, self._team))
        name = one_line(str(inner(profile, "profile").get("display_name") or profile.get("real_name") or ""))[:80]
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[user] = (time.monotonic() + _REMEMBER, person, name)
        return person, name


def _kind(profile: Json, team: str) -> Kind:
    if profile.get("deleted"):
        return Kind.GONE
    if profile.get("is_bot") or profile.get("id") == "USLACKBOT":
        return Kind.MACHINE
    if profile.get("is_stranger") or profile.get("team_id", team) != team:
        return Kind.STRANGER
    if profile.get("is_restricted") or profile.get("is_ultra_restricted"):
        return Kind.GUEST
    return Kind.MEMBER
