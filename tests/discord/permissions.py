"""Who may do what where, as Discord computes it from roles and overwrites."""

from __future__ import annotations

from collections.abc import Iterable

from tests.discord.values import DM, Person, Place, Role

BITS = {
    "create_instant_invite": 1 << 0, "kick_members": 1 << 1, "ban_members": 1 << 2, "administrator": 1 << 3,
    "manage_channels": 1 << 4, "manage_guild": 1 << 5, "add_reactions": 1 << 6, "view_audit_log": 1 << 7,
    "view_channel": 1 << 10, "send_messages": 1 << 11, "manage_messages": 1 << 13, "embed_links": 1 << 14,
    "attach_files": 1 << 15, "read_message_history": 1 << 16, "mention_everyone": 1 << 17,
    "use_external_emojis": 1 << 18, "change_nickname": 1 << 26, "manage_nicknames": 1 << 27, "manage_roles": 1 << 28,
    "manage_webhooks": 1 << 29, "manage_expressions": 1 << 30, "use_application_commands": 1 << 31,
    "manage_events": 1 << 33, "manage_threads": 1 << 34, "create_public_threads": 1 << 35,
    "create_private_threads": 1 << 36, "send_messages_in_threads": 1 << 38, "moderate_members": 1 << 40,
    "use_external_apps": 1 << 50, "pin_messages": 1 << 51,
}  # fmt: skip
ALL = sum(BITS.values())
EVERYONE = (
    "add_reactions", "view_channel", "send_messages", "embed_links", "attach_files", "read_message_history",
    "use_external_emojis", "use_application_commands", "create_public_threads", "create_private_threads",
    "send_messages_in_threads",
)  # fmt: skip
"""What the guild lets everybody do."""


def bits(names: Iterable[str]) -> int:
    """The bits of permissions by name."""
    return sum(BITS[name] for name in set(names))


def permissions_of(person: Person, place: Place | None, *, roles: dict[str, Role], guild: str, owner: str) -> int:
    """What somebody may do in a channel, or, without one, in the whole guild. For a thread, give its channel."""
    if place is not None and place.type == DM:
        return bits(EVERYONE)
    if not person.member:
        return 0
    if person.id == owner:
        return ALL
    held = {guild} | person.roles
    found = 0
    for role in held:
        found |= roles[role].permissions
    if found & BITS["administrator"]:
        return ALL
    if place is None:
        return found
    for targets, of_person in (({guild}, False), (held - {guild}, False), ({person.id}, True)):
        meant = [each for each in place.overwrites if each.target in targets and each.person == of_person]
        for each in meant:
            found &= ~each.deny
        for each in meant:
            found |= each.allow
    return found if found & BITS["view_channel"] else 0
