"""What the terminal itself says."""

from __future__ import annotations

LEAVE = "Ctrl-C again leaves; the answer goes on without you. `stop` stops it."
LEAVE_ASK = "Ctrl-C again leaves; the answer goes on without you."
RETRY_LATER = "`clew chat --last`, then `retry`, tries again."
STILL_TRYING = "Temporal cannot be reached; still trying …"
REFUSED = "Temporal refuses this, so nothing was done. `clew doctor` says what to check."
BROKEN = "Something broke on our side, and it has been recorded."
NOT_DONE = "Temporal cannot be reached, so nothing was done. Please try again."
NOTHING_ASKED = "Nothing was asked in this thread yet."
NOTHING_RUNS = "Nothing is running."
LEFT_EARLY = "If it was handed over, it goes on; `clew chat --last` shows it."
WITHDRAWN = "The question was withdrawn."
SENT_NOW = "What was not handed over before has been sent now."
_LONGEST_NUMBER = 12
GREETING = "What would you like to know? `help` says what I understand."
HELP = """\
Ask anything about a listed company, in plain words.
  /research SYMBOL [question]  a full report, in a thread of its own
  1, 2, 3                      ask the follow-up with this number
  retry                        the last answer once more
  stop                         stop the running answer
  status                       how this thread stands
  quit                         leave; a running answer goes on"""


def come_back(thread: str, *, running: bool) -> str:
    """How a talk goes on later."""
    return f"{'The answer goes on. ' if running else ''}Come back with `clew chat --thread {thread}`."


def kept(thread: str) -> str:
    """A question that could not be handed over."""
    return f"Temporal cannot be reached. {kept_here(thread)}"


def kept_here(thread: str) -> str:
    """Where a question is kept."""
    return f"The question is kept; `clew chat --thread {thread}` sends it again."


def not_alone(command: str) -> str:
    """A word that means nothing by itself."""
    return f"`{command}` belongs into a conversation: `clew chat --last`."


def no_follow_up(number: str) -> str:
    """A bare number that names no question."""
    shown = number if len(number) <= _LONGEST_NUMBER else f"{number[:_LONGEST_NUMBER]}…"
    return f"No question with the number {shown} was offered here, so nothing was asked. Ask in words instead."


def no_thread(thread: str) -> str:
    """A thread that is not there."""
    return f"There is no thread {thread}."
