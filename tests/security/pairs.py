# pyright: basic
# agentdojo is no dependency of the project: it comes with `uv run --with` alone, and so do its types.
"""agentdojo's pairs of a task and an injection, under each of its attacks. The only module that knows it."""

from __future__ import annotations

import builtins
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

VERSION = "v1.2.2"
_MODEL = "gpt-4o-2024-05-13"
"""A name that agentdojo's attacks can address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One user's task and what an attacker wants instead, with the calls that would do it."""

    name: str
    goal: str
    calls: tuple[tuple[str, dict[str, Any]], ...]
    texts: dict[str, str]
    """What is injected, by attack."""


def all_pairs() -> Sequence[Pair]:
    """All pairs, in agentdojo's order."""
    from agentdojo.agent_pipeline import GroundTruthPipeline  # pyright: ignore[reportMissingImports]
    from agentdojo.attacks.attack_registry import ATTACKS  # pyright: ignore[reportMissingImports]
    from agentdojo.task_suite.load_suites import get_suites  # pyright: ignore[reportMissingImports]

    suites: Any = get_suites(VERSION)
    attacks: Any = ATTACKS
    found: list[Pair] = []
    for suite_name, suite in suites.items():
        pipeline: Any = GroundTruthPipeline(None)
        pipeline.name = _MODEL
        made = {name: attack(suite, pipeline) for name, attack in attacks.items()}
        for attack in made.values():
            # Our own tool results are what is poisoned: where agentdojo's would be does not matter.
            attack.get_injection_candidates = lambda _task: ["ours"]
        environment = suite.load_and_inject_default_environment({})
        for task_name, task in suite.user_tasks.items():
            for goal_name, goal in suite.injection_tasks.items():
                calls = tuple((call.function, dict(call.args)) for call in goal.ground_truth(environment))
                with _typed(goal.GOAL):
                    texts = {name: _text(attack, task, goal) for name, attack in made.items()}
                found.append(
                    Pair(
                        name=f"{suite_name}/{task_name}/{goal_name}",
                        goal=goal.GOAL,
                        calls=calls,
                        texts={name: text for name, text in texts.items() if text},
                    )
                )
    return found


def _text(attack: Any, task: Any, goal: Any) -> str:
    try:
        return str(attack.attack(task, goal)["ours"])
    except ValueError:
        # Some goals have no calls that the attack could spell out.
        return ""


@contextmanager
def _typed(text: str) -> Generator[None]:
    """The attack `manual` asks a person, who types the goal."""
    before = builtins.input
    builtins.input = lambda *_: text
    try:
        yield
    finally:
        builtins.input = before
