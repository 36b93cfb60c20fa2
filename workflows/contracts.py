"""Frozen values on the wire: what bots, workflows and activities say to each other.

Every signal, activity and workflow takes one of these and returns one. They are recorded in Temporal's
history, so they hold ids and text that people see, never model input, images or secrets: those travel
as a `BlobRef`. A value grows by fields with defaults, so that recorded histories stay readable.
"""

# No postponed annotations here: Temporal's converter resolves the hints of a value each time it reads one, and would
# compile each of them anew.
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadRef:
    """A thread on a chat platform. `platform` is a plain string: a third platform changes nothing here."""

    platform: str
    workspace: str
    channel: str
    thread: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRef:
    """A message the bot posted: its thread and the platform's own id (Slack `ts`, Discord snowflake, …)."""

    thread: ThreadRef
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """Who asks: the platform's stable id decides, the name is only shown."""

    user: str
    name: str = ""
    admin: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Research:
    """`/research SYMBOL [question]`."""

    symbol: str
    question: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingMessage:
    """One message for us. `message` is its identity on the platform; `twins` are other ids of the same gesture.

    `trace` is a W3C traceparent: each turn belongs to its own message's trace. `moment`: when it was said, in seconds
    since 1970 by the platform's clock; 0 where that is not known.
    """

    thread: ThreadRef
    message: str
    asker: Asker
    text: str
    research: Research | None = None
    twins: tuple[str, ...] = ()
    late: bool = False
    trace: str = ""
    moment: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class EditedMessage:
    """A person changed a message; only a queued one changes its question."""

    message: str
    text: str
    research: Research | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletedMessage:
    """A person deleted a message: their own question, or (a moderator) one of ours."""

    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryRequest:
    """🔁, the Retry button or the word. `request` identifies the gesture; `answer` the message it was made on.

    A reaction stands there for as long as nobody takes it away. So its `request` names whose it is on which message,
    and `moment` tells one made later from the same one heard again: whatever grows, such as a time. `late`: it was
    found standing there, and only counts if none of that `request` was ever heard; `moment` is then the latest it may
    be of.
    """

    request: str
    asker: Asker
    answer: str = ""
    trace: str = ""
    moment: float = 0.0
    late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StopRequest:
    """🛑, the Stop button, the platform's native stop or the word.

    `moment`: when the word was said. It stops nothing that was asked after it, and counts once.
    """

    request: str
    asker: Asker
    answer: str = ""
    moment: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HeardOf:
    """Asks a conversation which gestures it has heard of. `ids` are those of messages, retries and stops."""

    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """`fresh`: the ids it was asked about that it has not heard of. `waiting`: queued questions, by their message.

    `until`: when the newest message was said that it heard, in seconds since 1970; 0 where that is not known.
    """

    fresh: tuple[str, ...]
    waiting: dict[str, str]
    until: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenThreadRequest:
    """There is no thread yet. `request` is the command's own id on the platform, or the message's that asks.

    `anchor` is the message that the thread is made from, where a platform makes them from messages and it is known.
    `moment`: when that was said, in seconds since 1970; 0 where that is not known.
    """

    platform: str
    workspace: str
    channel: str
    request: str
    asker: Asker
    text: str
    research: Research | None = None
    trace: str = ""
    searchable: bool = False
    anchor: str = ""
    late: bool = False
    moment: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobRef:
    """Bytes kept outside history, named by their SHA-256. `size` in bytes."""

    key: str
    media_type: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens, as Mistral counts them; `connector_tokens` are those of built-in tools. `calls` counts POSTs.

    `lost` is what steps may have cost whose reply never came whole: known where they said so, else estimated.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    connector_tokens: int = 0
    calls: int = 0
    lost: int = 0

    @property
    def total(self) -> int:
        """All tokens that are known of, connectors included."""
        return self.prompt_tokens + self.completion_tokens + self.connector_tokens

    @property
    def booked(self) -> int:
        """What counts against budgets: with what was lost."""
        return self.total + self.lost

    def __add__(self, other: Self) -> Self:
        """The sum, field by field."""
        return type(self)(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            connector_tokens=self.connector_tokens + other.connector_tokens,
            calls=self.calls + other.calls,
            lost=self.lost + other.lost,
        )


# --- What people see -------------------------------------------------------------------------------------------------


class AnswerState(StrEnum):
    """Where an answer stands."""

    WAITING = "waiting"
    WORKING = "working"
    FINAL = "final"
    FAILED = "failed"
    STOPPED = "stopped"


OUTCOMES = (AnswerState.FINAL, AnswerState.FAILED, AnswerState.STOPPED)
"""The terminal outcomes: nothing follows them but another attempt."""


class LineState(StrEnum):
    """State of one line of progress."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressLine:
    """One line of live progress: a specialist, a tool, a wait."""

    id: str
    label: str
    state: LineState = LineState.PENDING
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One figure of the key-metrics table. `verified` is False where no tool result shows it."""

    label: str
    value: str
    as_of: str
    currency: str | None
    source: str
    verified: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where figures or statements came from."""

    title: str
    as_of: str = ""
    url: str = ""
    currency: str | None = None
    delayed: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A picture for the answer, by reference."""

    image: BlobRef
    title: str
    alt: str
    as_of: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What stands in the placeholder, from the first sign to the last word. Text is Markdown from outside: data.

    `key` is the logical key of the message (`turn`); part n > 1 of a long answer is keyed `turn:n`. `trace` is the
    address where the turn's trace can be read, where one is known. `retriable` is False for a failure that the same
    question meets again. `links` are the addresses that the text may link to: a search or a tool gave them as such.
    """

    key: str
    state: AnswerState
    attempt: int = 1
    headline: str = ""
    text: str = ""
    lines: tuple[ProgressLine, ...] = ()
    notices: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    chart: Chart | None = None
    sources: tuple[Source, ...] = ()
    gaps: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    usage: Usage = Usage()
    trace: str = ""
    part: int = 1
    parts: int = 1
    retriable: bool = True
    links: tuple[str, ...] = ()

    @property
    def post_key(self) -> str:
        """The key under which this part is posted, and found again."""
        return self.key if self.part == 1 else f"{self.key}:{self.part}"


# --- Delivery --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class PostAnswer:
    """Post `answer` in `thread` under its key, once.

    `may_stand`: an earlier activity may have posted it. `late`: what was asked a while ago, and perhaps answered.
    """

    thread: ThreadRef
    answer: Answer
    trace: str = ""
    may_stand: bool = False
    late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishAnswer:
    """Replace what `messages` (the parts of the last attempt, first one the placeholder) show by `answer`.

    `standing`: the final answer that stood there before an attempt that brought none; it is shown again, and why.
    """

    thread: ThreadRef
    messages: tuple[MessageRef, ...]
    answer: Answer
    trace: str = ""
    standing: BlobRef | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """The messages that now show an answer, in order of their parts. Empty: a moderator deleted the placeholder.

    `kept`: a final answer whole, for the case that another attempt brings none.
    """

    messages: tuple[MessageRef, ...]
    kept: BlobRef | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdraw:
    """Delete messages of ours (a withdrawn question's placeholder)."""

    messages: tuple[MessageRef, ...]
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadThread:
    """Read the visible thread, the newest `limit` messages, as a transcript for a rebuilt branch."""

    thread: ThreadRef
    before: str = ""
    limit: int = 40
    trace: str = ""


# --- The team and its steps ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Last committed entry of a branch: Mistral's conversation id and entry id."""

    branch: str
    entry: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PinnedAgent:
    """A registered agent version, pinned for a turn."""

    role: str
    agent: str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Budgets of one turn. `deadline` in seconds."""

    deadline: float = 900.0
    tool_steps: int = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class BeginTurn:
    """Ask for leave to run a turn: pins the agents of `roles` and checks the asker's budget.

    `fresh`: a pinned agent is gone, so all are looked up again. `leave` is what `GoOn` brought to a turn that waited.
    `moment`: when the question was asked, in seconds since 1970; 0 where that is not known, and for another attempt.
    `attempt`: which one this is, from 1; 0 where an earlier release asks.
    """

    thread: ThreadRef
    turn: str
    asker: Asker
    roles: tuple[str, ...] = ("analyst",)
    trace: str = ""
    fresh: bool = False
    leave: str = ""
    moment: float = 0.0
    attempt: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Permit:
    """Leave to run a turn, or the code of the sentence that refuses it. `toolset` is the tool list's digest.

    Refused as "paused" or "busy", the turn waits for `GoOn`: whoever refused it has put its conversation on a list.
    `leased`: it has a place among its asker's turns, which is free again once its tokens are booked.
    """

    agents: tuple[PinnedAgent, ...] = ()
    toolset: str = ""
    limits: Limits = Limits()
    searchable: bool = False
    refused: str = ""
    leased: bool = False

    def agent(self, role: str) -> PinnedAgent:
        """The pinned agent of `role`. Raises KeyError for one that was not asked for."""
        for pinned in self.agents:
            if pinned.role == role:
                return pinned
        raise KeyError(role)


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """Where a running activity shows progress, and what the workflow knew of it when it was scheduled.

    `asker` is the id of whoever asked: a platform may show what streams to them in particular.
    """

    message: MessageRef
    answer: Answer
    asker: str = ""


class StepMode(StrEnum):
    """Mistral's three ways to send: a new branch, one more on a branch, a fork."""

    START = "start"
    APPEND = "append"
    RESTART = "restart"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """A function call of the model. `arguments` is the model's JSON text, perhaps malformed."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """A recorded tool result: the call and where its JSON lies. `error` results are the model's to read."""

    tool: str
    arguments: str
    result: BlobRef
    error: bool = False
    chart: Chart | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallResult:
    """The answer to one tool call: recorded evidence, or a sentence of ours where no call was made."""

    call: ToolCall
    evidence: Evidence | None = None
    refusal: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a specialist wrote, by reference."""

    role: str
    text: BlobRef


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptInput:
    """A task message rendered from an MCP prompt where it is needed; the big arguments travel as references."""

    name: str
    arguments: dict[str, str]
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    report: BlobRef | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StepInputs:
    """What one step sends: the person's text, a rendered prompt, or tool results; a transcript goes before it."""

    text: str = ""
    prompt: PromptInput | None = None
    results: tuple[CallResult, ...] = ()
    transcript: BlobRef | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRequest:
    """One POST to Mistral. `key` is unique to the step; `schema` names the structured output expected, if any.

    `line` is the progress line this step belongs to; `stream` shows its text in the answer as it comes.
    """

    thread: ThreadRef
    key: str
    agent: PinnedAgent
    mode: StepMode
    inputs: StepInputs
    head: Head | None = None
    schema: str = ""
    live: Live | None = None
    line: str = ""
    stream: bool = False
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The planner's structured output."""

    symbol: str
    company: str
    objective: str
    queries: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A claim that the verifier could not support."""

    claim: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The verifier's structured output."""

    supported: bool
    problems: tuple[Problem, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepOutcome:
    """A complete step. `text` is set for answers people see; specialists' text and reports lie in `document`.

    `partial` marks text kept from a stopped stream: its head is not committed.
    """

    head: Head | None
    usage: Usage
    text: str = ""
    document: BlobRef | None = None
    calls: tuple[ToolCall, ...] = ()
    citations: tuple[Source, ...] = ()
    plan: Plan | None = None
    verdict: Verdict | None = None
    partial: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolRequest:
    """One MCP tool call. `toolset` is the digest that the turn was given; another tool list refuses the call.

    `role` is the agent that asks: a tool that it was not given is not called.
    """

    thread: ThreadRef
    call: ToolCall
    toolset: str
    role: str = "analyst"
    live: Live | None = None
    line: str = ""
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolveSymbol:
    """Ask the tool server which listed company a symbol names."""

    symbol: str
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedSymbol:
    """The listed company, or suggestions where `known` is False."""

    symbol: str
    company: str = ""
    known: bool = True
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckReport:
    """Check a report's figures against the recorded tool results, by code. Figures cited from `citations` may stand."""

    report: BlobRef
    evidence: tuple[Evidence, ...]
    trace: str = ""
    citations: tuple[Source, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureCheck:
    """Figures of the report that no tool result shows, as they stand in the text. `checked` counts all figures."""

    checked: int
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ComposeReport:
    """Make the final answer of a report: metrics, sources, chart, what was not verified."""

    key: str
    attempt: int
    report: BlobRef
    evidence: tuple[Evidence, ...]
    citations: tuple[Source, ...]
    unsupported: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    gaps: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    usage: Usage = Usage()
    chart: Chart | None = None
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComposeAnswer:
    """Make the final answer of a follow-up: its sources come from the recorded tool results."""

    key: str
    attempt: int
    text: str
    evidence: tuple[Evidence, ...]
    citations: tuple[Source, ...] = ()
    notices: tuple[str, ...] = ()
    usage: Usage = Usage()
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndTurn:
    """Book the turn's tokens and delete the branches of `thread` that nothing refers to any more."""

    thread: ThreadRef
    turn: str
    asker: Asker
    tokens: int
    keep: tuple[str, ...]
    tidy: bool = False
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """An activity that returns nothing of interest."""

    count: int = 0


# --- Workflows -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedMessage:
    """A message that waits for its turn. `opened` is its placeholder, once posted.

    `gone`: a moderator deleted the placeholder. `parked`: the platform did not take it.
    """

    message: IncomingMessage
    opened: MessageRef | None = None
    stopped: bool = False
    gone: bool = False
    parked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnRecord:
    """A finished turn, as long as it can be retried or shown. `head_before` is where a retry forks from.

    `kept` is its final answer, which stays if another attempt brings none.

    `parked`: the platform did not take its outcome, because the thread is gone or we were removed.
    """

    id: str
    number: int
    message: str
    question: str
    asker: Asker
    state: AnswerState
    answers: tuple[MessageRef, ...] = ()
    research: Research | None = None
    head_before: Head | None = None
    tokens: int = 0
    attempt: int = 1
    parked: bool = False
    kept: BlobRef | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationState:
    """All a conversation remembers; carried whole over continue-as-new.

    `tainted`: an append of unknown outcome may stand on the branch after `head`; the next step forks. `until`: as
    `Heard` has it.
    """

    thread: ThreadRef
    head: Head | None = None
    tainted: bool = False
    inbox: tuple[QueuedMessage, ...] = ()
    retries: tuple[RetryRequest, ...] = ()
    seen: tuple[str, ...] = ()
    turns: tuple[TurnRecord, ...] = ()
    turn_count: int = 0
    searchable: bool = False
    until: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationView:
    """What a conversation says of itself. `state` is a value of ClewTurnState; `tokens` are those of its last turns."""

    state: str
    step: str
    queued: int
    turns: int
    tokens: int
    last_turn: TurnRecord | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResearchRequest:
    """The child workflow of a research turn; it writes on the thread's own branch while the turn lasts."""

    thread: ThreadRef
    turn: str
    attempt: int
    asker: Asker
    research: Research
    permit: Permit
    live: Live
    head: Head | None = None
    tainted: bool = False
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResearchResult:
    """A report, and the head of the thread's branch after it. `failure` is a sentence's code where none came."""

    answer: Answer
    head: Head | None
    tainted: bool = False
    usage: Usage = Usage()
    failure: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageBooking:
    """Tokens of one attempt of one turn, booked once by its key. `day` is an ISO date in UTC.

    `turn` is the one whose place is free now.
    """

    key: str
    day: str
    tokens: int
    turn: str = ""


Refusal = Literal["", "budget", "rate", "busy"]
"""Why a turn may not begin: for today, for a moment, or until another one of its asker's is over; "" if it may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What one asker may use: tokens a day, turns a minute, turns at once; None for no limit.

    `seconds` is a turn's deadline, so that a place is not kept for ever.
    """

    tokens: int | None = None
    per_minute: int | None = None
    at_once: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AdmitRequest:
    """A turn asks for a place. `conversation` is the workflow to wake for one; turns of a `kind` cost alike.

    `moment`: when it was asked for, in seconds since 1970; 0: just now. `key`: what its attempt is booked by.
    """

    turn: str
    conversation: str
    day: str
    kind: str
    terms: Terms
    moment: float = 0.0
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A turn's place, until a moment in seconds since the epoch; or, in a queue, the wish for one."""

    turn: str
    conversation: str
    kind: str
    until: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageState:
    """One asker's ledger: tokens of `day`, and the keys already booked.

    With terms, also who has a place and who waits for one, in order; when those let in of late were asked for, in
    seconds since the epoch; the largest turn of each kind; and whom to wake.
    """

    platform: str
    workspace: str
    user: str
    day: str = ""
    tokens: int = 0
    booked: tuple[str, ...] = ()
    terms: Terms = Terms()
    leases: tuple[Lease, ...] = ()
    waiting: tuple[Lease, ...] = ()
    recent: tuple[float, ...] = ()
    largest: dict[str, int] = field(default_factory=dict[str, int])
    wake: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseRequest:
    """No new turns from now on. `by` names an administrator as settings do; `since` is the moment, in ISO format."""

    by: str
    since: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResumeRequest:
    """New turns may begin again, those that wait first."""

    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitRequest:
    """A conversation (its workflow's id) has a turn that waits for the end of the pause."""

    conversation: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GoOn:
    """The turn that waits in a conversation may begin, although the pause, whose first run `hold` is, may still run."""

    hold: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldView:
    """A pause, as administrators see it. `resumed_by` is set while those that wait are let go on."""

    by: str = ""
    since: str = ""
    reason: str = ""
    resumed_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldState:
    """A pause whole: who waits, in order of arrival."""

    view: HoldView = HoldView()
    waiting: tuple[str, ...] = ()
