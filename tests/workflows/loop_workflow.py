"""A workflow that only asks, on branches of its own: the tool loop without a turn around it."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import workflow

from tests.support.values import ALICE
from workflows.branch import Branch, TurnFailed
from workflows.contracts import Answer, AnswerState, Head, MessageRef, Permit, StepInputs, ThreadRef
from workflows.converse import Conversing
from workflows.progress import Progress
from workflows.scope import Scope

PLATFORM = "loops"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Questions for one thread, one after the other."""

    thread: str
    questions: tuple[str, ...]
    permit: Permit


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What came of them: texts, or codes of failure; and where the branch stands then."""

    answers: tuple[str, ...]
    head: Head | None


@workflow.defn(name="LoopForTests")
class Loop:
    """Asks as a turn does: what fails leaves the branch, and the next question forks from before it."""

    @workflow.run
    async def run(self, asked: Asked) -> Told:
        """Ask everything."""
        thread = thread_of(asked.thread)
        head: Head | None = None
        tainted = False
        answers: list[str] = []
        for number, question in enumerate(asked.questions):
            live = MessageRef(thread=thread, message=f"m{number}")
            scope = Scope(
                thread=thread,
                turn=f"t{number}",
                attempt=1,
                asker=ALICE,
                permit=asked.permit,
                progress=Progress(live, Answer(key=f"t{number}", state=AnswerState.WORKING)),
                trace="",
            )
            branch = Branch(scope, asked.permit.agent("analyst"), head=head, tainted=tainted, line="a", label="Analyst")
            try:
                reply = await Conversing(scope=scope, branch=branch, key=f"t{number}:1").run(StepInputs(text=question))
            except TurnFailed as failed:
                answers.append(failed.code)
                tainted = True
            else:
                answers.append(reply.outcome.text)
                head, tainted = branch.head, branch.tainted
        return Told(answers=tuple(answers), head=head)


def thread_of(name: str) -> ThreadRef:
    """A thread of that name."""
    return ThreadRef(platform=PLATFORM, workspace="w", channel="c", thread=name)
