"""Slack's name, limits and the words that stand in its payloads."""

from __future__ import annotations

from workflows.chat import Capabilities

NAME = "slack"

CAPABILITIES = Capabilities(
    # Slack takes 12,000 characters of Markdown a message, escaped ones counted; notices and headline are Markdown too.
    part_limit=8_500,
    edit_interval=3.0,
    posts_per_second=5,
    settle=5.0,
    native_streaming=True,
    buttons=True,
    retry_hint="🔁 tries again.",
)

ANSWER = "clew_answer"
"""Type of the metadata of answers. Its payload holds `key`, `state` and `attempt`, which everybody may read."""
THREAD = "clew_thread"
"""Type of the metadata of a message that opens a thread. Its payload holds `key`, the command's own id."""
ECHO = "clew_echo"
"""Type of the metadata of a message that shows what somebody asked by a button."""

RETRY_ACTION = "clew_retry"
STOP_ACTION = "clew_stop"
FEEDBACK_ACTION = "clew_feedback"
FOLLOW_UP_ACTION = "clew_follow_up"
"""Followed by the number of the question, since ids must differ within a message."""

MESSAGE_SHORTCUT = "research_message"
GLOBAL_SHORTCUT = "research_new"
RESEARCH_FORM = "research_form"
RESEARCH_COMMAND = "/research"
ADMIN_COMMAND = "/research-admin"

DIRECT = "D"
"""What the ids of direct messages begin with."""

RETRY_EMOJI = ("repeat", "arrows_counterclockwise")
STOP_EMOJI = ("octagonal_sign", "stop_sign")
