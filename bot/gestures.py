"""What somebody did in a chat, whatever the platform. Values only; each platform reads them from its own events."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.commands import Command, Research, parse
from workflows.contracts import Research as ResearchValue
from workflows.contracts import ThreadRef

LATE = 60.0
"""Seconds after which what comes in once more, or is read again, counts as late."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """Somebody said something.

    Attributes:
        thread: where its answer goes.
        message: its identity on the platform; `twins` are further ones of the same gesture.
        text: what they said, as they saw it, without our name before it.
        moment: when, in seconds since 1970.
        direct: it is a direct message.
        alone: it stands in no thread.
        for_us: it means us, also where we take no part yet.
        to_others: it addresses somebody else, so a thread in which we take part does not make it ours.
        below_us: it stands in a thread that we opened, so it is for us although nothing was asked there yet.
        opens: its thread is still to be opened, from this message.
        late: it was said while we did not listen.
    """

    thread: ThreadRef
    message: str
    user: str
    text: str
    moment: float
    direct: bool = False
    alone: bool = False
    for_us: bool = False
    to_others: bool = False
    below_us: bool = False
    opens: bool = False
    late: bool = False
    twins: tuple[str, ...] = ()

    @property
    def command(self) -> Command:
        """What it asks for."""
        return parse(self.text)


def timed(said: Spoken, now: float) -> Spoken:
    """Marked as late, if it is at a moment of its platform's clock. Only for what did not come as it was said."""
    return replace(said, late=now - said.moment > LATE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """Somebody changed what they had said. `after` is how it reads now; `newly` says that it means us only now."""

    after: Spoken
    newly: bool = False

    @property
    def research(self) -> ResearchValue | None:
        """The command that it is now, if it is one."""
        command = self.after.command
        return command if isinstance(command, Research) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """A message is gone: somebody's, or one of ours."""

    thread: ThreadRef
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One of our answers as it stands: its thread, and the state and the attempt that it shows."""

    thread: ThreadRef
    state: str
    attempt: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reacted:
    """🔁 (`again`) or 🛑 on a message, of which only the platform knows whose it is.

    `moment` tells a second reaction of the same person's from the first one heard twice; None: the attempt that the
    message shows does. `late`: it was found standing there, so that nobody can say when it was made. `shown`: what the
    message shows, where that was read together with the reaction.
    """

    workspace: str
    channel: str
    message: str
    user: str
    again: bool
    moment: float | None = None
    late: bool = False
    shown: Shown | None = None

    @property
    def request(self) -> str:
        """Its identity: one person's on one message."""
        wish = f"reaction:{self.channel}:{self.message}:{self.user}"
        return wish if self.again else f"{wish}:stop"
