"""Who answers what: by the structured output that is wanted, else by the agent's name, else the analyst."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.sandbox.brain import analyst, fundamentals, planner, prices, reviser, risk, search, verifier, writer
from bot.sandbox.brain.gullible import followed
from bot.sandbox.brain.reading import question
from bot.sandbox.brain.thought import Output, Say, Situation

Role = Callable[[Situation], Sequence[Output]]

_PREFIX = "clew-"
_BY_NAME: Mapping[str, Role] = {
    "planner": planner.think,
    "search": search.think,
    "prices": prices.think,
    "fundamentals": fundamentals.think,
    "risk": risk.think,
    "verifier": verifier.think,
}


class RuleBrain:
    """The sandbox's own brain. A gullible one also does what the text that it reads tells it to."""

    def __init__(self, *, gullible: bool = False) -> None:
        self._gullible = gullible

    def think(self, situation: Situation) -> Sequence[Output]:
        """What the agent puts out now."""
        outputs = self._role(situation)(situation)
        return followed(situation, outputs) if self._gullible else outputs

    def _role(self, situation: Situation) -> Role:
        match situation.schema:
            case "Plan":
                return planner.think
            case "Report":
                return reviser.think if reviser.is_revision(question(situation)) else writer.think
            case "Verdict":
                return verifier.think
            case "":
                name = situation.agent.removeprefix(_PREFIX)
                return _BY_NAME.get(name, analyst.think) if situation.agent.startswith(_PREFIX) else analyst.think
            case _:
                return _nothing


def _nothing(_: Situation) -> Sequence[Output]:
    """The rules know no other schema."""
    return (Say(text="{}"),)
