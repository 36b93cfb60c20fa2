"""Discord's name, limits and the words that stand in its payloads."""

from __future__ import annotations

from workflows.chat import Capabilities

NAME = "discord"

CAPABILITIES = Capabilities(
    # Components take 4,000 characters a message in all, of which headline, figures and sources want some.
    part_limit=3_300,
    # A channel takes about five edits in five seconds: three of progress leave room for the first and the last word.
    edit_interval=1.7,
    posts_per_second=5,
    settle=3.0,
    buttons=True,
    retry_hint="🔁 tries again.",
)

DIRECT = "@me"
"""The workspace of direct messages, as in Discord's own addresses."""

MARK = "clew"
"""What every id of our components begins with: `clew:action:state:attempt:mark`."""

RETRY = "retry"
STOP = "stop"
USEFUL, USELESS = "up", "down"
FOLLOW_UP = "ask"
"""Followed by the number of the question, since ids must differ within a message."""
STANDING = "is"
"""A button that only says how things are: it carries the mark where nothing can be pressed."""

RESEARCH_COMMAND = "research"
ADMIN_COMMAND = "research-admin"
MESSAGE_SHORTCUT = "Research this"

RETRY_EMOJI = ("🔁", "🔄")
STOP_EMOJI = ("🛑", "⏹️", "⏹")

HEADLINE_ID, TEXT_ID = 1, 2
"""Ids of the components that hold an answer's headline and text; those of everything around them come after."""

THREAD_TYPES = (10, 11, 12)
