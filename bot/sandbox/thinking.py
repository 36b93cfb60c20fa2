"""The sandbox's own brain behind the port that the server asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.brain.protocol import Brain, Call, Prompted, Reply


def rule_brain(*, gullible: bool = False) -> Brain:
    """The rules. Gullible ones also do what the text that they read tells them to."""
    # Imported here, so that a server with another brain needs none of the rules.
    from bot.sandbox.brain.rules import RuleBrain  # noqa: PLC0415

    brain: Any = RuleBrain(gullible=True) if gullible else RuleBrain()
    return brain if hasattr(brain, "reply") else Thinking(brain=brain)


@dataclass(frozen=True, kw_only=True, slots=True)
class Thinking:
    """Rules that think about a situation, behind the port. Searches are the server's own: it runs them itself."""

    brain: Any

    def reply(self, prompted: Prompted) -> Reply:
        """The calls to make now, or the text to put out."""
        from bot.sandbox.brain.thought import Call as Thought  # noqa: PLC0415
        from bot.sandbox.brain.thought import Say, Situation  # noqa: PLC0415

        outputs = self.brain.think(
            Situation(
                agent=prompted.agent_name,
                functions={name: {} for name in prompted.tools},
                built_in=frozenset(prompted.builtin_tools),
                schema=prompted.schema,
                entries=prompted.entries,
                instructions=prompted.instructions,
            )
        )
        return Reply(
            text="\n\n".join(output.text for output in outputs if isinstance(output, Say)),
            calls=tuple(
                Call(name=output.name, arguments=output.arguments) for output in outputs if isinstance(output, Thought)
            ),
        )
