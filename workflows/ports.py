"""Activity stubs a workflow may call: names and types only. `workflows.activities` implements them."""

from __future__ import annotations

from temporalio import activity

from workflows.contracts import (
    Answer,
    BeginTurn,
    BlobRef,
    CheckReport,
    ComposeAnswer,
    ComposeReport,
    Done,
    EndTurn,
    Evidence,
    FigureCheck,
    FinishAnswer,
    IncomingMessage,
    Live,
    OpenThreadRequest,
    Permit,
    PostAnswer,
    Posted,
    ReadThread,
    ResolvedSymbol,
    ResolveSymbol,
    StepOutcome,
    StepRequest,
    ThreadRef,
    ToolRequest,
    Withdraw,
)

# --- Agents: one client, Mistral's ----------------------------------------------------------------------------------


@activity.defn(name="begin_turn")
async def begin_turn(request: BeginTurn) -> Permit:
    """Pin the agents and check the asker's budget."""
    raise NotImplementedError


@activity.defn(name="run_step")
async def run_step(request: StepRequest) -> StepOutcome:
    """One POST to Mistral. Never repeated by Temporal."""
    raise NotImplementedError


@activity.defn(name="end_turn")
async def end_turn(request: EndTurn) -> Done:
    """Book the tokens; delete branches nobody refers to."""
    raise NotImplementedError


# --- Tools: one client, MCP's ----------------------------------------------------------------------------------------


@activity.defn(name="call_tool")
async def call_tool(request: ToolRequest) -> Evidence:
    """One MCP tool call. Tools only read: Temporal repeats it."""
    raise NotImplementedError


@activity.defn(name="resolve_symbol")
async def resolve_symbol(request: ResolveSymbol) -> ResolvedSymbol:
    """Which listed company a symbol names."""
    raise NotImplementedError


# --- Reports: no client, blobs only ----------------------------------------------------------------------------------


@activity.defn(name="check_report")
async def check_report(request: CheckReport) -> FigureCheck:
    """Check a report's figures against recorded tool results."""
    raise NotImplementedError


@activity.defn(name="compose_report")
async def compose_report(request: ComposeReport) -> Answer:
    """Make the final answer of a report."""
    raise NotImplementedError


@activity.defn(name="compose_answer")
async def compose_answer(request: ComposeAnswer) -> Answer:
    """Make the final answer of a follow-up."""
    raise NotImplementedError


# --- Delivery: one client, a chat platform's; runs on the platform's own queue --------------------------------------


@activity.defn(name="open_thread")
async def open_thread(request: OpenThreadRequest) -> ThreadRef:
    """Open the thread of a slash command, once."""
    raise NotImplementedError


@activity.defn(name="start_conversation")
async def start_conversation(message: IncomingMessage) -> Done:
    """Send the first message of an opened thread through the same door as any other."""
    raise NotImplementedError


@activity.defn(name="post_answer")
async def post_answer(request: PostAnswer) -> Posted:
    """Post an answer (a placeholder, a notice) under its key, once."""
    raise NotImplementedError


@activity.defn(name="show_progress")
async def show_progress(request: Live) -> Done:
    """Show progress in the placeholder, best effort."""
    raise NotImplementedError


@activity.defn(name="finish_answer")
async def finish_answer(request: FinishAnswer) -> Posted:
    """Replace the placeholder's whole content by the final answer, in keyed parts."""
    raise NotImplementedError


@activity.defn(name="withdraw")
async def withdraw(request: Withdraw) -> Done:
    """Delete messages of ours."""
    raise NotImplementedError


@activity.defn(name="read_thread")
async def read_thread(request: ReadThread) -> BlobRef:
    """Read the visible thread as a transcript."""
    raise NotImplementedError
