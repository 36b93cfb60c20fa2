"""What a step sends, in Mistral's wire form: rendered where it is needed, so that history holds references only."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast

from workflows.activities.recorded import EVIDENCE_LIMIT, evidence_json, read_results
from workflows.blobs import BlobStore
from workflows.contracts import BlobRef, CallResult, Finding, PromptInput, StepInputs
from workflows.errors import Terminal
from workflows.mcp_client import MarketTools

Json = dict[str, Any]

_BULKY = {"writer": ("findings", "evidence"), "verifier": ("report", "evidence"), "reviser": ("problems",)}
"""Arguments of a prompt that are filled from references."""

_FINDING = 24_000
"""Characters of one specialist's findings."""

_TRANSCRIPT = 60_000
"""Characters of a transcript; the newest are kept."""

_HEADING = re.compile(r"^#{1,6}(?= )", re.MULTILINE)


class InputRenderer:
    """Renders `StepInputs`. Raises what the tool server's client and the blob store raise."""

    def __init__(self, tools: MarketTools, blobs: BlobStore) -> None:
        self._tools = tools
        self._blobs = blobs

    async def entries(self, inputs: StepInputs, role: str) -> list[Json]:
        """The entries of one step of the agent `role`."""
        found = [] if inputs.transcript is None else await self._transcript(inputs.transcript)
        if inputs.results:
            return found + [await self._result(result) for result in inputs.results]
        text = inputs.text if inputs.prompt is None else await self._task(inputs.prompt, role)
        return [*found, _said("user", text)]

    async def _task(self, prompt: PromptInput, role: str) -> str:
        """One message. A prompt that is not the agent's own brings its instructions along, after the task."""
        arguments = {name: " ".join(value.split()) for name, value in prompt.arguments.items()}
        for name in _BULKY.get(prompt.name, ()):
            arguments[name] = await self._bulky(prompt, name)
        messages = await self._tools.prompt(prompt.name, arguments)
        if len(messages) != 2:
            raise Terminal(f"the prompt {prompt.name} has no task", code="internal")
        instructions, task = messages
        return task if prompt.name == role else f"{task}\n\n## How to do this\n\n{instructions}"

    async def _bulky(self, prompt: PromptInput, name: str) -> str:
        match name:
            case "findings":
                return await self._findings(prompt.findings)
            case "evidence":
                return evidence_json(await read_results(self._blobs, prompt.evidence), EVIDENCE_LIMIT)
            case "report":
                return await self._text(prompt.report) if prompt.report is not None else "{}"
            case _:
                return "\n".join(f"- {' '.join(problem.split())}" for problem in prompt.problems)

    async def _findings(self, findings: Sequence[Finding]) -> str:
        """Findings quote strangers: their headings are lowered, so that none of them passes for a part of the task."""
        parts: list[str] = []
        for finding in findings:
            text = (await self._text(finding.text))[:_FINDING]
            parts.append(f"### {finding.role}\n\n{_HEADING.sub('####', text).strip()}")
        return "\n\n".join(parts) or "None."

    async def _result(self, result: CallResult) -> Json:
        """The answer to one call: the recorded JSON as it is, or our own words as an error."""
        if result.evidence is not None:
            text = await self._text(result.evidence.result)
        else:
            text = json.dumps({"error": result.refusal or "No call was made."})
        return {"object": "entry", "type": "function.result", "tool_call_id": result.call.id, "result": text}

    async def _transcript(self, ref: BlobRef) -> list[Json]:
        said: object = json.loads(await self._blobs.get(ref))
        entries: list[Json] = []
        room = _TRANSCRIPT
        for item in reversed(cast("list[Json]", said) if isinstance(said, list) else []):
            content = str(item.get("content") or "")[:room]
            room -= len(content)
            if content:
                entries.append(_said("assistant" if item.get("role") == "assistant" else "user", content))
        return entries[::-1]

    async def _text(self, ref: BlobRef) -> str:
        return (await self._blobs.get(ref)).decode("utf-8", "replace")


def _said(role: str, text: str) -> Json:
    return {"object": "entry", "type": "message.input", "role": role, "content": text, "prefix": False}
