"""Structured outputs: what the planner, the writer and the verifier have to return.

Strict about shape, tolerant about extras: texts and lists that are too long are cut, unknown keys are passed over.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from workflows import contracts

Json = dict[str, Any]
M = TypeVar("M", bound=BaseModel)

_BUTTON = 70
"""Characters of a follow-up question: it becomes a button."""


def _first(count: int) -> BeforeValidator:
    """Keep the first `count` items of a list."""

    def cut(value: object) -> object:
        return cast("list[object]", value)[:count] if isinstance(value, list) else value

    return BeforeValidator(cut)


def _at_most(characters: int) -> AfterValidator:
    """Keep the first `characters` of a text."""

    def cut(value: str) -> str:
        return value if len(value) <= characters else f"{value[: characters - 1]}…"

    return AfterValidator(cut)


def _text(value: object) -> object:
    """A number where text was asked for is that number's text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Word = Annotated[str, _at_most(80)]
Line = Annotated[str, _at_most(400)]
Passage = Annotated[str, _at_most(2_000)]
Text = Annotated[str, BeforeValidator(_text), _at_most(400)]
Three = Annotated[list[Line], _first(3)]
Four = Annotated[list[Line], _first(4)]


class _Output(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore", frozen=True, strict=True)


class Plan(_Output):
    """The planner's."""

    symbol: Word
    company: Line
    objective: Passage
    queries: Three
    peers: Three
    focus: Four

    def value(self) -> contracts.Plan:
        """The plan as workflows see it."""
        return contracts.Plan(
            symbol=self.symbol,
            company=self.company,
            objective=self.objective,
            queries=tuple(self.queries),
            peers=tuple(self.peers),
            focus=tuple(self.focus),
        )


class Section(_Output):
    """One section of a report; `body` is Markdown."""

    title: Line
    body: str


class KeyMetric(_Output):
    """One figure of a report's table."""

    label: Line
    value: Text
    as_of: Word
    currency: Word | None
    source: Line


class Report(_Output):
    """The writer's and the reviser's; `summary` is Markdown."""

    headline: Line
    summary: str
    sections: list[Section]
    key_metrics: Annotated[list[KeyMetric], _first(30)]
    follow_ups: Three
    gaps: Annotated[list[Line], _first(30)]

    def questions(self) -> tuple[str, ...]:
        """The follow-ups that fit a button."""
        asked = (" ".join(question.split()) for question in self.follow_ups)
        return tuple(question for question in asked if question and len(question) <= _BUTTON)


class Problem(_Output):
    """A claim without support."""

    claim: Line
    reason: Line


class Verdict(_Output):
    """The verifier's."""

    supported: bool
    problems: Annotated[list[Problem], _first(30)]
    note: Passage

    def value(self) -> contracts.Verdict:
        """The verdict as workflows see it. Problems outweigh a word that all is well, and a bare no is a problem."""
        problems = tuple(contracts.Problem(claim=item.claim, reason=item.reason) for item in self.problems)
        if not self.supported and not problems:
            problems = (contracts.Problem(claim="The report as a whole", reason=self.note or "no reason was given"),)
        return contracts.Verdict(supported=not problems, problems=problems, note=self.note)


SCHEMAS: dict[str, type[_Output]] = {"Plan": Plan, "Report": Report, "Verdict": Verdict}


class Unusable(Exception):
    """A structured output that does not parse. Its text names fields, never their content."""


def response_format(schema: str) -> Json:
    """What asks Mistral for the structured output named `schema`. Raises KeyError for an unknown one."""
    described = _closed(SCHEMAS[schema].model_json_schema())
    return {"type": "json_schema", "json_schema": {"name": schema, "schema": described, "strict": True}}


def parse(model: type[M], text: str) -> M:
    """Read a structured output, also from inside a Markdown fence. Raises Unusable."""
    try:
        return model.model_validate_json(_unfenced(text))
    except ValidationError as error:
        places = {".".join(str(step) for step in found["loc"]) or "all" for found in error.errors(include_input=False)}
        raise Unusable(f"{model.__name__} does not parse: {', '.join(sorted(places)[:5])}") from None


def _unfenced(text: str) -> str:
    stripped = text.strip()
    if not (stripped.startswith("```") and stripped.endswith("```") and "\n" in stripped):
        return stripped
    return stripped.split("\n", 1)[1].removesuffix("```")


def _closed(schema: Any) -> Any:
    """The schema as strict mode wants it: every object names all of its properties as required, and takes no others."""
    if isinstance(schema, list):
        return [_closed(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    # A title is a string; a property of that name is a schema.
    closed = {key: _closed(value) for key, value in cast("Json", schema).items() if not _is_title(key, value)}
    if isinstance(closed.get("properties"), dict):
        closed |= {"additionalProperties": False, "required": list(cast("Json", closed["properties"]))}
    return closed


def _is_title(key: str, value: object) -> bool:
    return key in {"title", "description"} and isinstance(value, str)
