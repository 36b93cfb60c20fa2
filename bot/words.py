"""What Clew says to one person, on every platform alike."""

from __future__ import annotations

NOT_ALLOWED = "You may not ask me here. An administrator of Clew can change that."
NOT_ADMIN = "Only administrators of Clew may do that."
WRONG_CHANNEL = "I am not set up for this channel. An administrator of Clew can change that."
NOT_DONE = (
    "I cannot tell whether I took this in; perhaps nothing was done. "
    "If nothing appears here within a minute, please try again."
)
REFUSED = "I cannot take this in: Clew is not set up correctly. Its administrators find the reason with `clew doctor`."
NOTHING_ASKED = "Nothing was asked in this thread yet."
NOBODY_WORKS = "No worker answers at the moment, so I cannot say. Questions are kept, and answered once one does."
THANKS = "Thank you, noted."
ADMIN_USAGE = """\
`status`: server, queues, conversations, running turns, tokens
`show <thread>`: one conversation, and what it waits for
`retry <thread>`: steps that back off run now; else the last answer is tried again
`stop <thread>`: stop the answer that runs there
`pause [reason]`: new turns wait, and their threads say so; what runs goes on
`resume`: those that wait go on, in order
`drain`: pause, and say how many turns still run
A thread is a link to one of its messages, an id that `status` shows, or a conversation's workflow id."""
SLOW = (
    "Temporal takes too long to answer, so I cannot say whether that was done. "
    "`clew status` on the machine that runs Clew shows more."
)
WHICH_THREAD = "Which thread? Name it by a link to one of its messages, or by an id that `status` shows."
NO_THREAD = "I find no conversation under that name. `status` shows the ids of those that run."
NOT_PAUSED = "Nothing is paused."
HELP = """\
Ask anything about a listed company, in plain words; in a thread with me you need not mention me.
• `/research SYMBOL [question]`: a full report, in a thread of its own
• 🔁 on the last answer, its Retry button, or `retry`: the last answer once more
• 🛑, the Stop button, or `stop`: stop the running answer
• `status`: how this thread stands"""
