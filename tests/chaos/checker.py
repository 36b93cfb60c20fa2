"""The judge: RELIABILITY's invariants over ledgers alone, each in time linear to them. It asks after a heal phase.

I12 and I16 are judged over everything that ever happened, all else over the questions that a ledger names. I14 (memory)
and I15 (replay) are no matter of ledgers.
"""

from __future__ import annotations

import mmap
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.chaos.ledger import OVER, PARKED, Asked, Branch, Call, Ledger, Standing, Step, Write

ANALYST = "clew-analyst"
STEP_TRIES = 5
BESIDE_EACH_OTHER = 30.0
"""Seconds for which a double may be visible before it is taken away."""

ON_ITS_WAY = 0.25
"""Seconds in which what is sent on one connection may meet a refusal that comes back on another; on a busy machine
0.15 s were seen."""
TOO_MANY = 429

IDENTIFIES, REFUSALS = 1_000, 10_000

CANARY_DIGITS = 12
_CANARY = re.compile(rf"ref\. (\d{{{CANARY_DIGITS}}})")

_NEVER_AGAIN = frozenset({
    "invalid_auth", "token_revoked", "token_expired", "account_inactive", "missing_scope", "restricted_action",
    "not_in_channel", "channel_not_found", "is_archived", "message_not_found", "cant_update_message",
    "50001", "50013", "160005", "10003", "10008", "10062", "50027",
})  # fmt: skip
"""Words and codes of refusals. Of those that refuse a text it is another text's turn."""
_REFUSED_STEP = ("400", "401", "403", "422")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One invariant that does not hold, and where."""

    invariant: str
    text: str


Check = Callable[[Ledger], Iterable[Finding]]


def judge(ledger: Ledger) -> list[Finding]:
    """Everything that is wrong."""
    return [finding for check in CHECKS for finding in check(ledger)]


# --- What people see -------------------------------------------------------------------------------------------------


def lost(ledger: Ledger) -> Iterable[Finding]:
    """I1 and I7: each question has its outcome, of the right kind, in its own thread."""
    shown = _shown(ledger.standing)
    for asked in ledger.asked:
        found = [post for post in shown[_place(asked)] if post.part == 1]
        if not asked.expected:
            if found:
                yield Finding(invariant="I1", text=f"{asked.key} went away, and shows as {found[0].state}")
            continue
        if PARKED in asked.expected:
            continue
        states = [post.state for post in found if post.state in OVER]
        if not states:
            yield Finding(invariant="I1", text=f"{asked.key} in {asked.thread} has no outcome")
            if asked.durable:
                yield Finding(invariant="I7", text=f"{asked.key} was acknowledged, and is lost")
        elif not set(states) <= set(asked.expected):
            yield Finding(invariant="I1", text=f"{asked.key} ended as {states}, not as {asked.expected}")


def doubled(ledger: Ledger) -> Iterable[Finding]:
    """I2: one message for each part of an answer, and no double that stood for long."""
    live: Counter[tuple[str, str, str, int]] = Counter()
    for post in ledger.standing:
        if post.key:
            live[post.platform, post.thread, post.key, post.part] += 1
    for (_, thread, key, part), count in live.items():
        if count > 1:
            yield Finding(invariant="I2", text=f"part {part} of {key} stands {count} times in {thread}")
    for of, times in _lives(ledger.writes).items():
        if _beside(times) > BESIDE_EACH_OTHER:
            yield Finding(invariant="I2", text=f"part {of[2]} of {of[1]} stood twice for {_beside(times):.0f} s")


def misplaced(ledger: Ledger) -> Iterable[Finding]:
    """I3: whatever is written under a question's key is written in its thread."""
    own = {(asked.platform, asked.key): (asked.channel, asked.thread) for asked in ledger.asked}
    for write in ledger.writes:
        place = own.get((write.platform, write.key))
        if write.key and place is not None and place != (write.channel, write.thread):
            yield Finding(invariant="I3", text=f"{write.kind} of {write.key} in {write.channel}/{write.thread}")


def disordered(ledger: Ledger) -> Iterable[Finding]:
    """I4: outcomes in a thread come in the order of its questions.

    Those that were stopped need not wait, and what had to be told again may be overtaken by what is said meanwhile.
    """
    over: dict[tuple[str, str], float] = {}
    for write in ledger.writes:
        if write.part == 1 and write.key and write.state in ("final", "failed"):
            over.setdefault((write.platform, write.key), write.at)
    latest: dict[tuple[str, str], float] = {}
    for asked in ledger.asked:
        at = over.get((asked.platform, asked.key))
        thread = (asked.platform, asked.thread)
        if at is None or asked.key in ledger.late:
            continue
        if at < latest.get(thread, 0.0):
            yield Finding(invariant="I4", text=f"{asked.key} overtook an earlier question of {asked.thread}")
        latest[thread] = max(at, latest.get(thread, 0.0))


def leaked(ledger: Ledger) -> Iterable[Finding]:
    """I5: a thread's canaries, and what it asked for, are in its own posts and model inputs alone."""
    home = {asked.canary: asked.thread for asked in ledger.asked if asked.canary}
    for write in ledger.writes:
        yield from _strangers(home, write.text, write.thread, f"{write.kind} {write.message}")
    for branch in ledger.branches:
        yield from _strangers(home, str(branch.entries), branch.thread, f"branch {branch.id}")
    shown = _shown(ledger.standing)
    for asked in ledger.asked:
        posts = [post for post in shown[_place(asked)] if post.state == "final"]
        if asked.says and posts and not any(asked.says in post.text for post in posts):
            yield Finding(invariant="I5", text=f"{asked.key} was answered without {asked.says}")


def orphaned(ledger: Ledger) -> Iterable[Finding]:
    """I13: nothing stands that still promises something, nor anything that belongs to nobody."""
    places = {(asked.platform, asked.thread) for asked in ledger.asked if PARKED not in asked.expected}
    for post in ledger.standing:
        if (post.platform, post.thread) not in places:
            continue
        if post.key and post.state not in OVER:
            yield Finding(invariant="I13", text=f"{post.key} still says {post.state} in {post.thread}")
        elif not post.key and post.kind == "answer":
            yield Finding(invariant="I13", text=f"{post.message} in {post.thread} belongs to no question")


# --- What the model is asked -----------------------------------------------------------------------------------------


def crooked(ledger: Ledger) -> Iterable[Finding]:
    """I6: the branch in use holds each answered question once; user and assistant alternate. Their order is I4's."""
    answered = {(post.thread, post.key) for post in ledger.standing if post.state == "final"}
    questions: defaultdict[str, list[str]] = defaultdict(list)
    for asked in ledger.asked:
        if (asked.thread, asked.key) in answered:
            questions[asked.thread].append(asked.text)
    used = in_use(ledger)
    teams = {asked.thread for asked in ledger.asked if not asked.plain}
    for thread, texts in questions.items():
        if thread in teams:
            continue
        branch = used.get(thread)
        if branch is None:
            yield Finding(invariant="I6", text=f"no branch of {thread} is in use")
            continue
        said = [entry for entry in branch.entries if entry["type"] in ("message.input", "message.output")]
        # A branch that was rebuilt was handed what the assistant had said.
        own = [entry["type"] == "message.output" or entry.get("role") == "assistant" for entry in said]
        held = [str(entry["content"]) for entry, ours in zip(said, own, strict=True) if not ours]
        if sorted(held) != sorted(texts):
            yield Finding(invariant="I6", text=f"{branch.id} of {thread} holds {held}, not {texts}")
        elif own != [False, True] * len(texts):
            yield Finding(invariant="I6", text=f"{branch.id} of {thread} does not alternate")
        called = sorted(entry["tool_call_id"] for entry in branch.entries if entry["type"] == "function.call")
        given = sorted(entry["tool_call_id"] for entry in branch.entries if entry["type"] == "function.result")
        if called != given:
            yield Finding(invariant="I6", text=f"{branch.id} of {thread} has open calls, or results given twice")


def amplified(ledger: Ledger) -> Iterable[Finding]:
    """I8: at most one request more than the branch in use took, for each that was struck and each death meanwhile.

    Where a turn did not end in an answer its branch was left: there, five tries a step are the limit.
    """
    answered = {(post.thread, post.key) for post in ledger.standing if post.state == "final"}
    whole = {asked.thread for asked in ledger.asked}
    whole -= {asked.thread for asked in ledger.asked if (asked.thread, asked.key) not in answered}
    used, sent = in_use(ledger), _sent(ledger.steps)
    for thread, steps in sent.items():
        needed = requests_in(used[thread]) if thread in used else 1
        struck = sum(bool(one.fault) for one in steps)
        struck += sum(kill.until > steps[0].at - 1.0 and kill.at < steps[-1].at for kill in ledger.kills)
        most = needed + struck if thread in whole else STEP_TRIES * (needed + len(ledger.asked))
        if len(steps) > most + ledger.gone:
            yield Finding(
                invariant="I8", text=f"{len(steps)} requests for {needed} steps of {thread}, struck {struck} times"
            )


def hasty(ledger: Ledger) -> Iterable[Finding]:
    """I9: no request inside a Retry-After window. A thread's steps follow each other: after a refusal, its retry."""
    refused: dict[tuple[str, str, str], float] = {}
    for call in sorted(ledger.calls, key=lambda call: call.at):
        what = (call.platform, call.method, call.about)
        early = call.told is not None and not _on_its_way(call, call.told, refused.get(what))
        # Who was told to wait may be dead, and with it what it was told.
        if early and not any(kill.at < call.at < kill.until for kill in ledger.kills):
            told = f"{call.told:.3f} s after its sender was told to wait"
            yield Finding(invariant="I9", text=f"{call.method} about {call.about} came {told}")
        if call.status == TOO_MANY:
            refused[what] = call.at
    if ledger.wait is None:
        return
    for thread, steps in _sent(ledger.steps).items():
        for before, after in pairwise(steps):
            waited = after.at - before.at
            if before.outcome == "429" and waited < ledger.wait:
                yield Finding(invariant="I9", text=f"a step of {thread} waited {waited:.2f} s of {ledger.wait:.1f}")


def _on_its_way(call: Call, told: float, refused: float | None) -> bool:
    """Whether a request was under way when another one was refused. One that is asked again never was."""
    return told < ON_ITS_WAY and (refused is None or refused < call.at - told - ON_ITS_WAY)


def stubborn(ledger: Ledger) -> Iterable[Finding]:
    """I10: what was refused for good is not asked again."""
    refused: set[tuple[str, str, str, bool]] = set()
    for call in ledger.calls:
        what = (call.platform, call.method, call.about, call.last)
        if what in refused and call.about:
            yield Finding(invariant="I10", text=f"{call.method} about {call.about} again, after it was refused")
        if call.error in _NEVER_AGAIN or call.status == 401:
            refused.add(what)
    questions = Counter(asked.thread for asked in ledger.asked)
    for thread, steps in _sent(ledger.steps).items():
        for number, one in enumerate(steps):
            # Another question of the thread may follow; where there is none, nothing may.
            if one.outcome in _REFUSED_STEP and questions[thread] == 1 and steps[number + 1 :]:
                yield Finding(invariant="I10", text=f"a step of {thread} again, after {one.outcome}")


# --- What is left ----------------------------------------------------------------------------------------------------


def unhealed(ledger: Ledger) -> Iterable[Finding]:
    """I11: nothing is open any more."""
    return [Finding(invariant="I11", text=f"{one.thread}: {one.what}") for one in ledger.pending]


def greedy(ledger: Ledger) -> Iterable[Finding]:
    """I12: Discord's budgets of sessions and of refusals."""
    if ledger.identifies > IDENTIFIES:
        yield Finding(invariant="I12", text=f"{ledger.identifies} times IDENTIFY")
    refusals = sum(call.platform == "discord" and call.status in (401, 403, 429) for call in ledger.calls)
    if refusals >= REFUSALS:
        yield Finding(invariant="I12", text=f"{refusals} refusals")


def told(ledger: Ledger) -> Iterable[Finding]:
    """I16: no secret in what is posted, asked of a model, or kept on disk."""
    said = {
        "a post": "\n".join(write.text for write in ledger.writes),
        "a model's input": "\n".join(str(branch.entries) for branch in ledger.branches),
    }
    for name, secret in ledger.secrets.items():
        for place, text in said.items():
            if secret in text:
                yield Finding(invariant="I16", text=f"{name} is in {place}")
        for place, file in ledger.stores.items():
            if _holds(file, secret.encode()):
                yield Finding(invariant="I16", text=f"{name} is in {place}")


CHECKS: tuple[Check, ...] = (
    lost,
    doubled,
    misplaced,
    disordered,
    leaked,
    crooked,
    amplified,
    hasty,
    stubborn,
    unhealed,
    greedy,
    orphaned,
    told,
)


# --- How -------------------------------------------------------------------------------------------------------------


def _place(asked: Asked) -> tuple[str, str, str]:
    return asked.platform, asked.thread, asked.key


def _shown(standing: Sequence[Standing]) -> defaultdict[tuple[str, str, str], list[Standing]]:
    found: defaultdict[tuple[str, str, str], list[Standing]] = defaultdict(list)
    for post in standing:
        found[post.platform, post.thread, post.key].append(post)
    return found


def _strangers(home: dict[str, str], text: str, thread: str, where: str) -> Iterable[Finding]:
    for canary in set(_CANARY.findall(text)):
        if home.get(canary, thread) != thread:
            yield Finding(invariant="I5", text=f"{canary} of {home[canary]} in {where} of {thread}")


def _lives(writes: Sequence[Write]) -> dict[tuple[str, str, int], list[tuple[float, float]]]:
    """When messages of each part stood: from their making to their end."""
    began: dict[tuple[str, str], Write] = {}
    ended: dict[tuple[str, str], float] = {}
    for write in writes:
        message = (write.platform, write.message)
        if write.kind == "create" and write.key:
            began.setdefault(message, write)
        elif write.kind == "delete":
            ended[message] = write.at
    lives: defaultdict[tuple[str, str, int], list[tuple[float, float]]] = defaultdict(list)
    for message, write in began.items():
        lives[write.platform, write.key, write.part].append((write.at, ended.get(message, float("inf"))))
    return lives


def _beside(times: list[tuple[float, float]]) -> float:
    """For how long two of them stood at once; what still stands is counted elsewhere."""
    longest, until = 0.0, 0.0
    for start, end in sorted(times):
        both = min(end, until) - start
        if both != float("inf"):
            longest = max(longest, both)
        until = max(until, end)
    return longest


def _holds(file: Path, secret: bytes) -> bool:
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(secret) >= 0
    except (OSError, ValueError):
        # It is gone by now, or holds nothing.
        return False


def _sent(steps: Sequence[Step]) -> dict[str, list[Step]]:
    """The analyst's requests in each thread, oldest first."""
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.agent == ANALYST:
            found[step.thread].append(step)
    return found


def in_use(ledger: Ledger) -> dict[str, Branch]:
    """The branch of each thread that took its last completed step."""
    branches = {branch.id: branch for branch in ledger.branches if branch.agent == ANALYST}
    used: dict[str, Branch] = {}
    for step in ledger.steps:
        if step.outcome == "200" and step.conversation in branches:
            used[step.thread] = branches[step.conversation]
    return used


def requests_in(branch: Branch) -> int:
    """How many requests it takes to make such a branch: one for each question, one for each round of tool results."""
    takes = ("message.input", "function.result")
    kinds = [entry["type"] if entry["type"] in takes else "" for entry in branch.entries]
    return sum(kind not in ("", before) for before, kind in pairwise(["", *kinds]))
