"""C5, C6: another build of the workflow code takes over conversations that are open."""

from __future__ import annotations

from tests.bot.processes import alive, eventually
from tests.chaos.case import Case
from tests.chaos.deploys import clew, marked, stuck_in, terminate, tried, unfit_for, workers_of
from tests.chaos.injected import Injected
from tests.chaos.ledger import Asked
from tests.chaos.rows.table import Rows

ROWS = Rows()

_TRIES = 7
"""Tries of a workflow task after which a server that was left to itself would wait 40 s for the next, then 80."""

_FELT = 30.0
"""Seconds from a rollback to the last answer, the worker's own start included."""

_SIDE_BY_SIDE = 4
"""Threads over which two builds work, beside one that is older than the newer build."""


def rest(case: Case, *asked: Asked) -> None:
    """Wait until nothing is under way in the questions' threads."""
    case.over(*asked)
    for one in asked:
        case.until(lambda one=one: case.rig.quiet(one), f"the turns of {one.thread} are over")


@ROWS.row("C5", "a build that does not fit open conversations is deployed, and rolled back", slow=True)
def unfit(case: Case) -> None:
    rig = case.rig
    idle = case.ask()
    rest(case, idle)
    case.step_fault(kind="hold", on="start", times=0)
    busy = case.ask()
    case.struck()
    case.placeholder(busy)
    rig.injected.build("unfit")
    try:
        rig.started_anew("worker")
        rig.whole.sandbox.clear()
        # Questions are taken all the same: where there is a history, in mid-turn, and where nothing was before.
        waiting = [case.follow(idle), case.follow(busy)]
        begun = case.ask()
        rest(case, begun)
        for one in waiting:
            case.hit(f"the code does not fit {one.thread}", lambda one=one: unfit_for(rig, one))
        case.struck()
        # Where catching up is told by no worker what was heard, it hands over all of it: others may be stuck too.
        wanted = {(rig.workflow_id(one), "NonDeterministicError") for one in waiting}
        case.until(
            lambda: wanted <= stuck_in(rig).items(), "`clew status` tells which conversations cannot go on, and why"
        )
        case.until(lambda: min(tried(rig, one) for one in waiting) >= _TRIES, f"it was tried {_TRIES} times")
        case.must("C5", not any(map(case.is_over, (busy, *waiting))), "a build that does not fit has answered")
    finally:
        rig.injected.build("")
        rig.started_anew("worker")
    eventually(lambda: all(map(case.is_over, (busy, *waiting))), "the rollback is felt", _FELT)
    # What the unfit build has begun fits no other one.
    terminate(rig, begun)
    case.until(lambda: not stuck_in(rig), "`clew status` tells of no trouble any more")


@ROWS.row("C6", "two builds of the workflow code work at once, and either is killed while people ask", slow=True)
def two_builds(case: Case) -> None:
    rig = case.rig
    old = case.ask()
    rest(case, old)
    newer = Injected(rig.whole.directory / "newer")
    newer.build("patched")
    beside = rig.whole.start_worker(newer.environment)
    builds = rig.whole.pid("worker"), beside.pid
    try:
        heads = [old, *(case.ask() for _ in range(_SIDE_BY_SIDE))]
        case.follow(old)
        case.over(*case.asked)
        case.hit("both builds worked", lambda: workers_of(rig, heads) >= set(builds))
        # The older one is killed and comes back as it was: what it had under way falls to the newer one meanwhile.
        before = rig.kill("worker")
        for one in heads:
            case.follow(one)
        rig.whole.replaced("worker", before)
        case.over(*case.asked)
        case.hit("changed code has run", lambda: any(marked(rig, one) for one in heads))
        # The newer one is killed: what it had begun is tried by the older one too, which it does not fit.
        rig.note("worker", away=case.patience)
        beside.kill()
        beside.wait()
        case.hit("the newer build was killed", lambda: not alive(builds[1]))
        for one in heads:
            case.follow(one)
        beside = rig.whole.start_worker(newer.environment)
        case.over(*case.asked)
        # The older one goes for good.
        rig.injected.build("patched")
        rig.started_anew("worker")
        for one in heads:
            case.follow(one)
        rest(case, *case.asked)
        code, printed = clew(rig, "replay", injected=newer)
        case.must("I15", code == 0, f"`clew replay` of the newer build: {printed}")
        unfit = Injected(rig.whole.directory / "unfit")
        unfit.build("unfit")
        code, printed = clew(rig, "replay", injected=unfit)
        case.must("C6", code == 1 and rig.workflow_id(old) in printed, f"`clew replay` finds nothing unfit: {printed}")
    finally:
        beside.kill()
        beside.wait()
        rig.injected.build("")
        rig.started_anew("worker")
