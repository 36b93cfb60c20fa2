"""The random campaign: many threads, deaths and faults as a seed has drawn them, then peace, then the judge."""

from __future__ import annotations

import itertools
import os
import signal
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tests.bot.processes import alive
from tests.chaos.case import SYMBOLS, Case
from tests.chaos.checker import Finding, in_use, judge, requests_in
from tests.chaos.ledger import Asked, Ledger
from tests.chaos.plan import (
    CHAT_FAULTS,
    MODEL_FAULTS,
    THREADS,
    TOOL_FAULTS,
    VICTIMS,
    Hit,
    Plan,
    Turn,
    plan,
    platform_of,
)
from tests.chaos.rig import PLATFORMS, Rig, rig
from tests.chaos.station import CALL
from tests.chaos.watch import Watch
from tests.support.doubles import Fault

IN_FLIGHT = 24
"""Questions that wait for their answers at once, at the most."""

IN_THREAD = 2
"""Those in one thread."""

NEXT = 60
"""Questions of which the next one is taken: one that waits for its thread holds no other up."""

PEACE = 60.0
"""Seconds without faults before anything is judged, at the least."""

BOUND = 180.0
"""Seconds after the last fault until a question counts as lost."""

REPORT_EVERY = 60.0
SLOW = 45.0
"""Seconds after which a question is reported with what it waits for."""

ENOUGH = 3
"""Faults of a kind of which one has to have struck."""


@dataclass(kw_only=True)
class Campaign:
    """One campaign under way."""

    rig: Rig
    plan: Plan
    watch: Watch
    cases: dict[str, Case]
    roots: list[Asked] = field(default_factory=list[Asked])
    asked: list[Asked] = field(default_factory=list[Asked])
    began: float = 0.0
    done: list[tuple[float, Hit]] = field(default_factory=list[tuple[float, Hit]])
    met: list[tuple[str, list[str], float]] = field(default_factory=list[tuple[str, list[str], float]])
    armed: list[tuple[str, Fault]] = field(default_factory=list[tuple[str, Fault]])
    steps_armed: Counter[str] = field(default_factory=Counter[str])
    waking: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    enough: bool = False
    """Whether no more is to be asked: what was asked so far is healed and judged all the same."""

    # --- Its course --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Open all threads, in peace."""
        for number in range(THREADS):
            self.roots.append(self._noted(self.cases[platform_of(number)].ask()))
            self._until(lambda: len(self.watch.open) < IN_FLIGHT, BOUND)
        self._until(lambda: not self.watch.open, BOUND)
        assert not self.watch.open, "threads could not even be opened"

    def run(self) -> None:
        """Ask all questions; hit whoever is to be hit meanwhile."""
        self.began = time.time()
        hits, told = list(self.plan.hits), self.began
        questions = iter(self.plan.turns)
        # A short one goes on until everybody has been hit once, or it would prove nothing.
        more = itertools.cycle(replace(turn, faults=()) for turn in self.plan.turns)
        waiting: list[Turn] = []
        while True:
            waiting += itertools.islice(questions, 0 if self.enough else NEXT - len(waiting))
            if self.enough or not waiting:
                if len(self.done) >= len(VICTIMS):
                    return
                waiting = waiting or [next(more)]
            self.watch.look()
            hits = self._hit(hits)
            if time.time() - told > REPORT_EVERY:
                told = time.time()
                self._tell()
            turn = self._may_follow(waiting)
            if turn is None:
                time.sleep(0.02)
                continue
            waiting.remove(turn)
            self._break(turn)
            self._ask(turn, self.roots[turn.thread])

    def heal(self) -> float:
        """Peace, until all is answered; a last question in each thread has to be answered too. Seconds it took."""
        for _, pid in self.waking:
            _wake(pid)
        self.waking.clear()
        self.rig.heal()
        healed = time.time()
        self.rig.ready()
        self._until(lambda: not self.watch.open, BOUND)
        drained = time.time() - healed
        for number, root in enumerate(self.roots):
            self._until(lambda: len(self.watch.open) < IN_FLIGHT, BOUND)
            self._ask(Turn(thread=number, symbol=number, faults=()), root)
        self._until(lambda: not self.watch.open, BOUND)
        self._until(lambda: time.time() - healed > PEACE, PEACE)
        return drained

    # --- How ---------------------------------------------------------------------------------------------------------

    def _may_follow(self, waiting: Sequence[Turn]) -> Turn | None:
        """The first of some questions that can be asked now. One that is lost holds nothing up: it is judged."""
        open_now = [one for one in self.watch.open.values() if time.time() - one.at < BOUND]
        if len(open_now) >= IN_FLIGHT:
            return None
        busy = Counter(one.thread for one in open_now)
        return next((turn for turn in waiting if busy[self.roots[turn.thread].thread] < IN_THREAD), None)

    def _ask(self, turn: Turn, root: Asked) -> None:
        case = self.cases[root.platform]
        symbol = SYMBOLS[turn.symbol % len(SYMBOLS)]
        made, _ = case.compose(f"What is {symbol}'s last close? (ref. {root.canary})", canary=root.canary)
        key = case.seat.reply(root.thread, made.text)
        self._noted(replace(made, thread=root.thread, key=key, says=symbol))

    def _noted(self, one: Asked) -> Asked:
        self.asked.append(one)
        self.watch.expect(one)
        return one

    def _break(self, turn: Turn) -> None:
        platform = platform_of(turn.thread)
        for name in turn.faults:
            if name in MODEL_FAULTS:
                self.rig.whole.sandbox.arm(**MODEL_FAULTS[name])
                self.steps_armed[name] += 1
            elif name in TOOL_FAULTS:
                self.armed.append((name, self.rig.station.fault(CALL, **TOOL_FAULTS[name])))
            else:
                how: dict[str, Any] = dict(CHAT_FAULTS[name])
                self.armed.append((f"{platform} {name}", self.cases[platform].armed(how.pop("writing"), **how)))

    def _hit(self, hits: list[Hit]) -> list[Hit]:
        now = time.time()
        for at, pid in [one for one in self.waking if one[0] <= now]:
            self.waking.remove((at, pid))
            _wake(pid)
        if not hits or now - self.began < hits[0].at:
            return hits
        hit = hits[0]
        part = self.rig.whole.run.part(hit.role)
        if part is None or not part.pid or not alive(part.pid):
            # It is away already: a little later.
            return [replace(hit, at=hit.at + 0.5), *hits[1:]]
        self.rig.note(hit.role, away=15.0 + hit.stopped)
        os.kill(part.pid, signal.SIGSTOP if hit.stopped else signal.SIGKILL)
        if hit.stopped:
            self.waking.append((now + hit.stopped, part.pid))
        self.done.append((now, hit))
        return hits[1:]

    def _until(self, condition: Any, patience: float) -> None:
        deadline = time.time() + patience
        while time.time() < deadline:
            self.watch.look()
            if condition():
                return
            time.sleep(0.05)

    def _tell(self) -> None:
        kills = Counter(hit.role for _, hit in self.done)
        struck = sum(fault.hits > 0 for _, fault in self.armed)
        print(
            f"{time.time() - self.began:7.0f} s  {len(self.asked):6} asked, {len(self.watch.over):6} answered, "
            f"{len(self.watch.open):3} open; hit: {dict(kills)}; faults struck: {struck} on chats",
            flush=True,
        )
        for one in self.watch.open.values():
            if time.time() - one.at > SLOW:
                print(
                    f"           {one.key} on {one.platform}, {time.time() - one.at:.0f} s: {self.rig.waits_for(one)}"
                )

    # --- What came of it ---------------------------------------------------------------------------------------------

    def recoveries(self) -> dict[str, list[float]]:
        """Seconds from each hit until the last question that was open then was answered, by role."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for at, hit in self.done:
            met = [
                self.watch.over[one.key] - at
                for one in self.asked
                if one.at < at and self.watch.over.get(one.key, at) > at
            ]
            if met:
                found["worker, stopped" if hit.stopped else hit.role].append(max(met))
        return found


def run_campaign(turns: int, seed: int) -> bool:
    """Run one, print what came of it; whether nothing was lost, doubled, leaked or bent, and every fault was seen."""
    drawn = plan(seed, turns)
    with rig() as made:
        watch = Watch(made)
        cases = {platform: Case(made, platform) for platform in PLATFORMS}
        campaign = Campaign(rig=made, plan=drawn, watch=watch, cases=cases)
        began = time.time()
        campaign.begin()
        with _interruptible(campaign):
            campaign.run()
        took = time.time() - campaign.began
        drained = campaign.heal()
        ledger = made.ledger(campaign.asked, since=began)
        findings = judge(ledger)
        return report(campaign, ledger, findings, took=took, drained=drained)


@contextmanager
def _interruptible(campaign: Campaign) -> Generator[None]:
    """Ctrl-C or SIGTERM ends the asking, not the judging."""

    def end(*_: object) -> None:
        campaign.enough = True

    before = [(number, signal.signal(number, end)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def report(campaign: Campaign, ledger: Ledger, findings: list[Finding], *, took: float, drained: float) -> bool:
    """The table at the end."""
    by = Counter(finding.invariant for finding in findings)
    armed, struck = Counter[str](), Counter[str]()
    for name, fault in campaign.armed:
        armed[name] += 1
        struck[name] += fault.hits > 0
    for step in ledger.steps:
        if step.fault:
            struck[f"model {step.fault}"] += 1
    kills = Counter(hit.role for _, hit in campaign.done)
    needed = sum(requests_in(branch) for branch in in_use(ledger).values())
    sent = sum(step.agent == "clew-analyst" for step in ledger.steps)
    print(f"seed {campaign.plan.seed}: {len(campaign.asked)} turns in {took:.0f} s, healed in {drained:.0f} s")
    print(f"  hit        {', '.join(f'{role} {count}' for role, count in sorted(kills.items()))}")
    print(f"  faults     {', '.join(f'{name} {count}' for name, count in sorted(struck.items()))}")
    lost, doubled = by["I1"], by["I2"]
    print(f"  lost {lost}, doubled {doubled}, misplaced {by['I3']}, leaked {by['I5']}, not linear {by['I6']}")
    print(f"  model      {sent} requests for {needed} steps: {sent / max(1, needed):.3f} a step")
    for role, seconds in sorted(campaign.recoveries().items()):
        ordered = sorted(seconds)
        last = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
        print(f"  recovery   {role:16} n {len(ordered):3}  p50 {statistics.median(ordered):5.1f} s  p95 {last:5.1f} s")
    for finding in findings[:50]:
        print(f"  {finding.invariant}: {finding.text}")
    # What was switched on at the very end had nothing left to strike.
    missed = [name for name, count in armed.items() if count >= ENOUGH and not struck[name]]
    if campaign.steps_armed.total() >= ENOUGH and not any(name.startswith("model") for name in struck):
        missed.append("the model")
    missed += [role for role in VICTIMS if not kills[role]]
    if missed:
        print(f"  never struck: {', '.join(missed)}")
    well = not findings and not missed
    print("  green" if well else "  not hit: it proves nothing" if not findings else "  RED", flush=True)
    return well


def _wake(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
