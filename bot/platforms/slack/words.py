"""What people write on Slack, without Slack's markup; and what the bot itself says there. Pure."""

from __future__ import annotations

import re

INVITE = "I am not in this channel, so nobody would see my answer. Type `/invite @Clew` here, then ask again."
NOT_ALLOWED = "You may not ask me here. An administrator of Clew can change that."
NOT_ADMIN = "Only administrators of Clew may do that."
WRONG_CHANNEL = "I am not set up for this channel. An administrator of Clew can change that."
ARCHIVED = "This channel is archived, so I cannot answer here."
NOT_DONE = "I could not take this in just now, so nothing was done. Please try again in a moment."
REFUSED = "I cannot take this in: Clew is not set up correctly. Its administrators find the reason with `clew doctor`."
NOT_OPENED = "I could not open a thread here. Type `/invite @Clew` if I am not in this channel, then ask again."
NOTHING_ASKED = "Nothing was asked in this thread yet."
NOBODY_WORKS = "No worker answers at the moment, so I cannot say. Questions are kept, and answered once one does."
THANKS = "Thank you, noted."
ADMIN_USAGE = "I know `/research-admin status`."
SLOW = "Temporal takes too long to answer. `clew status` on the machine that runs Clew shows more."
HELP = """\
Ask anything about a listed company, in plain words; in a thread with me you need not mention me.
• `/research SYMBOL [question]`: a full report, in a thread of its own
• 🔁 on the last answer, its Retry button, or `retry`: the last answer once more
• 🛑, the Stop button, or `stop`: stop the running answer
• `status`: how this thread stands"""

_LINK = re.compile(r"<(?P<kind>[@#!]?)(?P<target>[^|>]*)(?:\|(?P<label>[^>]*))?>")


def plain_text(text: str, bot_user: str) -> str:
    """A message's text as its author saw it: no mention of us, links by their address, entities as characters."""

    def spelled(found: re.Match[str]) -> str:
        kind, target, label = found["kind"], found["target"], found["label"] or ""
        match kind:
            case "@":
                return "" if target == bot_user else f"@{label or target}"
            case "#":
                return f"#{label or target}"
            case "!":
                return label or f"@{target.partition('^')[0]}"
            case _:
                address = target.removeprefix("mailto:")
                if re.fullmatch(rf"https?://{re.escape(label)}/?", address, re.IGNORECASE):
                    # A link that Slack made of a word with a dot in it, as many tickers are.
                    return label
                return address if not label or label in address else f"{label} ({address})"

    text = _LINK.sub(spelled, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def calls_others(text: str) -> bool:
    """Whether a message calls a group, or everybody."""
    return re.search(r"<!(subteam\^|here|channel|everyone)", text) is not None


def mentions(text: str) -> list[str]:
    """Ids of everybody whom a message mentions, in order."""
    return re.findall(r"<@([A-Z0-9]+)(?:\|[^>]*)?>", text)
