"""How a thread stands: what is finished, what runs, what waits. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.platforms.terminal_records import StoredMessage
from bot.platforms.terminal_values import answer_from_data
from bot.terminal.view import is_notice, is_over, join
from workflows.contracts import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One answer as it stands. `message` is its first part's id, `seq` its place in the thread.

    `complete` is False while further parts of an outcome are still to come. `seen` is the attempt last shown.
    """

    message: str
    seq: int
    answer: Answer
    complete: bool
    seen: int

    @property
    def over(self) -> bool:
        """Whether its outcome stands."""
        return is_over(self.answer)

    @property
    def unseen(self) -> bool:
        """Whether its outcome stands, and the person was not shown it."""
        return self.over and self.seen < self.answer.attempt


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A thread's answers in order, and the ids of questions that were handed over and have no answer yet.

    `withdrawn` are questions whose answer was taken away again.
    """

    answers: tuple[Standing, ...]
    owed: tuple[str, ...]
    withdrawn: tuple[str, ...] = ()

    @property
    def running(self) -> Answer | None:
        """The first answer without an outcome."""
        return next((standing.answer for standing in self.answers if not standing.over), None)

    @property
    def pending(self) -> int:
        """How many answers are still to come."""
        return len(self.owed) + sum(not standing.over for standing in self.answers)

    @property
    def last(self) -> Standing | None:
        """The last answer that is no mere notice."""
        return next((standing for standing in reversed(self.answers) if not is_notice(standing.answer)), None)

    @property
    def offered(self) -> tuple[str, ...]:
        """The follow-up questions offered last. An answer that offers none takes back none."""
        answers = (standing.answer for standing in reversed(self.answers))
        return next((answer.follow_ups for answer in answers if answer.follow_ups), ())

    def find(self, key: str) -> Standing | None:
        """The answer under a key."""
        return next((standing for standing in self.answers if standing.answer.key == key), None)


def look(messages: Sequence[StoredMessage], *, old: Collection[str] = ()) -> View:
    """How a thread stands. `messages` holds deleted ones too; questions in `old` are not waited for."""
    groups: dict[str, list[tuple[StoredMessage, Answer]]] = {}
    answered: set[str] = set()
    for message in messages:
        if message.author == "person":
            continue
        answer = answer_from_data(message.body)
        answered.add(answer.key)
        if not message.deleted:
            groups.setdefault(answer.key, []).append((message, answer))
    standings = [standing for group in groups.values() if (standing := _standing(group)) is not None]
    owed = [
        message.id
        for message in messages
        if message.author == "person" and message.accepted and not message.deleted and message.id not in answered
    ]
    return View(
        answers=tuple(sorted(standings, key=lambda standing: standing.seq)),
        owed=tuple(question for question in owed if question not in old),
        withdrawn=tuple(sorted(answered - groups.keys())),
    )


def _standing(group: list[tuple[StoredMessage, Answer]]) -> Standing | None:
    first = next(((message, answer) for message, answer in group if answer.part == 1), None)
    if first is None:
        return None
    message, answer = first
    # Parts of the attempt before may stand for a moment beside the first part of a new one.
    parts = {part.part: part for _, part in group if part.attempt == answer.attempt and part.state is answer.state}
    numbers = [number for number in range(1, answer.parts + 1) if number in parts]
    return Standing(
        message=message.id,
        seq=message.seq,
        answer=join([parts[number] for number in numbers]),
        complete=len(numbers) == answer.parts,
        seen=message.seen,
    )
