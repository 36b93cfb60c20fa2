"""What people do with commands, buttons, selects and windows: told once, and answered or not."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.discord.base import Served
from tests.discord.callbacks import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT
from tests.discord.component_checks import BUTTON, LINK, SELECTS
from tests.discord.errors import NotThere
from tests.discord.message_shapes import message_shape
from tests.discord.options import entered, find_command, resolved
from tests.discord.permissions import BITS
from tests.discord.shapes import interaction_channel, may_in, member_shape, person_shape
from tests.discord.values import DM, Json, Message, Place, as_objects, parts_of
from tests.discord.windows import filled_in
from tests.discord.world import APPLICATION, BOT_USER, GUILD, Event, Talk, World

_SLASH, _ON_USER, _ON_MESSAGE = 1, 2, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """One such gesture, and what came of it."""

    talk: Talk
    world: World

    @property
    def id(self) -> str:
        """Its id."""
        return self.talk.id

    @property
    def acked(self) -> bool:
        """Whether the bot answered in time."""
        return self.talk.acked

    @property
    def seconds(self) -> float | None:
        """How long that took."""
        return None if self.talk.acked_at is None else self.talk.acked_at - self.talk.began

    @property
    def failed(self) -> bool:
        """Whether the person was told that the application did not respond."""
        return self.talk.failed

    @property
    def callback(self) -> Json | None:
        """The answer as it was sent: `type` and `data`."""
        return copy.deepcopy(self.talk.callback)

    @property
    def response(self) -> Message | None:
        """The message that answered it, as it stands now; `loading` while the bot thinks."""
        return self._message(self.talk.original)

    @property
    def followups(self) -> list[Message]:
        """What followed the answer, and stands, oldest first."""
        return [found for each in self.talk.followups if (found := self._message(each)) is not None]

    @property
    def shown(self) -> list[Message]:
        """The answer and what followed it."""
        return [*([] if self.response is None else [self.response]), *self.followups]

    @property
    def choices(self) -> list[Json] | None:
        """What was suggested, `name` and `value`; None until it was."""
        return copy.deepcopy(self.talk.choices)

    @property
    def modal(self) -> Json | None:
        """The window that was opened for it."""
        return copy.deepcopy(self.talk.modal)

    def _message(self, message: str | None) -> Message | None:
        found = None if message is None else self.world.messages[self.talk.channel].get(message)
        return None if found is None or found.deleted else copy.deepcopy(found)


class Interactions(Served):
    """Each returns at once; the bot has 3 seconds to answer. All raise NotThere where nobody could do it."""

    def command(self, channel: str, user: str, name: str, **options: Any) -> Interaction:
        """A slash command that is registered, a subcommand after a space. It works even where the bot is not."""

        def job() -> Interaction:
            command = self._command(channel, user, name, _SLASH)
            return self._give(COMMAND, channel, user, name, command, entered(command, name, options))

        return self._do(job)

    def autocomplete(self, channel: str, user: str, name: str, option: str, text: str, **others: Any) -> Interaction:
        """Type into an option of a command; `choices` of what is returned become what the bot suggests."""

        def job() -> Interaction:
            command = self._command(channel, user, name, _SLASH)
            options = entered(command, name, {**others, option: text}, focused=option)
            return self._give(AUTOCOMPLETE, channel, user, name, command, options)

        return self._do(job)

    def context(self, channel: str, user: str, name: str, target: str) -> Interaction:
        """Choose a command from the menu of a message, or of a person."""

        def job() -> Interaction:
            is_person = target in self._world.people
            command = self._command(channel, user, name, _ON_USER if is_person else _ON_MESSAGE)
            if is_person:
                shapes = resolved(self._world, [{"type": 6, "value": target}])
            else:
                shapes = {"messages": {target: message_shape(self._world, self._standing(channel, target, user))}}
            data = {"id": command["id"], "name": name, "type": command["type"], "target_id": target}
            return self._begin(COMMAND, channel, user, name, data | {"resolved": shapes})

        return self._do(job)

    def click(self, channel: str, message: str, user: str, custom_id: str, values: Sequence[str] = ()) -> Interaction:
        """Press a button that stands in a message; with `values`, choose from a select."""

        def job() -> Interaction:
            found = self._standing(channel, message, user)
            self._may_use(channel, user)
            part = next((each for each in parts_of(found.components) if each.get("custom_id") == custom_id), None)
            if part is None or part.get("disabled") or part.get("style") == LINK:
                raise NotThere(f"Nothing that says {custom_id} can be pressed in {message}.")
            if part["type"] not in SELECTS | {BUTTON} or (part["type"] in SELECTS) != bool(values):
                raise NotThere(f"{custom_id} is used otherwise.")
            offered = [option["value"] for option in as_objects(part.get("options"))]
            if offered and not set(values) <= set(offered):
                raise NotThere(f"{custom_id} offers {offered} only.")
            data: Json = {"custom_id": custom_id, "component_type": part["type"], "id": part["id"]}
            if values:
                kinds = {5: 6, 6: 8, 7: 9, 8: 7}
                named = [{"type": kinds.get(part["type"], 3), "value": each} for each in values]
                data |= {"values": list(values), "resolved": resolved(self._world, named)}
            return self._begin(COMPONENT, channel, user, custom_id, data, message=found)

        return self._do(job)

    def submit_modal(self, opened: Interaction, values: Mapping[str, str | Sequence[str]]) -> Interaction:
        """Fill in the window that an interaction opened, by custom_id, and send it off."""

        def job() -> Interaction:
            talk = opened.talk
            if talk.modal is None:
                raise NotThere("No window was opened.")
            data: Json = {"custom_id": talk.modal["custom_id"], "components": filled_in(talk.modal, values)}
            message = None if talk.message is None else self._world.messages[talk.channel][talk.message]
            return self._begin(SUBMIT, talk.channel, talk.user, data["custom_id"], data, message=message)

        return self._do(job)

    def _give(self, kind: int, channel: str, user: str, name: str, command: Json, options: list[Json]) -> Interaction:
        data: Json = {"id": command["id"], "name": command["name"], "type": _SLASH, "options": options}
        data |= {"guild_id": command["guild_id"]} if "guild_id" in command else {}
        if shapes := resolved(self._world, options):
            data["resolved"] = shapes
        return self._begin(kind, channel, user, name, data)

    def _command(self, channel: str, user: str, name: str, kind: int) -> Json:
        place = self._may_use(channel, user)
        is_dm = place.type == DM
        here = [] if is_dm else self._world.commands[GUILD]
        command = find_command(here + self._world.commands[""], name, kind)
        contexts = command.get("contexts")
        is_offered = command.get("dm_permission", True) or not is_dm
        if not is_offered or (contexts is not None and int(is_dm) not in contexts):
            raise NotThere(f"{name} is not offered there.")
        needed = command.get("default_member_permissions")
        if not is_dm and needed is not None:
            may = self._world.may(user, place)
            # None of them: administrators alone.
            if not may & BITS["administrator"] and (int(needed) == 0 or int(needed) & ~may):
                raise NotThere(f"{name} is not offered to {user}.")
        return command

    def _may_use(self, channel: str, user: str) -> Place:
        place = self._world.places[channel]
        may = self._world.may(user, place) & BITS["use_application_commands"]
        if place.deleted or not may or not self._world.sees(user, place):
            raise NotThere(f"{user} can use no application in {channel}.")
        return place

    def _begin(
        self, kind: int, channel: str, user: str, name: str, data: Json, *, message: Message | None = None
    ) -> Interaction:
        world = self._world
        talk = Talk(
            id=world.new_id(), token=f"aW50ZXJhY3Rpb24-{world.new_id()}", type=kind, user=user, channel=channel,
            name=name, message=None if message is None else message.id, began=time.monotonic(),
        )  # fmt: skip
        world.talks[talk.id] = talk
        place, person = world.places[channel], world.people[user]
        payload: Json = {
            "id": talk.id, "application_id": APPLICATION, "type": kind, "data": data, "token": talk.token, "version": 1,
            "channel_id": channel, "channel": interaction_channel(world, place, user), "locale": "en-US",
            "app_permissions": str(may_in(world, BOT_USER, place)), "entitlements": [], "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": "0" if place.type == DM else GUILD},
            "context": 1 if place.type == DM else 0, "attachment_size_limit": 10 * 1024 * 1024,
        }  # fmt: skip
        if place.type == DM:
            payload["user"] = person_shape(person)
        else:
            member = member_shape(person) | {"permissions": str(world.may(user, place))}
            guild = {"id": GUILD, "locale": "en-US", "features": as_objects(None)}
            payload |= {"guild_id": GUILD, "guild_locale": "en-US", "guild": guild, "member": member}
        if message is not None:
            payload["message"] = message_shape(world, message)
        self._gateway.tell(Event(name="INTERACTION_CREATE", data=payload))

        def give_up() -> None:
            talk.failed = not talk.acked

        self._loop.call_later(self._patience, give_up)
        return Interaction(talk=talk, world=world)
