"""What a conversation remembers of its turns: where its branch stands, and the last answers."""

from __future__ import annotations

from dataclasses import replace

from workflows.contracts import AnswerState, Asker, ConversationState, Head, MessageRef, RetryRequest, TurnRecord
from workflows.inbox import Item
from workflows.policies import TURNS_KEPT
from workflows.turn import Outcome

_OLD_QUESTION = 200
"""Characters kept of a question that can no longer be tried again."""


class Memory:
    """The thread's branch and its last turns. Plain state: no time, no calls.

    `tainted`: something of unknown outcome may stand on the branch after `head`; the next step forks.
    """

    def __init__(self, state: ConversationState) -> None:
        self.head = state.head
        self.tainted = state.tainted
        self.turns = state.turns
        self.turn_count = state.turn_count

    @property
    def last(self) -> TurnRecord | None:
        """The newest finished turn."""
        return self.turns[-1] if self.turns else None

    def shows(self, message: str) -> bool:
        """Whether a message shows the answer of a finished turn."""
        return any(message == shown.message for turn in self.turns for shown in turn.answers)

    def record(self, item: Item, outcome: Outcome, messages: tuple[MessageRef, ...], before: Head | None) -> None:
        """Take in what came of an attempt. `before` is where it began, and where another one forks from."""
        again = item.again
        # An attempt that brought no answer changes nothing where one stands: neither what people see, nor the branch.
        stays = again is not None and item.standing is not None and outcome.answer.state is not AnswerState.FINAL
        if stays:
            pass
        elif outcome.committed:
            self.head, self.tainted = outcome.head, outcome.tainted
        else:
            self.head, self.tainted = before, self.tainted or again is not None or not outcome.untouched
        if again is None:
            self.turn_count += 1
        new = TurnRecord(
            id=item.turn,
            number=self.turn_count if again is None else again.number,
            message=item.message.message,
            question=item.message.text,
            asker=item.message.asker,
            state=AnswerState.FINAL if stays else outcome.answer.state,
            answers=messages,
            research=item.message.research,
            head_before=before,
            tokens=outcome.usage.total + (0 if again is None else again.tokens),
            attempt=item.attempt,
            parked=item.parked,
            kept=item.standing if stays else item.kept,
        )
        # Only the last turn can be tried again, so only its question is kept whole.
        old = [replace(turn, question=turn.question[:_OLD_QUESTION]) for turn in self.turns if turn.id != new.id]
        self.turns = (*old, new)[-TURNS_KEPT:]

    def branches(self) -> tuple[str, ...]:
        """Branches that the next turn, or another attempt of the last one, begins from."""
        heads = (self.head, self.last.head_before if self.last is not None else None)
        return tuple(sorted({head.branch for head in heads if head is not None}))

    def refusal(self, request: RetryRequest, *, running: Item | None, waiting: bool) -> str:
        """Why the last turn is not tried again, as the code of a sentence; "" if it is."""
        if running is not None and (not request.answer or _is_of(running, request.answer)):
            return "running"
        last = self.last
        if last is None or not (last.answers or last.parked):
            return "nothing"
        on_last = request.answer in ("", last.id, *(message.message for message in last.answers))
        if running is not None or waiting or not on_last:
            return "not_last"
        return "" if may(request.asker, last.asker) else "not_yours"


def may(who: Asker, owner: Asker) -> bool:
    """A turn belongs to its asker and to administrators."""
    return who.admin or who.user == owner.user


def _is_of(item: Item, message: str) -> bool:
    return message == item.turn or any(message == shown.message for shown in item.shown_in)
