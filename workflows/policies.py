"""Timeouts and retry policies, one per port, and the worker's own.

What a restart costs is decided here. After `kill -9` of the only worker, an activity is given up when its heartbeat
is missed (`HEARTBEAT`), the next workflow task first waits on the dead worker's sticky queue (`STICKY`), and a task
that was being worked on waits for `WORKFLOW_TASK_TIMEOUT`. Each is as short as a busy two-core machine bears.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

from workflows import ports

HEARTBEAT = timedelta(milliseconds=1600)
"""Silence after which a running activity is given up. A busy worker may be late with a heartbeat or two; where it was
alive after all, the model is asked once more, and nothing else."""

HEARTBEAT_THROTTLE = timedelta(milliseconds=400)
"""How often heartbeats travel, hence how soon a stop reaches a running activity."""

STICKY = timedelta(milliseconds=400)
WORKFLOW_TASK_TIMEOUT = timedelta(seconds=3)
"""Above the replay of the longest history (0.74 ms an event, `HISTORY_LIMIT` events and one turn)."""

WORKFLOW_THREADS = 8
"""Workflow tasks that one worker works on at once. They compute and never wait, so more would only share the cores."""

CACHED = 500
"""Conversations that one worker keeps at hand, at some 115 KiB each. Any other is replayed once it goes on."""

GRACE = timedelta(seconds=20)
"""SIGTERM: running activities may finish, so that no model call is paid twice."""

HISTORY_LIMIT = 400
"""Events after which a conversation continues as new between two turns: replay is what a restart pays."""

LETTING_GO = timedelta(seconds=60)
"""Past its turn's deadline, how long a research workflow may take to let go of what it runs."""

STEP_TRIES = 5
"""POSTs to Mistral for one step, whatever happens."""

UNUSABLE_TRIES = 3
"""Complete replies to one step that could not be used: a model that fails thrice fails again."""

STEP_BACKOFF = (0.0, 2.0, 8.0, 30.0)
"""Seconds before the next try of a step of unknown outcome."""

BUSY_BACKOFF = (2.0, 8.0, 32.0, 90.0)
"""Seconds before the next try of a refused step when we were not told how long to wait."""

UNSENT_BACKOFF_LIMIT = 30.0
"""Seconds, at most, between two tries of a request that never left us; such tries end with the turn's deadline."""

CALLS_PER_STEP = 16
"""Tool calls of one model step that are carried out; more are refused in words the model can read."""

CITATIONS = 50
"""Web sources that one answer names."""

TIDYING_TRIES = 3
"""Tries at deleting branches that nobody refers to; what is left costs money, never meaning."""

TIDYING_WAIT = 10.0
"""Seconds for which they are let be where we are told to, and then tried again; told more, they are left."""

LOST_STEP = 2_000
"""Tokens, at the least, that are booked for a step of unknown cost: one whose reply was cut, or never came."""

HEADROOM = 2
"""Times the largest turn of its kind so far that are kept free for a turn, where its asker has others under way."""

UNCLAIMED = 60.0
"""Seconds for which a place is kept for a turn that was told to take it: it may have been stopped meanwhile."""

BOOKED_WITHIN = 3600.0
"""Seconds beyond its deadline after which a turn that was never booked gives its place up."""

SEEN_LIMIT = 500
"""Message ids remembered per conversation, over continue-as-new too."""

ASK_AGAIN = timedelta(minutes=10)
"""How long a paused turn waits to be told to go on before it asks again: the pause may have been terminated."""

WAITING_LIMIT = 5_000
"""Conversations that a pause remembers, about 70 bytes each: continue-as-new carries them in one payload."""

RELEASED_AT_ONCE = 8
RELEASE_EVERY = timedelta(milliseconds=500)
"""After a pause, how many turns begin at once, and how long until the next ones: a provider that was broken just now
is not met by all of them in the same second."""

TURNS_KEPT = 10
"""Finished turns a conversation remembers. Only the last one can be tried again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """How one activity is called."""

    start_to_close: timedelta
    retry: RetryPolicy
    schedule_to_close: timedelta | None = None
    heartbeat: timedelta | None = HEARTBEAT
    cancellation: ActivityCancellationType = ActivityCancellationType.TRY_CANCEL

    def options(self) -> dict[str, Any]:
        """Keyword arguments of `workflow.execute_activity`."""
        return {
            "start_to_close_timeout": self.start_to_close,
            "schedule_to_close_timeout": self.schedule_to_close,
            "heartbeat_timeout": self.heartbeat,
            "retry_policy": self.retry,
            "cancellation_type": self.cancellation,
        }


ONCE = RetryPolicy(maximum_attempts=1)
PATIENT = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10))
# What is waited out is a restart of the tool server: doubling would sleep past its end.
STEADY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=1.25, maximum_interval=timedelta(seconds=10)
)

_POLICIES: dict[str, Policy] = {
    # An append of unknown outcome must never be repeated by Temporal: `workflows.branch` forks instead.
    ports.run_step.__name__: Policy(
        start_to_close=timedelta(minutes=10),
        retry=ONCE,
        cancellation=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ),
    ports.begin_turn.__name__: Policy(start_to_close=timedelta(seconds=60), retry=STEADY),
    # Without an end: what was spent is written down, however long no worker was there. What may fail in it gives up.
    ports.end_turn.__name__: Policy(start_to_close=timedelta(seconds=30), retry=PATIENT),
    ports.call_tool.__name__: Policy(start_to_close=timedelta(seconds=45), retry=STEADY),
    ports.resolve_symbol.__name__: Policy(start_to_close=timedelta(seconds=45), retry=STEADY),
    ports.check_report.__name__: Policy(start_to_close=timedelta(seconds=30), retry=PATIENT),
    ports.compose_report.__name__: Policy(start_to_close=timedelta(seconds=30), retry=PATIENT),
    ports.compose_answer.__name__: Policy(start_to_close=timedelta(seconds=30), retry=PATIENT),
    # One call may wait inside a platform's SDK; past that the attempt gives up before it can write late.
    ports.open_thread.__name__: Policy(start_to_close=timedelta(seconds=60), retry=PATIENT),
    ports.start_conversation.__name__: Policy(start_to_close=timedelta(seconds=30), retry=PATIENT),
    ports.post_answer.__name__: Policy(start_to_close=timedelta(seconds=60), retry=PATIENT),
    ports.finish_answer.__name__: Policy(start_to_close=timedelta(seconds=120), retry=PATIENT),
    ports.withdraw.__name__: Policy(
        start_to_close=timedelta(seconds=60), schedule_to_close=timedelta(minutes=10), retry=PATIENT
    ),
    ports.read_thread.__name__: Policy(
        start_to_close=timedelta(seconds=60), schedule_to_close=timedelta(minutes=3), retry=PATIENT
    ),
    ports.show_progress.__name__: Policy(
        start_to_close=timedelta(seconds=10), schedule_to_close=timedelta(seconds=15), retry=ONCE
    ),
}


def policy_of(port: Callable[..., Any]) -> Policy:
    """The policy of a port."""
    return _POLICIES[port.__name__]
