"""SS: Socket Mode; and those rows of SH, Slack over HTTP, that a socket shows as well."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

from tests.chaos.case import Case
from tests.chaos.rows.table import Rows

ROWS = Rows()

_SLACK = ("slack",)


@ROWS.row("SS1", "the bot is killed before it acknowledges an event", platforms=_SLACK)
def killed_before_ack(case: Case) -> None:
    case.event_fault("app_mention", "signal", role="bot")
    case.ask()


@ROWS.row("SS2", "an acknowledgement is read, and at once everything is killed", platforms=_SLACK)
def everything_killed(case: Case) -> None:
    run = case.rig.whole.run
    struck: list[int] = []

    def all_of_them() -> int:
        case.rig.kill_everything()
        struck.append(1)
        return run.supervisor

    case.rig.slack.slack.fault("socket", "signal", when="reply", event="app_mention", pid=all_of_them)
    case.hit("everything was killed", lambda: bool(struck))
    one = case.ask()
    case.change(one, durable=True)
    case.struck()
    for pid in (run.supervisor, *(part.pid for part in run.parts)):
        case.rig.eventually_dead(pid)
    case.rig.start_again()


@ROWS.row("SS2-early", "the bot is killed before it can hand an event over, acknowledged or not", platforms=_SLACK)
def acknowledged_too_early(case: Case) -> None:
    seat = case.rig.slack
    slack = seat.slack
    # Nobody knows them yet, so they have to be looked up before anything is handed over.
    held = slack.fault("users.info", "hold", when="before", times=1_000)
    seat.alice = slack.user("Newcomer")
    one = case.ask()

    def decided() -> bool:
        sent = [each for each in slack.envelopes if each.ts == one.key]
        return held.held > 0 and (slack.acked(one.key) or any(each.attempts > 1 for each in sent))

    case.hit("the event was being looked at", lambda: held.hits > 0)
    case.until(decided, "an acknowledgement, or the lack of one")
    case.change(one, durable=slack.acked(one.key))
    case.killed("bot")


@ROWS.row("SS3", "the socket is refreshed, and every event comes over two", platforms=_SLACK)
def refreshed(case: Case) -> None:
    slack = case.rig.slack.slack
    before = slack.connected
    slack.twice(True)
    try:
        slack.disconnect()
        first, second = case.ask(), case.ask()
        case.until(lambda: slack.connected > before, "another socket")
        case.over(first, second)
    finally:
        slack.twice(False)


@ROWS.row("SS4", "nobody listens for so long that Slack sends the event no more", platforms=_SLACK)
def forgotten(case: Case) -> None:
    slack = case.rig.slack.slack
    with case.rig.stopped("bot"):
        case.ask()
        slack.forget()
        case.killed("bot")


@ROWS.row("SH4", "an event that was handled comes again under another id", platforms=_SLACK)
def told_again(case: Case) -> None:
    first = case.ask()
    case.over(first)
    slack = case.rig.slack.slack
    sent = [each for each in slack.envelopes if each.ts == first.key]
    before = [each.attempts for each in sent]
    slack.redeliver(ts=first.key, new_event_id=True)
    case.hit("it came again", lambda: [each.attempts for each in sent] == [one + 1 for one in before])
    case.struck()
    # What is asked now is answered after whatever the repeat would have begun.
    case.over(case.follow(first))


@ROWS.row("SH6", "Temporal hangs: nothing is acknowledged, and what comes again is taken", platforms=_SLACK)
def temporal_hangs(case: Case) -> None:
    slack = case.rig.slack.slack
    with case.rig.stopped("temporal"):
        one = case.ask()
        case.hit("it came again", lambda: any(each.attempts > 1 for each in slack.envelopes if each.ts == one.key))
        case.struck()
        case.must("I7", not slack.acked(one.key), "acknowledged while Temporal hung")


@ROWS.row("SH7", "only the second delivery of an event arrives", platforms=_SLACK)
def first_lost(case: Case) -> None:
    case.event_fault("app_mention", "drop", when="before")
    case.ask()


@ROWS.row("SH8", "one gesture comes as two messages", platforms=_SLACK)
def twins(case: Case) -> None:
    first = case.ask()
    case.over(first)
    seat, (made, symbol) = case.rig.slack, case.compose("", canary=first.canary)
    keys = [
        seat.slack.say(seat.channel, seat.bob, made.text, thread=first.thread, client_msg_id="one-gesture")
        for _ in range(2)
    ]
    case.accepted(replace(made, thread=first.thread, key=keys[0], says=symbol))
    case.accepted(replace(made, thread=first.thread, key=keys[1], expected=()))
    case.over(case.follow(first))


@ROWS.row("SS5", "two bots listen at once, and every event comes twice")
def two_bots(case: Case) -> None:
    before = case.seat.listeners
    other = case.rig.whole.start("bot")
    case.until(lambda: case.seat.listeners > before, "a second bot listens")
    case.seat.twice(True)
    try:
        asked = [case.ask() for _ in range(3)]
        case.over(*asked)
    finally:
        case.seat.twice(False)
        os.kill(other.pid, signal.SIGTERM)
        other.wait(timeout=30)
