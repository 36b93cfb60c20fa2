"""Raw text of a model, through the real rendering, to what each platform would be sent; and what is wrong with that."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bot.links import settled
from bot.platforms.discord.blocks import components_of
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.slack.blocks import blocks_of, fallback_of
from bot.platforms.slack.calls import build_client
from bot.platforms.slack.platform import SlackPlatform
from bot.rendering import harmless
from tests.security.judge import discord_faults, slack_faults
from workflows.blobs import BlobStore
from workflows.contracts import Answer, AnswerState, BlobRef, Chart, LineState, Metric, ProgressLine, Source

Json = dict[str, Any]

HINT = "Try again."
CHART = Chart(image=BlobRef(key="0" * 64, size=1, media_type="image/png"), title="", alt="")


def everywhere(text: str) -> list[Answer]:
    """An answer in each of its states, with a text in every place that a model or a tool can fill.

    The address of a source is none of them: it is what a search cites, never what a model writes.
    """
    full = Answer(
        key="t1",
        state=AnswerState.FINAL,
        headline=text,
        text=text,
        notices=(text,),
        metrics=(Metric(label=text, value=text, as_of=text, currency=text, source=text, verified=False),),
        chart=Chart(image=CHART.image, title=text, alt=text, as_of=text),
        sources=(Source(title=text, as_of=text, currency=text, note=text),),
        gaps=(text,),
        follow_ups=(text,),
    )
    lines = (ProgressLine(id="a", label=text, state=LineState.RUNNING, detail=text),)
    others = [Answer(key="t1", state=state, text=text, lines=lines) for state in AnswerState]
    return [full, *others]


def slack_payloads(answer: Answer, blobs: BlobStore) -> list[Json]:
    """All that Slack would be sent of an answer, the streamed text included."""
    platform = SlackPlatform(build_client("xoxb-none", "http://127.0.0.1:1/"), blobs)
    parts: list[Json] = [
        {"text": fallback_of(part, retry_hint=HINT), "blocks": blocks_of(part, retry_hint=HINT, image="F1")}
        for part in platform.split(answer)
    ]
    return [*parts, {"chunks": [{"type": "markdown_text", "text": harmless(settled(answer.text))}]}]


def discord_payloads(answer: Answer, blobs: BlobStore) -> list[Json]:
    """All that Discord would be sent of an answer."""
    platform = DiscordPlatform(Rest("none"), blobs)
    return [
        {
            "flags": 1 << 15 | 1 << 2,
            "allowed_mentions": {"parse": []},
            "components": components_of(part, mark="0" * 24, retry_hint=HINT, image="chart.png"),
        }
        for part in platform.split(answer)
    ]


def faults_of(answer: Answer, blobs: BlobStore, *, given: Collection[str] = (), canary: str = "") -> list[str]:
    """What is wrong on either platform."""
    slack = [
        fault
        for sent in slack_payloads(answer, blobs)
        for fault in slack_faults("chat.update", sent, given=given, canary=canary)
    ]
    discord = [
        fault for sent in discord_payloads(answer, blobs) for fault in discord_faults(sent, given=given, canary=canary)
    ]
    return [*(f"Slack: {fault}" for fault in slack), *(f"Discord: {fault}" for fault in discord)]
