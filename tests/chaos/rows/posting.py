"""P: writes on the chat platform that are lost, late, refused or repeated."""

from __future__ import annotations

from tests.chaos.case import Case
from tests.chaos.ledger import PARKED
from tests.chaos.rows.table import Rows

ROWS = Rows()

LINES = 260
LONG = "\n\n".join(f"Line {number} of an answer that is too long for one message." for number in range(LINES))
LAST = f"Line {LINES - 1} of"


@ROWS.row("P1-drop", "a post is applied, and the connection dropped instead of its acknowledgement")
def dropped(case: Case) -> None:
    case.fault("post", "drop")
    case.ask()


@ROWS.row("P1-5xx", "a post is applied, and answered with 503")
def unavailable(case: Case) -> None:
    case.fault("post", "status", status=503)
    case.ask()


@ROWS.row("P1-500", "a post is applied, and answered with what a platform's own client may try again")
def broken(case: Case) -> None:
    case.fault("post", "status", status=500)
    case.ask()


@ROWS.row("P1-cut", "a post is applied, and half of its acknowledgement comes")
def cut(case: Case) -> None:
    case.fault("post", "truncate")
    case.ask()


@ROWS.row("P1-word", "a post is applied, and answered with `fatal_error`", platforms=("slack",))
def fatal(case: Case) -> None:
    case.fault("post", "error", error="fatal_error")
    case.ask()


@ROWS.row("P1-time-out", "a post is applied, and never acknowledged", slow=True)
def unanswered(case: Case) -> None:
    case.fault("post", "hang")
    one = case.ask()
    case.over(one)


@ROWS.row("P1-edit", "the edit that shows an outcome is applied, and its acknowledgement lost")
def edit_dropped(case: Case) -> None:
    case.fault("edit", "drop", outcome=True)
    case.ask()


@ROWS.row("P2", "the worker is killed by the platform right after a post was applied")
def killed_after_post(case: Case) -> None:
    case.fault("post", "signal", role="worker")
    case.ask()


@ROWS.row("P2-before", "the worker is killed by the platform right before a post would be applied")
def killed_before_post(case: Case) -> None:
    case.fault("post", "signal", when="before", role="worker")
    case.ask()


@ROWS.row("P3", "a post is applied two seconds after its client gave up", platforms=("slack",), slow=True)
def late(case: Case) -> None:
    case.fault("post", "delay", when="before", seconds=12.0)
    case.over(case.ask())
    requests = case.rig.slack.slack
    case.until(lambda: all(one.status for one in requests.requests if one.fault == "delay"), "the late post")


@ROWS.row("P3-nonce", "a post is applied after the next one was", platforms=("discord",), slow=True)
def very_late(case: Case) -> None:
    held = case.fault("post", "hold", when="before")
    case.over(case.ask())
    case.rig.heal()
    requests = case.rig.discord.discord
    case.until(
        lambda: all(one.status for one in requests.requests if one.fault == "hold") and not held.held, "the late post"
    )


@ROWS.row("P4", "the worker is killed right after the edit that shows the outcome was applied")
def killed_after_edit(case: Case) -> None:
    case.fault("edit", "signal", outcome=True, role="worker")
    case.ask()


@ROWS.row("P5-post", "429 to a post, with Retry-After")
def post_limited(case: Case) -> None:
    case.fault("post", "status", when="before", status=429, retry_after=2)
    case.ask()


@ROWS.row("P5-edit", "429 to the edit that shows the outcome, with Retry-After")
def edit_limited(case: Case) -> None:
    case.fault("edit", "status", when="before", status=429, retry_after=2, outcome=True)
    case.ask()


@ROWS.row("P5-silent", "429 to a post without Retry-After", platforms=("slack",))
def post_limited_silently(case: Case) -> None:
    case.fault("post", "status", when="before", status=429)
    case.ask()


@ROWS.row("P5-global", "a global 429", platforms=("discord",))
def all_limited(case: Case) -> None:
    case.fault("post", "status", when="before", status=429, retry_after=2.0, is_global=True)
    case.ask()


@ROWS.row("P6", "an answer of many parts: the worker is killed right after the second one was posted")
def killed_between_parts(case: Case) -> None:
    case.step_fault(kind="text", text=LONG)
    case.fault("post", "signal", nth=2, role="worker")
    one = case.ask(says=False)
    case.struck()

    def shown() -> str:
        return "\n".join(part.text for part in case.seat.all_answers(one.thread))

    case.until(lambda: LAST in shown(), "the last part")
    texts = shown()
    case.must("I2", all(texts.count(f"Line {number} of") == 1 for number in range(LINES)), "a line is lost or doubled")


@ROWS.row("P7", "an append to a stream is applied, and its acknowledgement lost", platforms=("slack",), slow=True)
def stream_dropped(case: Case) -> None:
    case.step_fault(kind="slow", on="append", token_delay=0.2)
    stream = case.rig.slack.slack.fault("chat.*Stream", "drop", when="after")
    case.hit("an append to a stream was dropped", lambda: stream.hits > 0)
    case.over(case.ask())


@ROWS.row("P8-removed", "the question that runs is taken back")
def question_removed(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask(expected=("stopped",))
    case.struck()
    case.placeholder(one)
    if case.platform == "slack":
        case.rig.slack.slack.remove(one.channel, one.key)
    else:
        case.rig.discord.discord.remove(one.channel, one.key)
    case.over(one)


@ROWS.row("P8-changed", "the question that runs is changed")
def question_changed(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask()
    case.struck()
    text = "What is MSFT's last close?"
    if case.platform == "slack":
        slack = case.rig.slack.slack
        slack.edit(one.channel, one.key, f"<@{slack.bot_user}> {text}")
    else:
        discord = case.rig.discord.discord
        discord.edit(one.channel, one.key, f"<@{discord.bot_user}> {text}")


@ROWS.row("P9", "a moderator deletes the placeholder")
def placeholder_removed(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask(expected=())
    case.struck()
    shown = case.placeholder(one)
    if case.platform == "slack":
        case.rig.slack.slack.remove(one.channel, shown.id)
    else:
        case.rig.discord.discord.remove(one.thread, shown.id)
    case.until(lambda: case.rig.quiet(one), "the turn is over")


@ROWS.row("P10-archived", "the channel is archived while an answer is made", platforms=("slack",))
def channel_archived(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask(expected=(PARKED,))
    case.struck()
    slack = case.rig.slack.slack
    case.placeholder(one)
    slack.set_place(one.channel, archived=True)
    try:
        case.rig.whole.sandbox.clear()
        case.until(lambda: case.rig.quiet(one), "the turn parks")
    finally:
        slack.set_place(one.channel, archived=False)


@ROWS.row("P10-removed", "the bot is removed from the channel while an answer is made", platforms=("slack",))
def bot_removed(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask(expected=(PARKED,))
    case.struck()
    slack = case.rig.slack.slack
    case.placeholder(one)
    slack.set_place(one.channel, member=False)
    try:
        case.rig.whole.sandbox.clear()
        case.until(lambda: case.rig.quiet(one), "the turn parks")
    finally:
        slack.set_place(one.channel, member=True)


@ROWS.row("P10-asleep", "the thread is archived while an answer is made", platforms=("discord",))
def thread_archived(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask()
    case.struck()
    case.placeholder(one)
    case.rig.discord.discord.archive(one.thread)


@ROWS.row("P10-gone", "the thread is deleted while an answer is made", platforms=("discord",))
def thread_removed(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask(expected=(PARKED,))
    case.struck()
    case.placeholder(one)
    case.rig.discord.discord.remove_place(one.thread)
    case.rig.whole.sandbox.clear()
    case.until(lambda: case.rig.quiet(one), "the turn parks")


@ROWS.row("P11", "Slack's token is revoked while an answer is made; Discord goes on", platforms=("slack",))
def token_revoked(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask(expected=(PARKED,))
    case.struck()
    case.placeholder(one)
    slack = case.rig.slack.slack
    slack.revoke_token()
    try:
        other = case.beside()
        untouched = other.ask()
        case.rig.whole.sandbox.clear()
        case.until(lambda: case.rig.quiet(one), "the turn parks")
        other.over(untouched)
    finally:
        slack.restore_token()
        # Whoever was refused listens no more: as after new tokens, the bot is started again.
        case.rig.kill("bot")


@ROWS.row("P12", "somebody reacts with a stop, twice")
def stopped_by_reaction(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask(expected=("stopped",))
    case.struck()
    shown = case.placeholder(one)
    case.seat.twice(True)
    try:
        case.seat.react(shown, "🛑")
        case.over(one)
    finally:
        case.seat.twice(False)


@ROWS.row("P13", "the platform refuses the answer's text")
def text_refused(case: Case) -> None:
    if case.platform == "slack":
        case.fault("edit", "error", when="before", error="invalid_blocks", outcome=True)
    else:
        case.fault("edit", "error", when="before", status=403, code=200000, outcome=True)
    case.ask(expected=("failed",), says=False)
