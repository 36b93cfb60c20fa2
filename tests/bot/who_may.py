"""Who may do what from where: one row a kind of person, one column a gesture, on whatever platform."""

from __future__ import annotations

from typing import Any, Protocol, cast

from temporalio.client import Client

from bot.access import Access
from bot.administering import Administering
from bot.chat import Inbox
from workflows.contracts import (
    Answer,
    AnswerState,
    ConversationView,
    DeletedMessage,
    EditedMessage,
    IncomingMessage,
    OpenThreadRequest,
    RetryRequest,
    StopRequest,
    ThreadRef,
)

ALLOWED, UNKNOWN, GUEST, STRANGER, ROBOT, ADMIN, NO_LONGER = (
    "allowed", "unknown", "guest", "stranger", "another bot", "admin", "no longer admin",
)  # fmt: skip

SURFACES = ("slash", "mention", "message", "direct", "shortcut", "button", "reaction", "edit")
ACTIONS = ("ask", "retry", "stop", "configure", "status")

OFFERED = frozenset(
    [
        *[("slash", action) for action in ("ask", "configure", "status")],
        *[(surface, action) for surface in ("mention", "message", "direct") for action in ("ask", "retry", "stop")],
        *[(surface, "status") for surface in ("mention", "message", "direct")],
        ("shortcut", "ask"),
        *[("button", action) for action in ("ask", "retry", "stop")],
        *[("reaction", action) for action in ("retry", "stop")],
        ("edit", "ask"),
    ]
)
"""Cells with a gesture. There is none for the others: a reaction asks nothing, and no message configures anything."""

PERSONAL = frozenset(cell for cell in OFFERED if cell not in (("slash", "configure"), ("slash", "status")))
"""What everybody may do who may ask at all."""

ROWS = {
    ALLOWED: PERSONAL,
    UNKNOWN: frozenset[tuple[str, str]](),
    GUEST: frozenset[tuple[str, str]](),
    STRANGER: frozenset[tuple[str, str]](),
    ROBOT: frozenset[tuple[str, str]](),
    ADMIN: OFFERED,
    NO_LONGER: frozenset[tuple[str, str]](),
}

QUESTION = "What is AAPL's last close?"
SAID = {"ask": QUESTION, "retry": "retry", "stop": "stop", "status": "status"}


class Noted(Inbox):
    """An inbox that takes everything, and notes which action came of whom."""

    def __init__(self) -> None:
        super().__init__(cast("Client", None), searchable=False)
        self.done: list[tuple[str, str]] = []

    async def open(self, request: OpenThreadRequest) -> None:
        self.done.append(("ask", request.asker.user))

    async def opened(self, request: OpenThreadRequest) -> ThreadRef:
        return ThreadRef(
            platform=request.platform, workspace=request.workspace, channel=request.channel, thread=request.request
        )

    async def receive(self, message: IncomingMessage) -> None:
        self.done.append(("ask", message.asker.user))

    async def follow(self, message: IncomingMessage) -> None:
        self.done.append(("ask", message.asker.user))

    async def edit(self, thread: ThreadRef, edited: EditedMessage) -> None:
        del thread, edited

    async def delete(self, thread: ThreadRef, deleted: DeletedMessage) -> None:
        del thread, deleted

    async def retry(self, thread: ThreadRef, request: RetryRequest) -> None:
        del thread
        self.done.append(("retry", request.asker.user))

    async def stop(self, thread: ThreadRef, request: StopRequest) -> None:
        del thread
        self.done.append(("stop", request.asker.user))

    async def view(self, thread: ThreadRef) -> ConversationView:
        del thread
        self.done.append(("status", ""))
        return ConversationView(state="idle", step="", queued=0, turns=1, tokens=1)


class Obeying(Administering):
    """Does what administrators ask, and only notes it."""

    def __init__(self, client: Client, noted: Noted) -> None:
        super().__init__(client)
        self._noted = noted

    async def run(self, text: str, *, by: str, **_rest: Any) -> str:
        action = "status" if text.startswith("status") else "configure"
        self._noted.done.append((action, by.partition(":")[2]))
        return "Done."


class Surroundings(Protocol):
    """A platform with one person of each kind, an answer of ours in a thread, and a listener that hands over."""

    noted: Noted
    people: dict[str, str]

    async def gesture(self, who: str, surface: str, action: str) -> None:
        """Make a gesture, and wait until it was heard; nothing where that kind of person cannot."""
        ...


def access(people: dict[str, str], platform: str) -> Access:
    """Only who is allowed may ask; who is no longer admin is a member like any other."""
    return Access(users=[f"{platform}:{people[ALLOWED]}"], admins=[f"{platform}:{people[ADMIN]}"])


async def row_of(place: Surroundings, who: str) -> frozenset[tuple[str, str]]:
    """The cells in which something comes of a gesture."""
    found: set[tuple[str, str]] = set()
    for surface, action in sorted(OFFERED):
        before = len(place.noted.done)
        await place.gesture(who, surface, action)
        new = place.noted.done[before:]
        assert all(user in ("", place.people[who]) for _, user in new), new
        assert {did for did, _ in new} <= {action}, (surface, action, new)
        if new:
            found.add((surface, action))
    return frozenset(found)


async def nobody() -> Client:
    """A client of a Temporal that nobody asks anything."""
    return await Client.connect("127.0.0.1:1", lazy=True)


def answers() -> dict[str, Answer]:
    """An answer for each action that a button or a reaction asks for."""
    states = {"retry": AnswerState.FINAL, "stop": AnswerState.WORKING, "ask": AnswerState.FINAL}
    return {
        action: Answer(key=action, state=state, text="Text.", follow_ups=(QUESTION,) if action == "ask" else ())
        for action, state in states.items()
    }
