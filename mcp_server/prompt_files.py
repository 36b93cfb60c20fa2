"""Prompts from Markdown files: one file per prompt, so that wording changes without touching code.

A file is a front matter (`description:` and `arguments:`, one `name: description` each), the instructions, a line
`<!-- task -->`, and the task with `{name}` placeholders. A prompt without a task has the instructions alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import Message, PromptArgument, UserMessage
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS

TASK_MARK = "<!-- task -->"

_FRONT = re.compile(r"\A---\n(?P<front>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)
_ENTRY = re.compile(r"(?P<indent> *)(?P<name>[a-z_]+): *(?P<text>.*)")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptFile:
    """One prompt: `arguments` maps each name to its description; `task` is None where there is none."""

    name: str
    description: str
    arguments: dict[str, str]
    instructions: str
    task: str | None

    def render(self, arguments: Mapping[str, str]) -> list[str]:
        """Return the texts of the messages: the instructions, and with arguments the task filled in.

        Raises:
            MCPError: INVALID_PARAMS, if an argument is missing, unknown, or given to a prompt that takes none.
        """
        if not arguments:
            return [self.instructions]
        missing = [name for name in self.arguments if name not in arguments]
        unknown = [name for name in arguments if name not in self.arguments]
        if missing:
            raise MCPError(INVALID_PARAMS, f"The prompt {self.name} needs {', '.join(missing)}.")
        if unknown or self.task is None:
            raise MCPError(INVALID_PARAMS, f"The prompt {self.name} takes no argument {', '.join(sorted(unknown))}.")
        # One pass: a placeholder inside an argument's own text stays as it is.
        return [self.instructions, _PLACEHOLDER.sub(lambda match: arguments[match[1]], self.task)]


def load_prompts() -> list[PromptFile]:
    """Read all prompts of the package, sorted by name.

    Raises:
        ValueError: If a file is not of the form that this module describes.
    """
    folder = resources.files("mcp_server") / "prompts"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return [parse_prompt(file.name.removesuffix(".md"), file.read_text("utf-8")) for file in files]


def parse_prompt(name: str, text: str) -> PromptFile:
    """Parse one file's text.

    Raises:
        ValueError: If front matter is missing, or the task's placeholders are not the declared arguments.
    """
    match = _FRONT.match(text)
    if match is None:
        raise ValueError(f"prompt {name}: the front matter is missing")
    description, arguments = _front(name, match["front"])
    instructions, mark, task = match["body"].partition(f"\n{TASK_MARK}\n")
    used = set(_PLACEHOLDER.findall(task))
    if used != set(arguments):
        raise ValueError(f"prompt {name}: placeholders and arguments differ: {sorted(used ^ set(arguments))}")
    return PromptFile(
        name=name,
        description=description,
        arguments=arguments,
        instructions=instructions.strip(),
        task=task.strip() if mark else None,
    )


def _front(name: str, text: str) -> tuple[str, dict[str, str]]:
    description = ""
    arguments: dict[str, str] = {}
    for line in text.splitlines():
        entry = _ENTRY.fullmatch(line)
        if entry is None:
            raise ValueError(f"prompt {name}: not understood in the front matter: {line!r}")
        if entry["indent"]:
            arguments[entry["name"]] = entry["text"]
        elif entry["name"] == "description":
            description = entry["text"]
    if not description:
        raise ValueError(f"prompt {name}: the description is missing")
    return description, arguments


def register_prompts(server: MCPServer[Any], prompts: list[PromptFile]) -> None:
    """Add the prompts to `server`, and answer for an unknown one with INVALID_PARAMS instead of an internal error."""
    for prompt in prompts:
        server.add_prompt(_prompt(prompt))

    async def refuse_unknown(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        name = ctx.params.get("name") if ctx.method == "prompts/get" and ctx.params else None
        if isinstance(name, str) and name not in {prompt.name for prompt in await server.list_prompts()}:
            raise MCPError(INVALID_PARAMS, f"There is no prompt named {name[:80]}.")
        return await call_next(ctx)

    server.middleware.append(refuse_unknown)


def _prompt(prompt: PromptFile) -> Prompt:
    def render(**arguments: str) -> list[Message]:
        return [UserMessage(text) for text in prompt.render(arguments)]

    # Not required: without any argument the instructions alone are returned.
    arguments = [PromptArgument(name=name, description=text, required=False) for name, text in prompt.arguments.items()]
    return Prompt(
        name=prompt.name,
        title=None,
        description=prompt.description,
        arguments=arguments,
        fn=render,
        context_kwarg=None,
    )
