"""One row on one platform: asking, breaking, and proving that it was hit."""

from __future__ import annotations

import itertools
import secrets
import signal as signals
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.errors import PlainError
from bot.platforms.discord.messages import read_mark
from bot.platforms.slack.values import ANSWER
from tests.bot.processes import alive, eventually
from tests.chaos.checker import CANARY_DIGITS, Finding, judge
from tests.chaos.ledger import OVER, PARKED, Asked, Json
from tests.chaos.rig import PLATFORMS, Rig
from tests.chaos.station import CALL
from tests.discord.values import parts_of
from tests.e2e.chats.seat import Seat, Shown
from tests.support.doubles import Fault, Kind, When

PATIENCE = 90.0
"""Seconds after the last fault until a question counts as lost: the recovery bound of the invariants."""

NEVER = "row"
"""In a finding's place of an invariant: what a row waited for never came true."""

SYMBOLS = ("AAPL", "IBM", "MSFT", "GOOG", "FB")

Writing = Literal["post", "edit", "delete", "read"]
Matching = Callable[[Json], bool]

_ROUTES: dict[str, dict[str, str]] = {
    "slack": {
        "post": "chat.postMessage",
        "edit": "chat.update",
        "delete": "chat.delete",
        "read": "conversations.replies",
    },
    "discord": {
        "post": "POST /channels/{channel}/messages",
        "edit": "PATCH /channels/{channel}/messages/{message}",
        "delete": "DELETE /channels/{channel}/messages/{message}",
        "read": "GET /channels/{channel}/messages",
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What came of a case. `missed`: which faults never struck; such a case proves nothing."""

    findings: tuple[Finding, ...]
    missed: tuple[str, ...]
    seconds: float

    @property
    def unproven(self) -> bool:
        """Whether something never came true that had to be struck, and no invariant is broken."""
        return not self.red - {NEVER} and bool(self.missed or self.findings)

    @property
    def red(self) -> frozenset[str]:
        """The invariants that do not hold."""
        return frozenset(finding.invariant for finding in self.findings)


class Case:
    """One run of one row. What it asks is judged, and each `hit` has to be true in the end."""

    def __init__(self, rig: Rig, platform: str, *, patience: float = PATIENCE) -> None:
        self.rig = rig
        self.platform = platform
        self.patience = patience
        self.seat: Seat = rig.seat(platform)
        self.asked: list[Asked] = []
        self.wait: float | None = None
        self.gone = 0
        self.began = time.time()
        self.claims: list[Finding] = []
        self._hits: list[tuple[str, Callable[[], bool]]] = []
        self._symbols = itertools.cycle(SYMBOLS)

    # --- Asking ------------------------------------------------------------------------------------------------------

    def ask(self, *, expected: tuple[str, ...] = ("final",), text: str = "", says: bool = True) -> Asked:
        """Alice mentions Clew in the channel: a new thread."""
        made, symbol = self.compose(text)
        key = self.seat.mention(made.text)
        return self.accepted(replace(made, thread=key, key=key, expected=expected, says=symbol if says else ""))

    def follow(self, first: Asked, *, expected: tuple[str, ...] = ("final",)) -> Asked:
        """Bob says something in a thread."""
        if self.platform == "discord":
            # Who asked has to have a thread before anybody can say something in it.
            self.placeholder(first)
        made, symbol = self.compose("", canary=first.canary)
        key = self.seat.reply(first.thread, made.text)
        return self.accepted(replace(made, thread=first.thread, key=key, expected=expected, says=symbol))

    def compose(self, text: str, *, canary: str = "") -> tuple[Asked, str]:
        """A question that nobody asked yet, and the symbol that it is about."""
        canary = canary or f"{secrets.randbelow(10**CANARY_DIGITS):0{CANARY_DIGITS}}"
        symbol = next(self._symbols)
        text = text or f"What is {symbol}'s last close? (ref. {canary})"
        one = Asked(
            platform=self.platform, channel=self.channel, thread="", key="", text=text, canary=canary, at=time.time()
        )  # fmt: skip
        return one, symbol

    def accepted(self, one: Asked) -> Asked:
        """It counts from now on."""
        self.asked.append(one)
        return one

    def change(self, one: Asked, **fields: Any) -> Asked:
        """It counts otherwise from now on."""
        new = replace(one, **fields)
        self.asked[self.asked.index(one)] = new
        return new

    @property
    def channel(self) -> str:
        """Where questions are asked."""
        return str(getattr(self.seat, "channel", ""))

    # --- Breaking ----------------------------------------------------------------------------------------------------

    def fault(
        self, writing: Writing, kind: str, *, when: str = "after", role: str = "", outcome: bool = False, **how: Any
    ) -> Fault:
        """Let a write of the platform fail; `outcome`: an edit that shows an outcome; `role`: who is sent a signal."""
        if role:
            how["pid"] = self.victim(role)
        if outcome:
            how["matching"] = shows_outcome
        made = self._board.fault(_ROUTES[self.platform][writing], kind, when=when, **how)
        self.hit(f"{kind}@{when} of {writing}", lambda: made.hits >= how.get("times", 1))
        return made

    def armed(self, writing: str, kind: str, **how: Any) -> Fault:
        """Let a write, or the delivery of a message (`event`), fail; nothing has to be proven of it."""
        if writing != "event":
            return self._board.fault(_ROUTES[self.platform][writing], kind, **how)
        if self.platform == "slack":
            return self._board.fault("socket", kind, event="message", **how)
        return self._board.fault("gateway", kind, event="MESSAGE_CREATE", **how)

    def event_fault(self, event: str, kind: str, *, when: str = "after", role: str = "", **how: Any) -> Fault:
        """Let the delivery of one of the platform's events fail."""
        if role:
            how["pid"] = self.victim(role)
        route = "socket" if self.platform == "slack" else "gateway"
        made = self._board.fault(route, kind, when=when, event=event, **how)
        self.hit(f"{kind}@{when} of {event}", lambda: made.hits > 0)
        return made

    def step_fault(self, *, role: str = "", **fault: Any) -> None:
        """Let a step of the model fail; `role`: who is killed by it."""
        times = max(1, int(fault.get("times", 1)))
        if role:
            fault["pid"] = self.rig.whole.pid(role)
            self.rig.note(role, away=PATIENCE)
            self.hit(f"{role} was killed", lambda: not alive(fault["pid"]))
        self.rig.whole.sandbox.arm(**fault)
        armed = self.rig.whole.sandbox
        self.hit(f"{fault.get('kind')} of a step", lambda: armed.struck() >= times)

    def tool_fault(
        self, kind: Kind, *, when: When = "before", role: str = "", method: str = CALL, always: bool = False, **how: Any
    ) -> None:
        """Let a request to the tool server fail on its way, or all of them; `role`: who is sent a signal."""
        if role:
            how["pid"] = self.victim(role)
        made = self.rig.station.fault(method, kind, when=when, times=sys.maxsize if always else 1, **how)
        self.hit(f"{kind}@{when} of {method}", lambda: made.hits > 0)

    def victim(self, role: str) -> Callable[[], int]:
        """Who plays a role when the fault strikes; that it died has to be proven."""
        struck: list[int] = []

        def pid() -> int:
            self.rig.note(role)
            struck.append(self.rig.whole.pid(role))
            return struck[-1]

        self.hit(f"{role} was hit", lambda: bool(struck))
        return pid

    def killed(self, role: str) -> int:
        """SIGKILL who plays a role, now."""
        pid = self.rig.kill(role)
        self.hit(f"{role} was killed", lambda: not alive(pid))
        return pid

    def must(self, invariant: str, holds: bool, text: str) -> None:
        """Something that no ledger holds, and that has to be so."""
        if not holds:
            self.claims.append(Finding(invariant=invariant, text=text))

    def beside(self) -> Case:
        """The same case on the other platform."""
        [other] = [name for name in PLATFORMS if name != self.platform]
        made = Case(self.rig, other, patience=self.patience)
        made.asked, made._hits = self.asked, self._hits
        return made

    def hit(self, what: str, proof: Callable[[], bool]) -> None:
        """Something that has to be seen to be true before faults end, or this case proves nothing."""
        proven: list[bool] = []

        def ever() -> bool:
            if not proven and proof():
                proven.append(True)
            return bool(proven)

        self._hits.append((what, ever))

    # --- Waiting -----------------------------------------------------------------------------------------------------

    def shown(self, one: Asked) -> list[Shown]:
        """Its answer as it stands."""
        return self.rig.seat(one.platform).answers(one.thread, one.key)

    def is_over(self, one: Asked) -> bool:
        """Whether it has its outcome."""
        return any(shown.state in OVER for shown in self.shown(one))

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something."""
        eventually(condition, what, self.patience)

    def placeholder(self, one: Asked) -> Shown:
        """Wait for the first sign of an answer."""
        self.until(lambda: bool(self.shown(one)), f"a placeholder of {one.key}")
        return self.shown(one)[0]

    def over(self, *asked: Asked) -> None:
        """Wait for outcomes."""
        for one in asked:
            self.until(lambda one=one: self.is_over(one), f"an outcome of {one.key}")

    def struck(self) -> None:
        """Wait until all that was armed has struck."""
        self.until(lambda: not self.missed(), "the faults strike")

    def missed(self) -> tuple[str, ...]:
        """What has not struck."""
        return tuple(what for what, proof in self._hits if not proof())

    # --- Judging -----------------------------------------------------------------------------------------------------

    def verdict(self) -> Verdict:
        """Wait for the faults, heal, wait for outcomes, and judge."""
        deadline = time.monotonic() + self.patience
        while self.missed() and time.monotonic() < deadline and not self._all_done():
            time.sleep(0.02)
        missed = self.missed()
        self.rig.heal()
        deadline = time.monotonic() + self.patience
        while not self._all_over() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.rig.ready()
        # Who died after an outcome was shown has left something to do again.
        deadline = time.monotonic() + self.patience
        while not self.rig.still(self.asked) and time.monotonic() < deadline:
            time.sleep(0.05)
        findings = judge(self.rig.ledger(self.asked, since=self.began, wait=self.wait, gone=self.gone))
        return Verdict(findings=(*self.claims, *findings), missed=missed, seconds=time.time() - self.began)

    def _all_done(self) -> bool:
        """Whether nothing more can be struck."""
        if not self._all_over():
            return False
        try:
            return self.rig.still(self.asked)
        except PlainError:
            # Temporal is away.
            return False

    def _all_over(self) -> bool:
        return all(self.is_over(one) for one in self.asked if one.expected and PARKED not in one.expected)

    @property
    def _board(self) -> Any:
        return self.rig.slack.slack if self.platform == "slack" else self.rig.discord.discord


def shows_outcome(arguments: Json) -> bool:
    """Whether a write's arguments show an answer's outcome."""
    return state_in(arguments) in OVER


def state_in(arguments: Json) -> str:
    """The state of the answer in a write's arguments; empty where there is none."""
    metadata: Json = arguments.get("metadata") or {}
    if metadata.get("event_type") == ANSWER:
        return str(metadata["event_payload"].get("state", ""))
    for part in parts_of(arguments.get("components")):
        its = read_mark(str(part.get("custom_id", "")))
        if its is not None:
            return its.state
    return ""


SIGKILL, SIGSTOP, SIGTERM = signals.SIGKILL, signals.SIGSTOP, signals.SIGTERM
