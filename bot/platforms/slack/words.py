"""What people write on Slack, without Slack's markup; and what the bot itself says there. Pure."""

from __future__ import annotations

import re

INVITE = "I am not in this channel, so nobody would see my answer. Type `/invite @Clew` here, then ask again."
ARCHIVED = "This channel is archived, so I cannot answer here."
NOT_OPENED = "I could not open a thread here. Type `/invite @Clew` if I am not in this channel, then ask again."

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
