"""People, roles, channels and the guild, as Discord's API shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.discord.permissions import BITS
from tests.discord.values import DM, VOICE, Json, Person, Place, Role
from tests.discord.world import APPLICATION, BOT_USER, EPOCH_MS, GUILD, OWNER, World

_JOINED = "2026-01-05T09:00:00.000000+00:00"


def moment(seconds: float) -> str:
    """A time as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def moment_of(snowflake: str) -> str:
    """When an id was made."""
    return moment(((int(snowflake) >> 22) + EPOCH_MS) / 1000)


def person_shape(person: Person) -> Json:
    """A user."""
    shape: Json = {
        "id": person.id, "username": person.name, "discriminator": "0", "avatar": None, "public_flags": 0, "flags": 0,
        "global_name": None if person.bot else person.name.title(), "primary_guild": None, "banner": None,
        "accent_color": None, "avatar_decoration_data": None, "collectibles": None,
    }  # fmt: skip
    return shape | ({"bot": True} if person.bot else {})


def self_shape(world: World) -> Json:
    """The bot's user, as it sees itself."""
    own = {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None, "premium_type": 0}
    return person_shape(world.people[BOT_USER]) | own


def member_shape(person: Person, *, with_user: bool = True) -> Json:
    """A member of the guild."""
    shape: Json = {
        "roles": sorted(person.roles), "nick": None, "avatar": None, "banner": None, "joined_at": _JOINED,
        "premium_since": None, "deaf": False, "mute": False, "pending": person.pending, "flags": 0,
        "communication_disabled_until": None,
    }  # fmt: skip
    return shape | ({"user": person_shape(person)} if with_user else {})


def role_shape(role: Role, position: int) -> Json:
    """A role."""
    colors = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    shape: Json = {
        "id": role.id, "name": role.name, "permissions": str(role.permissions), "position": position, "color": 0,
        "colors": colors, "hoist": False, "managed": role.managed, "mentionable": role.mentionable, "icon": None,
        "unicode_emoji": None, "flags": 0,
    }  # fmt: skip
    return shape | ({"tags": {"bot_id": BOT_USER}} if role.managed else {})


def roles_shape(world: World) -> list[Json]:
    """All roles."""
    return [role_shape(role, number) for number, role in enumerate(world.roles.values())]


def place_shape(world: World, place: Place) -> Json:
    """A channel of any kind."""
    if place.is_thread:
        return thread_shape(place)
    common: Json = {"id": place.id, "type": place.type, "flags": 0, "last_message_id": place.last_message}
    if place.type == DM:
        assert place.user is not None
        return common | {"recipients": [person_shape(world.people[place.user])]}
    overwrites = [
        {"id": each.target, "type": int(each.person), "allow": str(each.allow), "deny": str(each.deny)}
        for each in place.overwrites
    ]
    voice = {"bitrate": 64_000, "user_limit": 0, "rtc_region": None} if place.type == VOICE else {}
    return common | voice | {
        "guild_id": GUILD, "name": place.name, "position": 0, "permission_overwrites": overwrites, "parent_id": None,
        "topic": place.topic, "nsfw": False, "rate_limit_per_user": 0, "last_pin_timestamp": None,
        "default_thread_rate_limit_per_user": 0,
    }  # fmt: skip


def thread_shape(place: Place) -> Json:
    """A thread; with the bot's membership, where it joined."""
    metadata = {
        "archived": place.archived, "locked": place.locked, "auto_archive_duration": place.auto_archive_minutes,
        "archive_timestamp": moment(place.archived_at), "create_timestamp": moment_of(place.id),
    }  # fmt: skip
    shape: Json = {
        "id": place.id, "type": place.type, "flags": 0, "last_message_id": place.last_message, "guild_id": GUILD,
        "name": place.name, "parent_id": place.parent, "owner_id": place.owner, "rate_limit_per_user": 0,
        "thread_metadata": metadata, "message_count": min(place.said, 50), "total_message_sent": place.said,
        "member_count": len(place.members), "last_pin_timestamp": None,
    }  # fmt: skip
    if BOT_USER in place.members:
        shape["member"] = {"join_timestamp": moment_of(place.id), "flags": 0, "id": place.id, "user_id": BOT_USER}
    return shape


def thread_member_shape(place: Place, user: str) -> Json:
    """Somebody's membership in a thread."""
    return {"id": place.id, "user_id": user, "join_timestamp": moment_of(place.id), "flags": 0}


def guild_shape(world: World) -> Json:
    """The guild."""
    return {
        "id": GUILD, "name": "Clew", "icon": None, "description": None, "home_header": None, "splash": None,
        "discovery_splash": None, "features": [], "banner": None, "owner_id": OWNER, "application_id": None,
        "region": "deprecated", "afk_channel_id": None, "afk_timeout": 300, "system_channel_id": None,
        "system_channel_flags": 0, "widget_enabled": False, "widget_channel_id": None, "verification_level": 0,
        "roles": roles_shape(world), "default_message_notifications": 0, "mfa_level": 0, "explicit_content_filter": 0,
        "max_presences": None, "max_members": 500000, "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25, "vanity_url_code": None, "premium_tier": 0, "premium_subscription_count": 0,
        "preferred_locale": "en-US", "rules_channel_id": None, "safety_alerts_channel_id": None,
        "public_updates_channel_id": None, "premium_progress_bar_enabled": False, "nsfw": False, "nsfw_level": 0,
        "emojis": [], "stickers": [], "incidents_data": None,
    }  # fmt: skip


def guild_created(world: World) -> Json:
    """GUILD_CREATE's payload: the guild with all that the bot can see in it."""
    visible = [place for place in world.places.values() if place.type != DM and not place.deleted]
    visible = [place for place in visible if world.sees(BOT_USER, place)]
    members = [person for person in world.people.values() if person.member]
    return guild_shape(world) | {
        "joined_at": _JOINED, "large": False, "unavailable": False, "member_count": len(members), "voice_states": [],
        "hub_type": None,
        "members": [member_shape(person) for person in members], "presences": [], "stage_instances": [],
        "guild_scheduled_events": [], "soundboard_sounds": [],
        "channels": [place_shape(world, place) for place in visible if not place.is_thread],
        "threads": [place_shape(world, place) for place in visible if place.is_thread and not place.archived],
    }  # fmt: skip


def application_shape(world: World) -> Json:
    """The application."""
    counts = dict.fromkeys(
        ("approximate_guild_count", "approximate_user_install_count", "approximate_user_authorization_count"), 1
    )
    unset: dict[str, Any] = dict.fromkeys(
        ("icon", "interactions_endpoint_url", "role_connections_verification_url", "team")
    )
    flags: Json = {"flags": world.application_flags, "flags_new": str(world.application_flags)}
    return counts | unset | flags | {
        "id": APPLICATION, "name": "Clew", "description": "", "type": None, "verify_key": "0" * 64,
        "redirect_uris": [], "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [], "owner": person_shape(world.people[OWNER]),
        "bot": person_shape(world.people[BOT_USER]), "bot_public": False, "bot_require_code_grant": False,
    }  # fmt: skip


def interaction_channel(world: World, place: Place, user: str) -> Json:
    """A channel as interactions carry it: with what its user may do there."""
    return place_shape(world, place) | {"permissions": str(may_in(world, user, place))}


def may_in(world: World, user: str, place: Place) -> int:
    """What somebody may do in a place, as interactions say it: an app where it is not may do hardly anything."""
    found = world.may(user, place)
    return found or (BITS["use_application_commands"] if user == BOT_USER else 0)
