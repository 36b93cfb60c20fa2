"""A seat in a workspace of some chat platform: what people do from it, and what they see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.e2e.whole import Whole
from workflows.contracts import OUTCOMES

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One message of Clew's as it stands: one answer, or a part of one. `id` is the platform's."""

    id: str
    thread: str
    state: str
    text: str
    attempt: int = 1


class Seat(ABC):
    """Alice, Bob and Root, an administrator, in a channel. Ids are the platform's own."""

    alice: str
    bob: str

    def __init__(self, whole: Whole) -> None:
        self.whole = whole

    # --- What people do ----------------------------------------------------------------------------------------------

    @abstractmethod
    def mention(self, text: str) -> str:
        """Alice mentions Clew in the channel; returns the message's id, which is its thread's too."""

    @abstractmethod
    def reply(self, thread: str, text: str) -> str:
        """Bob says something in a thread, to nobody in particular."""

    @abstractmethod
    def direct(self, text: str) -> tuple[str, str]:
        """Alice writes to Clew alone; returns the thread and the message's id."""

    @abstractmethod
    def research(self, symbol: str, question: str) -> tuple[str, str]:
        """Alice gives the command; returns the thread that it opens, and the command's id."""

    @abstractmethod
    def point_at(self, symbol: str) -> tuple[str, Callable[[], bool]]:
        """Bob says what would be a question, and Alice has it researched; returns its thread, and whether it began."""

    @abstractmethod
    def click(self, answer: Shown, action: str, user: str) -> Callable[[], bool]:
        """Somebody presses a button (`retry`, `stop`, `ask1`, `up`); returns whether it is answered or has failed."""

    @abstractmethod
    def in_vain(self) -> int:
        """How often somebody was told, or shown by the platform, that nothing was done."""

    @abstractmethod
    def react(self, answer: Shown, emoji: str) -> None:
        """Alice reacts with 🔁 or 🛑."""

    @abstractmethod
    def administer(self, text: str, *, root: bool) -> Callable[[], str]:
        """Root, or Alice, gives the admin command; returns what they are told so far."""

    @abstractmethod
    def follow_up_of(self, answer: Shown, number: int) -> str:
        """The key of a follow-up question that was asked by a button."""

    # --- What stands there -------------------------------------------------------------------------------------------

    @abstractmethod
    def answers(self, thread: str, key: str) -> list[Shown]:
        """Clew's messages under a key in a thread, in order: parts of one answer, or doubles of it."""

    @abstractmethod
    def all_answers(self, thread: str) -> list[Shown]:
        """All of Clew's answers in a thread."""

    @abstractmethod
    def posted(self, thread: str, key: str) -> int:
        """How often the first part under a key was created."""

    # --- What goes wrong ---------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def listeners(self) -> int:
        """How often a bot connected."""

    @abstractmethod
    def strike(self, pid: int) -> None:
        """The next message is told of, and then this process killed."""

    @abstractmethod
    def twice(self, on: bool) -> None:
        """Every event is told of twice."""

    @abstractmethod
    def heal(self) -> None:
        """No faults any more."""

    @abstractmethod
    def complaints(self) -> Sequence[object]:
        """What the platform found wrong with our requests."""

    # --- For all of them ---------------------------------------------------------------------------------------------

    def press(self, answer: Shown, action: str, user: str) -> None:
        """Press a button until it is taken: on a busy machine somebody may be told that nothing was done."""
        while True:
            before = self.in_vain()
            self.whole.eventually(self.click(answer, action, user), f"{action} is answered")
            if self.in_vain() == before:
                return

    def answered(self, thread: str, *keys: str, attempt: int = 1) -> list[list[Shown]]:
        """Wait until each key has one outcome, the last one as this attempt, and no other answer stands there."""

        def over() -> bool:
            found = [self.answers(thread, key) for key in keys]
            every = [one.id for answer in found for one in answer]
            return (
                all(found)
                and all(one.state in OUTCOMES for answer in found for one in answer)
                and found[-1][0].attempt == attempt
                and every == [one.id for one in self.all_answers(thread)]
            )

        self.whole.eventually(over, f"outcomes of {keys}")
        return [self.answers(thread, key) for key in keys]

    def placeholder(self, thread: str, key: str) -> Shown:
        """Wait for the first sign of an answer."""
        self.whole.eventually(lambda: bool(self.answers(thread, key)), f"a placeholder of {key}")
        return self.answers(thread, key)[0]
