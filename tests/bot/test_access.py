"""Every cell of the table: who may do what, where."""

from __future__ import annotations

import pytest

from bot.access import Access, Action, Kind, Person, Ruling

YES, NO, PLACE, ADMIN = Ruling.YES, Ruling.NOT_ALLOWED, Ruling.WRONG_CHANNEL, Ruling.NOT_ADMIN


def person(name: str, kind: Kind = Kind.MEMBER, *roles: str) -> Person:
    return Person(platform="slack", user=name, kind=kind, roles=roles)


ROOT = person("UROOT")
MEMBER = person("UMEMBER")
LISTED = person("ULISTED")
GUEST = person("UGUEST", Kind.GUEST)
LISTED_GUEST = person("ULISTED", Kind.GUEST)
STRANGER = person("USTRANGER", Kind.STRANGER)
MACHINE = person("UBOT", Kind.MACHINE)
GONE_ADMIN = person("UROOT", Kind.GONE)
MACHINE_ADMIN = person("UROOT", Kind.MACHINE)
BY_ROLE = person("UELSE", Kind.MEMBER, "R1")

OPEN = Access(admins=["slack:UROOT"])
LISTS = Access(users=["slack:ULISTED", "slack-role:R1"], channels=["slack:C1"], admins=["slack:UROOT"])
PEOPLE = [action for action in Action if action is not Action.ADMINISTER]


@pytest.mark.parametrize("action", PEOPLE)
@pytest.mark.parametrize(
    ("access", "who", "channel", "ruling"),
    [
        (OPEN, MEMBER, "C1", YES),
        (OPEN, MEMBER, "", YES),
        (OPEN, ROOT, "C1", YES),
        (OPEN, GUEST, "C1", NO),
        (OPEN, STRANGER, "C1", NO),
        (OPEN, MACHINE, "C1", NO),
        (OPEN, MACHINE_ADMIN, "C1", NO),
        (OPEN, GONE_ADMIN, "C1", NO),
        (LISTS, MEMBER, "C1", NO),
        (LISTS, LISTED, "C1", YES),
        (LISTS, LISTED, "", YES),
        (LISTS, LISTED, "C2", PLACE),
        (LISTS, LISTED_GUEST, "C1", YES),
        (LISTS, BY_ROLE, "C1", YES),
        (LISTS, ROOT, "C1", YES),
        (LISTS, ROOT, "C2", PLACE),
        (LISTS, STRANGER, "C1", NO),
        (LISTS, person("ULISTED", Kind.MACHINE), "C1", NO),
    ],
)
def test_who_may_ask_retry_stop_and_see(
    access: Access, who: Person, channel: str, ruling: Ruling, action: Action
) -> None:
    assert access.rule(who, action, channel) is ruling


@pytest.mark.parametrize(
    ("access", "who", "ruling"),
    [
        (OPEN, ROOT, YES),
        (OPEN, MEMBER, ADMIN),
        (OPEN, STRANGER, ADMIN),
        (OPEN, GONE_ADMIN, NO),
        (OPEN, MACHINE_ADMIN, NO),
        (LISTS, LISTED, ADMIN),
        (Access(), ROOT, ADMIN),
        (Access(admins=["discord:UROOT"]), ROOT, ADMIN),
        (Access(admins=["slack-role:R1"]), BY_ROLE, YES),
    ],
)
def test_only_who_is_named_administers(access: Access, who: Person, ruling: Ruling) -> None:
    assert access.rule(who, Action.ADMINISTER, "C9") is ruling
