"""What Clew says to one person, on every platform alike."""

from __future__ import annotations

NOT_ALLOWED = "You may not ask me here. An administrator of Clew can change that."
NOT_ADMIN = "Only administrators of Clew may do that."
WRONG_CHANNEL = "I am not set up for this channel. An administrator of Clew can change that."
NOT_DONE = "I could not take this in just now, so nothing was done. Please try again in a moment."
REFUSED = "I cannot take this in: Clew is not set up correctly. Its administrators find the reason with `clew doctor`."
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
