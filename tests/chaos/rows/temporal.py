"""C: the worker, Temporal, and everything at once."""

from __future__ import annotations

import os
import signal

from temporalio.api.enums.v1 import PendingWorkflowTaskState

from tests.bot.processes import alive
from tests.chaos.case import Case
from tests.chaos.ledger import Asked
from tests.chaos.rows.table import Rows

ROWS = Rows()

_LONG_THREAD = 18
"""Questions after which a thread has been continued as new."""


def task_begun(case: Case, one: Asked) -> bool:
    """Whether a worker was given a workflow task of a question's conversation."""
    found = case.rig.conversation(one)
    started = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED
    return found is not None and found.pending_workflow_task.state == started


@ROWS.row("C1", "the worker is killed inside a workflow task")
def killed_in_task(case: Case) -> None:
    first = case.ask()
    case.over(first)
    case.until(lambda: case.rig.quiet(first), "the first turn is over")
    with case.rig.stopped("worker") as worker:
        one = case.follow(first)
        case.until(lambda: task_begun(case, one), "the workflow task is given out")
        os.kill(worker, signal.SIGKILL)
    case.hit("a workflow task timed out", lambda: case.rig.timed_out(one))
    case.hit("worker was killed", lambda: not alive(worker))
    case.struck()


@ROWS.row("C2", "the worker is stopped for longer than its heartbeat while a step runs, then goes on")
def zombie(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask()
    case.struck()
    case.placeholder(one)
    case.until(lambda: case.rig.doing(one, "run_step"), "the step runs")
    with case.rig.stopped("worker"):
        case.hit("the step was given up", lambda: not case.rig.doing(one, "run_step"))
        case.struck()
        # What it was sent is stored while it sleeps.
        case.rig.whole.sandbox.clear()


@ROWS.row("C2-two", "a worker is stopped right before it posts; another one takes over, and then it goes on", slow=True)
def zombie_posts(case: Case) -> None:
    other = case.rig.whole.start_worker()
    try:
        # The first post is refused, so the second attempt looks first: that is where it is stopped.
        case.fault("post", "status", when="before", status=503)
        look = case.fault("read", "hold")
        one = case.ask()
        case.struck()
        zombie = case.rig.worker_of(one, "post_answer")
        case.rig.note("worker", away=case.patience)
        os.kill(zombie, signal.SIGSTOP)
        try:
            look.release()
            case.over(one)
        finally:
            os.kill(zombie, signal.SIGCONT)
        # It has gone on when it takes work again, which its platform's queue alone gives it.
        case.over(*[case.ask() for _ in range(4)])
    finally:
        other.kill()
        other.wait()


@ROWS.row("C3", "Temporal is killed as the bot is told of a question")
def temporal_killed(case: Case) -> None:
    case.event_fault("app_mention" if case.platform == "slack" else "MESSAGE_CREATE", "signal", role="temporal")
    case.ask()


@ROWS.row("C3-step", "Temporal is killed while a step runs")
def temporal_killed_in_step(case: Case) -> None:
    case.step_fault(kind="kill", role="temporal", when="before")
    case.ask()


@ROWS.row("C4", "Temporal is away while people ask; what waits is answered once it is there")
def temporal_away(case: Case) -> None:
    other = case.beside()
    with case.rig.stopped("temporal"):
        asked = [each.ask() for _ in range(3) for each in (case, other)]
        slack = case.rig.slack.slack
        keys = {one.key for one in asked if one.platform == "slack"}
        case.hit("they came again", lambda: any(one.attempts > 1 for one in slack.envelopes if one.ts in keys))
        case.struck()


@ROWS.row("C7", "a long thread is continued as new, and an old message comes again", platforms=("slack",), slow=True)
def continued(case: Case) -> None:
    first = case.ask()
    case.over(first)
    run = case.rig.conversation(first).workflow_execution_info.execution.run_id
    slack = case.rig.slack.slack
    for _ in range(_LONG_THREAD):
        said = case.follow(first)
        case.until(lambda said=said: slack.acked(said.key), "it is taken")
    case.over(*case.asked)
    case.hit(
        "it was continued as new",
        lambda: case.rig.conversation(first).workflow_execution_info.execution.run_id != run,
    )
    case.struck()
    slack.redeliver(ts=case.asked[1].key, new_event_id=True)
    case.over(case.follow(first))


@ROWS.row("C10-worker", "the worker is asked to end while a step runs")
def worker_ended(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    case.ask()
    case.struck()
    worker = case.rig.whole.pid("worker")
    case.rig.note("worker")
    os.kill(worker, signal.SIGTERM)
    case.rig.whole.sandbox.clear()
    case.hit("worker ended", lambda: not alive(worker))


@ROWS.row("C10-bot", "the bot is asked to end while people ask")
def bot_ended(case: Case) -> None:
    bot = case.rig.whole.pid("bot")
    case.rig.note("bot")
    asked = [case.ask()]
    os.kill(bot, signal.SIGTERM)
    asked += [case.ask(), case.ask()]
    case.hit("bot ended", lambda: not alive(bot))


@ROWS.row("C12", "every process is killed at once while a step runs")
def all_killed(case: Case) -> None:
    case.step_fault(kind="hold", times=0)
    one = case.ask()
    case.struck()
    case.placeholder(one)
    run = case.rig.whole.run
    case.rig.kill_everything()
    for pid in (run.supervisor, *(part.pid for part in run.parts)):
        case.rig.eventually_dead(pid)
    case.rig.whole.sandbox.clear()
    case.rig.start_again()
