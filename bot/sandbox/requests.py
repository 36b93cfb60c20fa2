"""What clients may send: request bodies, checked as strictly as Mistral's schema says."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    ValidationError,
    model_serializer,
    model_validator,
)

from bot.sandbox.errors import invalid

Json = dict[str, Any]
Chunks = list[Json]
M = TypeVar("M", bound=BaseModel)


class _Strict(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class _Entry(_Strict):
    object: Literal["entry"] = "entry"
    id: str | None = None
    created_at: str | None = None
    completed_at: str | None = None


class MessageInput(_Entry):
    """What somebody says."""

    type: Literal["message.input"] = "message.input"
    role: Literal["user", "assistant"]
    content: str | Chunks
    prefix: bool = False


class MessageOutput(_Entry):
    """What an assistant said, handed in again."""

    type: Literal["message.output"] = "message.output"
    role: Literal["assistant"] = "assistant"
    content: str | Chunks
    agent_id: str | None = None
    model: str | None = None


class FunctionCall(_Entry):
    """A call that an assistant made, handed in again."""

    type: Literal["function.call"] = "function.call"
    tool_call_id: str
    name: str
    arguments: str | Json
    agent_id: str | None = None
    model: str | None = None
    confirmation_status: Literal["pending", "allowed", "denied"] | None = None


class FunctionResult(_Entry):
    """What came of a call."""

    type: Literal["function.result"] = "function.result"
    tool_call_id: str
    result: str


class ToolExecution(_Entry):
    """A tool that ran at Mistral's, handed in again."""

    type: Literal["tool.execution"] = "tool.execution"
    name: str
    arguments: str
    info: Json = Field(default_factory=dict[str, Any])
    agent_id: str | None = None
    model: str | None = None


def _kind(value: object) -> str:
    """The entry's type, or the one that its keys give away."""
    given = cast("Json", value) if isinstance(value, dict) else {}
    named = given.get("type")
    if isinstance(named, str):
        return named
    return "function.result" if "result" in given else "message.input"


Entry = Annotated[
    Annotated[MessageInput, Tag("message.input")]
    | Annotated[MessageOutput, Tag("message.output")]
    | Annotated[FunctionCall, Tag("function.call")]
    | Annotated[FunctionResult, Tag("function.result")]
    | Annotated[ToolExecution, Tag("tool.execution")],
    Discriminator(_kind),
]
Inputs = str | list[Entry]


class FunctionSpec(_Strict):
    """A function that an agent may ask for."""

    name: str
    description: str = ""
    strict: bool = False
    parameters: Json


class Tool(BaseModel):
    """One tool of an agent: a function of the client, or one that runs at Mistral's."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)

    type: Literal[
        "function",
        "web_search",
        "web_search_premium",
        "code_interpreter",
        "image_generation",
        "document_library",
        "connector",
    ]
    function: FunctionSpec | None = None

    @model_validator(mode="after")
    def _has_definition(self) -> Self:
        if self.type == "function" and self.function is None:
            raise ValueError("a function tool needs its function")
        return self

    @model_serializer(mode="wrap")
    def _as_sent(self, serialize: SerializerFunctionWrapHandler) -> Json:
        """A tool that is no function has no such key."""
        return {key: value for key, value in serialize(self).items() if key != "function" or value is not None}


class JsonSchema(_Strict):
    """The schema of a structured output."""

    name: str
    description: str | None = None
    schema_: Json = Field(alias="schema")
    strict: bool = False


class ResponseFormat(_Strict):
    """How the answer has to look."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: JsonSchema | None = None


class CompletionArgs(_Strict):
    """What of the completion API may be set; only `response_format` changes what the sandbox says."""

    stop: str | list[str] | None = None
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    temperature: float | None = Field(default=None, ge=0, le=1)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, ge=0)
    random_seed: int | None = Field(default=None, ge=0)
    prediction: Json | None = None
    response_format: ResponseFormat | None = None
    tool_choice: Literal["auto", "none", "any", "required"] = "auto"
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None


class Confirmation(_Strict):
    """A person's word on a call that needed one."""

    tool_call_id: str
    confirmation: Literal["allow", "deny"]


class StartRequest(BaseModel):
    """POST /v1/conversations. Unlike its siblings it passes over what it does not know."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore", frozen=True)

    inputs: Inputs
    stream: bool | None = None
    store: bool | None = None
    handoff_execution: Literal["client", "server"] | None = None
    instructions: str | None = None
    tools: list[Tool] | None = None
    completion_args: CompletionArgs | None = None
    guardrails: list[Json] | None = None
    name: str | None = None
    description: str | None = None
    metadata: Json | None = None
    agent_id: str | None = None
    agent_version: int | str | None = None
    model: str | None = None


class AppendRequest(_Strict):
    """POST /v1/conversations/{id}. It takes no metadata, tools, instructions or version."""

    inputs: Inputs = Field(default_factory=list[Entry])
    stream: bool = False
    store: bool = True
    handoff_execution: Literal["client", "server"] = "server"
    completion_args: CompletionArgs | None = None
    tool_confirmations: list[Confirmation] | None = None


class RestartRequest(_Strict):
    """POST /v1/conversations/{id}/restart."""

    from_entry_id: str
    inputs: Inputs = Field(default_factory=list[Entry])
    stream: bool = False
    store: bool = True
    handoff_execution: Literal["client", "server"] = "server"
    completion_args: CompletionArgs | None = None
    guardrails: list[Json] | None = None
    metadata: Json | None = None
    agent_version: int | str | None = None


class CreateAgentRequest(_Strict):
    """POST /v1/agents."""

    model: str
    name: str
    instructions: str | None = None
    tools: list[Tool] = Field(default_factory=list[Tool])
    completion_args: CompletionArgs = Field(default_factory=CompletionArgs)
    guardrails: list[Json] | None = None
    description: str | None = None
    handoffs: list[str] | None = Field(default=None, min_length=1)
    metadata: Json | None = None
    version_message: str | None = Field(default=None, max_length=500)


class UpdateAgentRequest(_Strict):
    """PATCH /v1/agents/{id}: what is not sent stays as it is."""

    model: str | None = None
    name: str | None = None
    instructions: str | None = None
    tools: list[Tool] | None = None
    completion_args: CompletionArgs | None = None
    guardrails: list[Json] | None = None
    description: str | None = None
    handoffs: list[str] | None = Field(default=None, min_length=1)
    deployment_chat: bool | None = None
    metadata: Json | None = None
    version_message: str | None = Field(default=None, max_length=500)


def parse(model: type[M], body: bytes) -> M:
    """Read a body. Raises ApiError 422."""
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise invalid(error) from error
