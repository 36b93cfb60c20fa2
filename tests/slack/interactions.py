"""What people do with commands, buttons, shortcuts and windows: sent once, and answered or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from tests.slack.base import Served
from tests.slack.buttons import find_action
from tests.slack.errors import NotThere
from tests.slack.events import channel_brief
from tests.slack.replies import acknowledged
from tests.slack.shapes import message_shape
from tests.slack.sockets import COMMAND, INTERACTIVE, Envelope
from tests.slack.values import Ephemeral, Json
from tests.slack.world import APP_ID, TEAM, Reply


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """One such gesture, and what came of it."""

    trigger_id: str
    envelope: Envelope
    reply: Reply

    @property
    def acked(self) -> bool:
        """Whether the app acknowledged it."""
        return self.envelope.acked

    @property
    def failed(self) -> bool:
        """Whether the person was told that the app did not respond."""
        return self.envelope.failed

    @property
    def response(self) -> Json | None:
        """What came with the acknowledgement, as a window's errors do."""
        return self.envelope.response

    @property
    def replies(self) -> list[Ephemeral]:
        """What its asker alone was shown for it, by response_url or with the acknowledgement."""
        return list(self.reply.shown)


Command = Interaction


class Interactions(Served):
    """Each returns at once; the app has 3 seconds to acknowledge."""

    def command(self, channel: str, user: str, command: str, text: str = "") -> Interaction:
        """A slash command. It works wherever a person can write, even where the bot is not."""

        def job() -> Interaction:
            person = self._world.people[user]
            payload = {
                "token": "verification-token-nobody-checks", "team_id": TEAM, "team_domain": "clew",
                "channel_id": channel, "channel_name": channel_brief(self._world, channel)["name"], "user_id": user,
                "user_name": person.name, "command": command, "text": text, "api_app_id": APP_ID,
                "is_enterprise_install": "false",
            }  # fmt: skip
            return self._send(COMMAND, payload, Reply(channel=channel, user=user, message=None))

        return self._do(job)

    def click(self, channel: str, ts: str, user: str, action_id: str, value: str | None = None) -> Interaction:
        """Press a button that stands in a message, or in what one person alone is shown.

        Raises:
            NotThere: If no such button stands there.
        """

        def job() -> Interaction:
            message, container = self._clickable(channel, ts, user)
            found = find_action(cast("list[Json]", message.get("blocks", [])), action_id, value)
            if found is None:
                raise NotThere(f"No {action_id} stands in {ts}.")
            now = self._world.new_ts()
            payload: Json = self._about(user, "block_actions") | {
                "container": container, "channel": channel_brief(self._world, channel), "message": message,
                "state": {"values": {}}, "actions": [found | {"action_ts": now}],
            }  # fmt: skip
            return self._send(INTERACTIVE, payload, Reply(channel=channel, user=user, message=ts))

        return self._do(job)

    def click_home(self, user: str, action_id: str, value: str | None = None) -> Interaction:
        """Press a button that stands in somebody's home tab."""

        def job() -> Interaction:
            view = self._world.homes.get(user, {})
            found = find_action(cast("list[Json]", view.get("blocks", [])), action_id, value)
            if found is None:
                raise NotThere(f"No {action_id} stands in the home of {user}.")
            payload: Json = self._about(user, "block_actions") | {
                "container": {"type": "view", "view_id": view["id"]}, "view": view,
                "actions": [found | {"action_ts": self._world.new_ts()}],
            }  # fmt: skip
            return self._send(INTERACTIVE, payload, None, user=user)

        return self._do(job)

    def shortcut(self, channel: str, ts: str, user: str, callback_id: str) -> Interaction:
        """A shortcut on a message, which works in threads too."""

        def job() -> Interaction:
            message, _ = self._clickable(channel, ts, user)
            payload: Json = self._about(user, "message_action") | {
                "callback_id": callback_id, "message_ts": ts, "message": message,
                "action_ts": self._world.new_ts(), "channel": channel_brief(self._world, channel),
            }  # fmt: skip
            return self._send(INTERACTIVE, payload, Reply(channel=channel, user=user, message=None))

        return self._do(job)

    def global_shortcut(self, user: str, callback_id: str) -> Interaction:
        """A shortcut from the menu."""

        def job() -> Interaction:
            action = {"callback_id": callback_id, "action_ts": self._world.new_ts()}
            return self._send(INTERACTIVE, self._about(user, "shortcut") | action, None, user=user)

        return self._do(job)

    def submit(self, view_id: str, user: str, values: dict[str, Any]) -> Interaction:
        """Send a window off. `values`: what was entered, by action id: a text, or a whole element's state."""

        def job() -> Interaction:
            view = self._world.views.get(view_id)
            if view is None or view["type"] != "modal":
                raise NotThere(f"No window {view_id} is open.")
            filled = view | {"state": {"values": _entered(view, values)}}
            payload: Json = self._about(user, "view_submission") | {"view": filled, "response_urls": []}
            return self._send(INTERACTIVE, payload, None, user=user)

        return self._do(job)

    def windows(self, callback_id: str | None = None) -> list[Json]:
        """The windows that were opened, oldest first."""

        def job() -> list[Json]:
            modals = [view for view in self._world.views.values() if view["type"] == "modal"]
            return [view for view in modals if callback_id in {None, view["callback_id"]}]

        return self._do(job)

    def _about(self, user: str, kind: str) -> Json:
        person = self._world.people[user]
        return {
            "type": kind, "team": {"id": TEAM, "domain": "clew"},
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team},
            "api_app_id": APP_ID, "token": "verification-token-nobody-checks", "enterprise": None,
            "is_enterprise_install": False,
        }  # fmt: skip

    def _clickable(self, channel: str, ts: str, user: str) -> tuple[Json, Json]:
        container: Json = {"type": "message", "message_ts": ts, "channel_id": channel}
        standing = self._world.messages.get(channel, {}).get(ts)
        if standing is not None and not standing.deleted:
            if standing.thread_ts is not None:
                container["thread_ts"] = standing.thread_ts
            return message_shape(self._world, standing), container | {"is_ephemeral": False}
        for shown in self._world.ephemerals:
            if (shown.channel, shown.ts, shown.user) == (channel, ts, user):
                message = {"type": "message", "ts": ts, "text": shown.text, "blocks": shown.blocks}
                return message, container | {"is_ephemeral": True}
        raise NotThere(f"No message {ts} stands in {channel}.")

    def _send(self, kind: str, payload: Json, reply: Reply | None, *, user: str = "") -> Interaction:
        trigger = self._world.new_trigger()
        full = payload | {"trigger_id": trigger}
        if reply is not None:
            token = self._world.new_id("r")
            self._world.replies[token] = reply
            full["response_url"] = f"{self._world.url}respond/{token}"
        answers_to = reply or Reply(channel="", user=user, message=None)
        envelope = Envelope(id=self._world.new_id("env-"), type=kind, payload=full)
        if kind == COMMAND:
            envelope.answered = lambda payload: acknowledged(self._world, answers_to, payload)
        return Interaction(trigger_id=trigger, envelope=self._sockets.send(envelope), reply=answers_to)


def _entered(view: Json, values: dict[str, Any]) -> Json:
    """What was entered, as Slack tells it: by block, then by action."""
    entered: Json = {}
    left = dict(values)
    for number, block in enumerate(cast("list[Json]", view["blocks"])):
        element: Json = block.get("element", {})
        action_id = element.get("action_id")
        if action_id is None:
            continue
        given = left.pop(action_id, None)
        state: Json = cast("Json", given) if isinstance(given, dict) else {"type": element["type"], "value": given}
        entered[str(block.get("block_id", f"block{number}"))] = {action_id: state}
    if left:
        raise NotThere(f"The window has no {', '.join(left)}.")
    return entered
