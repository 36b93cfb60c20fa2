"""Small values that tests are made of."""

from __future__ import annotations

from workflows.contracts import Asker, IncomingMessage, Research, ThreadRef

THREAD = ThreadRef(platform="terminal", workspace="desk", channel="terminal", thread="t1")
ALICE = Asker(user="alice", name="Alice")
BOB = Asker(user="bob", name="Bob")
ADMIN = Asker(user="root", name="Root", admin=True)


def message(
    text: str,
    *,
    id: str = "m1",  # noqa: A002 - the platform's own word
    asker: Asker = ALICE,
    thread: ThreadRef = THREAD,
    research: Research | None = None,
    twins: tuple[str, ...] = (),
    late: bool = False,
) -> IncomingMessage:
    """A message for us."""
    return IncomingMessage(thread=thread, message=id, asker=asker, text=text, research=research, twins=twins, late=late)
