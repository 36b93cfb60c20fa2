"""What people are told when something goes wrong: one plain sentence per code, no exception text."""

from __future__ import annotations

_SENTENCES = {
    "stopped": "Stopped, as asked.",
    "deadline": "This took longer than a question may take, so I stopped.",
    "budget": "Your token budget for today is used up; it starts afresh at midnight UTC.",
    "workspace_budget": "This workspace's token budget for today is used up; it starts afresh at midnight UTC.",
    "rate": "More of your questions came at once than may begin within a minute; ask this one again in a moment.",
    "busy": "Your other questions come first.",
    "paused": "New questions are paused by an administrator for the moment.",
    "mistral_auth": "Mistral refused our key, so I could not answer. An administrator has to look at it.",
    "mistral_refused": "Mistral refused this request, so I could not answer.",
    "mistral_gone": "Mistral no longer has this conversation, and I could not rebuild it.",
    "mistral_busy": "Mistral is turning requests away at the moment, and waiting did not help.",
    "unreachable": "Mistral could not be reached reliably, and trying again did not help.",
    "unusable_output": "The model's output could not be used, also when asked again.",
    "empty_output": "The model returned nothing, also when asked again.",
    "tools_auth": "The market-data server refused our token. An administrator has to look at it.",
    "tools_down": "The market-data server cannot be reached.",
    "notes_lost": "My notes for this turn are gone, so I could not finish it.",
    "too_large": "This question is too large to be handled.",
    "chat_text": "The chat platform refused the text of my answer.",
    "internal": "Something broke on our side, and it has been recorded.",
    "nobody_answered": "None of the research team could do its work.",
}

_FALLBACK = _SENTENCES["internal"]


def sentence(code: str) -> str:
    """The sentence for a code; unknown codes get the general one."""
    return _SENTENCES.get(code, _FALLBACK)


def unknown_symbol(symbol: str, suggestions: tuple[str, ...]) -> str:
    """No listed company has this symbol."""
    hint = f" Did you mean {_either(suggestions)}?" if suggestions else " Check the spelling, or ask by company name."
    return f"I know no listed company with the symbol {symbol}.{hint}"


def retry_refused(reason: str) -> str:
    """Why a retry is not made."""
    return {
        "not_last": "Only the last answer of a thread can be tried again. Ask the question anew instead.",
        "not_yours": "Only the person who asked, or an administrator, can have this tried again.",
        "running": "I am still working on it.",
        "stopped": "That attempt was stopped before it began; the answer stays as it is.",
        "nothing": "There is nothing to try again in this thread yet.",
    }[reason]


def stands_still(attempt: int, reason: str) -> str:
    """Another attempt brought no answer, so the one before it is still shown. `reason` is a sentence, or ""."""
    return f"Attempt {attempt} brought no answer{f': {reason}' if reason else '.'} This is the one from before."


def waiting_until(clock: str) -> str:
    """Told to wait by Mistral. `clock` is a time of day in UTC."""
    return f"rate limited by Mistral, waiting until {clock} UTC"


def stopped_after_steps(steps: int) -> str:
    """The tool loop's limit was reached."""
    return f"I stopped after {steps} rounds of tool calls; this answer may be partial."


PAUSED = "Paused"
IN_TURN = "Waiting"
LATE = "This answer is late: the question came while I was away."
REBUILT = "Mistral no longer had this conversation, so I rebuilt it from what the thread shows."
NOT_VERIFIED = "The verifier could not check this report."
PLAN_MISSING = "The planner gave no usable plan; the standard one was used."
REVISED = "Revised once after verification."
NOT_REVISED = "A revision was asked for after verification, and failed; what is open is listed."
UNCHECKED = "No tool was called for this answer, so none of its figures was checked."
SHORTENED = "This answer was too long to be shown whole."
CHART_MISSING = "No chart could be drawn."
NO_ANSWER = "I looked things up until the limit was reached, and came to no answer."


def specialist_failed(role: str) -> str:
    """A specialist's part is missing from the report."""
    return f"The {role} specialist could not do its part."


def _either(words: tuple[str, ...]) -> str:
    if len(words) == 1:
        return words[0]
    return ", ".join(words[:-1]) + " or " + words[-1]
