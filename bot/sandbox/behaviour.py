"""How the sandbox behaves where it may be chosen: its pace, and what Mistral's documentation leaves open."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class Behaviour(BaseModel):
    """Pace and open questions. Seconds everywhere."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    token_delay: float = Field(default=0.0, ge=0, description="Pause after each streamed piece, a word or a few.")
    think_time: float = Field(default=0.0, ge=0, description="Pause before anything is put out.")
    inputs_stored: Literal["start", "end"] = Field(
        default="start", description="Whether inputs are in the history as soon as a run starts, or when it has ended."
    )
    restart_locked: Literal["allow", "conflict"] = Field(
        default="allow", description="Whether a conversation that is busy can be forked, or answers 409."
    )
    forks_keep_ids: bool = Field(default=True, description="Whether a fork's copied entries keep their ids.")
    fork_from_calls: bool = Field(default=True, description="Whether a fork may begin at a function call, or gets 400.")
