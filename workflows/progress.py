"""What the workflow knows of a turn's progress: the lines that people see while it runs."""

from __future__ import annotations

from dataclasses import replace

from workflows.contracts import Answer, AnswerState, LineState, Live, MessageRef, ProgressLine


class Progress:
    """Lines of one turn, in the order in which they were first named."""

    def __init__(self, message: MessageRef, answer: Answer, *, asker: str = "") -> None:
        self._message = message
        self._asker = asker
        self._answer = answer
        self._lines = {line.id: line for line in answer.lines}

    def set(self, line: str, label: str, state: LineState, detail: str = "") -> None:
        """Set one line; a new one goes to the end."""
        self._lines[line] = ProgressLine(id=line, label=label, state=state, detail=detail)

    def mark(self, line: str, state: LineState, detail: str = "") -> None:
        """Change the state of a line that exists."""
        if line in self._lines:
            self._lines[line] = replace(self._lines[line], state=state, detail=detail)

    def snapshot(self) -> Live:
        """What an activity is told of progress when it is scheduled."""
        answer = replace(self._answer, state=AnswerState.WORKING, lines=tuple(self._lines.values()))
        return Live(message=self._message, answer=answer, asker=self._asker)

    def details(self) -> str:
        """Markdown for the workflow's current details in Temporal's UI."""
        marks = {LineState.DONE: "x", LineState.FAILED: "!"}
        return "\n".join(
            f"- [{marks.get(line.state, ' ')}] {line.label}: {line.state.value}" for line in self._lines.values()
        )
