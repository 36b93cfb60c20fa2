"""ResearchWorkflow: plan, gather in parallel, write, verify, revise at most once. A child of the turn that asked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from workflows.branch import Branch, Stopped, TurnFailed
from workflows.contracts import (
    Answer,
    AnswerState,
    CallResult,
    Chart,
    CheckReport,
    ComposeReport,
    Evidence,
    FigureCheck,
    Finding,
    LineState,
    Plan,
    Problem,
    PromptInput,
    ResearchRequest,
    ResearchResult,
    ResolvedSymbol,
    ResolveSymbol,
    Source,
    StepInputs,
    StepOutcome,
    ToolCall,
    Verdict,
)
from workflows.converse import Conversing, Reply
from workflows.errors import failure_of
from workflows.policies import CITATIONS
from workflows.ports import check_report, compose_report, resolve_symbol
from workflows.progress import Progress
from workflows.scope import Scope
from workflows.sentences import (
    CHART_MISSING,
    NOT_REVISED,
    NOT_VERIFIED,
    PLAN_MISSING,
    REBUILT,
    REVISED,
    sentence,
    specialist_failed,
    stopped_after_steps,
    unknown_symbol,
)

ROLES = ("planner", "search", "prices", "fundamentals", "risk", "verifier", "analyst")
"""Agents a research turn pins. The writer is the analyst, in the thread's own conversation."""

_SPECIALISTS = ("prices", "fundamentals", "risk")
_MAX_QUERIES = 3
_CHART_TOOL = "draw_price_chart"
_HOPELESS = ("mistral_auth", "tools_auth")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Basis:
    """What a report may rest on: recorded tool results, and web sources that were cited."""

    evidence: tuple[Evidence, ...] = ()
    citations: tuple[Source, ...] = ()

    def and_of(self, *replies: Reply) -> _Basis:
        """With what these found. A writer is asked to call no tool; one that did may use what it was told."""
        evidence = [item for reply in replies for item in reply.evidence]
        citations = [item for reply in replies for item in reply.citations]
        return _Basis(
            evidence=(*self.evidence, *evidence),
            citations=tuple(dict.fromkeys([*self.citations, *citations]))[:CITATIONS],
        )


@workflow.defn(name="ResearchWorkflow")
class ResearchWorkflow:
    """One report."""

    @workflow.init
    def __init__(self, request: ResearchRequest) -> None:
        self._request = request
        self._symbol = ResolvedSymbol(symbol=request.research.symbol)
        self._notices: list[str] = []
        self._gaps: list[str] = []
        self._scope = Scope(
            thread=request.thread,
            turn=request.turn,
            attempt=request.attempt,
            asker=request.asker,
            permit=request.permit,
            progress=Progress(request.live.message, request.live.answer, asker=request.live.asker),
            trace=request.trace,
            stopped=lambda: workflow.cancellation_reason() is not None,
        )
        self._branch = self._branch_of("analyst", "writer", "Writer", of_thread=True)

    @workflow.run
    async def run(self, request: ResearchRequest) -> ResearchResult:
        """Research and report. Never fails: what goes wrong is a code in the result."""
        try:
            return self._result(await self._research())
        except TurnFailed as failed:
            return self._result(self._plain(AnswerState.FAILED, sentence(failed.code)), failed.code)
        except Stopped as stopped:
            return self._result(self._plain(AnswerState.STOPPED, stopped.text), "stopped")
        except (ActivityError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) or is_cancelled_exception(error):
                return self._result(self._plain(AnswerState.STOPPED, ""), "stopped")
            code = failure_of(error).code
            return self._result(self._plain(AnswerState.FAILED, sentence(code)), code)

    async def _research(self) -> Answer:
        self._symbol = await self._scope.call(
            resolve_symbol,
            ResolveSymbol(symbol=self._request.research.symbol, trace=self._scope.trace),
            within=self._scope.patience(0.33),
        )
        if not self._symbol.known:
            unknown = unknown_symbol(self._symbol.symbol, self._symbol.suggestions)
            return replace(self._plain(AnswerState.FAILED, unknown), retriable=False)
        plan = await self._plan()
        self._announce(plan)
        findings, replies, chart = await self._gather(plan)
        basis = _Basis().and_of(*replies)
        written = await self._write(findings, basis)
        report, basis = written.outcome, basis.and_of(written)
        check, verdict = await self._verify(report, basis)
        problems = verdict.problems if not verdict.supported else ()
        if problems or check.unsupported:
            revised = await self._revise(problems, check)
            if revised is not None:
                report, basis, problems = revised.outcome, basis.and_of(revised), ()
                check = await self._check(report, basis)
        return await self._compose(report, basis, check, problems, chart)

    # --- Plan --------------------------------------------------------------------------------------------------------

    async def _plan(self) -> Plan:
        standard = Plan(
            symbol=self._symbol.symbol, company=self._symbol.company, objective=self._question(), queries=()
        )
        branch = self._branch_of("planner", "planner", "Planner")
        await self._running(branch, "Planner")
        task = {"company": self._symbol.company, "question": self._question()}
        try:
            outcome = await branch.step(self._task("planner", task), key=self._key("planner"), schema="Plan")
        except TurnFailed as failed:
            if failed.code in _HOPELESS:
                raise
            self._notices.append(PLAN_MISSING)
            self._scope.progress.mark("planner", LineState.FAILED)
            return standard
        self._scope.progress.mark("planner", LineState.DONE)
        plan = outcome.plan or standard
        return replace(plan, symbol=self._symbol.symbol, company=self._symbol.company or plan.company)

    def _announce(self, plan: Plan) -> None:
        """The whole team stands on the board before anyone starts."""
        progress = self._scope.progress
        for index, query in enumerate(plan.queries[:_MAX_QUERIES]):
            progress.set(f"search{index}", f"Search: {query[:80]}", LineState.PENDING)
        for role in _SPECIALISTS:
            progress.set(role, role.capitalize(), LineState.PENDING)
        progress.set("chart", "Chart", LineState.PENDING)
        progress.set("writer", "Writer", LineState.PENDING)
        progress.set("verifier", "Verifier", LineState.PENDING)

    # --- Gather ------------------------------------------------------------------------------------------------------

    async def _gather(self, plan: Plan) -> tuple[tuple[Finding, ...], list[Reply], Chart | None]:
        jobs: list[tuple[str, str, Coroutine[Any, Any, Reply]]] = []
        for index, query in enumerate(plan.queries[:_MAX_QUERIES]):
            line = f"search{index}"
            jobs.append(("search", line, self._specialist("search", line, {"query": query})))
        task = {"objective": plan.objective or self._question(), "peers": ", ".join(plan.peers) or "none"}
        jobs += [(role, role, self._specialist(role, role, task)) for role in _SPECIALISTS]
        chart_job = self._draw()
        *outcomes, chart = await asyncio.gather(*(job for _, _, job in jobs), chart_job, return_exceptions=True)
        findings: list[Finding] = []
        replies: list[Reply] = []
        failures: list[TurnFailed] = []
        for (role, line, _), outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, TurnFailed):
                failures.append(outcome)
                self._gaps.append(specialist_failed(role))
                self._scope.progress.mark(line, LineState.FAILED)
            elif isinstance(outcome, BaseException):
                raise outcome
            elif isinstance(outcome, Reply):
                replies.append(outcome)
                if outcome.outcome.document is not None:
                    findings.append(Finding(role=role, text=outcome.outcome.document))
        if not replies:
            raise failures[0] if failures else TurnFailed("nobody_answered")
        if isinstance(chart, BaseException):
            raise chart
        drawn = chart if isinstance(chart, Chart) else None
        drawn = drawn or next((reply.chart for reply in replies if reply.chart is not None), None)
        if drawn is None:
            self._gaps.append(CHART_MISSING)
        return tuple(findings), replies, drawn

    async def _specialist(self, role: str, line: str, task: dict[str, str]) -> Reply:
        label = f"Search: {task['query'][:80]}" if role == "search" else role.capitalize()
        branch = self._branch_of(role, line, label)
        self._scope.progress.set(line, label, LineState.RUNNING)
        loop = Conversing(scope=self._scope, branch=branch, key=self._key(line))
        reply = await loop.run(self._task(role, {"company": self._symbol.company, **task}))
        if reply.limited:
            self._notices.append(f"{role}: {stopped_after_steps(self._scope.permit.limits.tool_steps)}")
        self._scope.progress.mark(line, LineState.DONE)
        return reply

    async def _draw(self) -> Chart | None:
        """The chart every report carries; a report without one is still a report."""
        self._scope.progress.set("chart", "Chart", LineState.RUNNING)
        call = ToolCall(
            id=f"{self._request.turn}-chart", name=_CHART_TOOL, arguments=f'{{"symbol": "{self._symbol.symbol}"}}'
        )
        branch = self._branch_of("analyst", "chart", "Chart")
        result: CallResult = await Conversing(scope=self._scope, branch=branch, key=self._key("chart")).call(call)
        drawn = None if result.evidence is None else result.evidence.chart
        self._scope.progress.mark("chart", LineState.FAILED if drawn is None else LineState.DONE)
        return drawn

    # --- Write and verify --------------------------------------------------------------------------------------------

    async def _write(self, findings: tuple[Finding, ...], basis: _Basis) -> Reply:
        await self._running(self._branch, "Writer")
        task = {"company": self._symbol.company, "question": self._question()}
        inputs = self._task("writer", task)
        prompt = inputs.prompt
        if prompt is not None:
            inputs = replace(inputs, prompt=replace(prompt, findings=findings, evidence=basis.evidence))
        reply = await self._on_thread("writer", inputs)
        self._scope.progress.mark("writer", LineState.DONE)
        return reply

    async def _verify(self, report: StepOutcome, basis: _Basis) -> tuple[FigureCheck, Verdict]:
        branch = self._branch_of("verifier", "verifier", "Verifier")
        await self._running(branch, "Verifier")
        about = {"symbol": self._symbol.symbol}
        prompt = PromptInput(name="verifier", arguments=about, report=report.document, evidence=basis.evidence)
        check, outcome = await asyncio.gather(
            self._check(report, basis),
            branch.step(StepInputs(prompt=prompt), key=self._key("verifier"), schema="Verdict"),
            return_exceptions=True,
        )
        if isinstance(check, BaseException):
            raise check
        if isinstance(outcome, TurnFailed):
            self._notices.append(NOT_VERIFIED)
            self._scope.progress.mark("verifier", LineState.FAILED)
            return check, Verdict(supported=True)
        if isinstance(outcome, BaseException):
            raise outcome
        self._scope.progress.mark("verifier", LineState.DONE)
        return check, outcome.verdict or Verdict(supported=True)

    async def _check(self, report: StepOutcome, basis: _Basis) -> FigureCheck:
        if report.document is None:
            raise TurnFailed("unusable_output")
        request = CheckReport(
            report=report.document, evidence=basis.evidence, citations=basis.citations, trace=self._scope.trace
        )
        return await self._scope.call(check_report, request)

    async def _revise(self, problems: tuple[Problem, ...], check: FigureCheck) -> Reply | None:
        """The report again, once. None where that failed: then the first one stands, with all that is open."""
        listed = [f"{problem.claim}: {problem.reason}" for problem in problems]
        listed += [f"{figure}: no tool result shows this figure" for figure in check.unsupported]
        self._scope.progress.set("reviser", "Revision", LineState.RUNNING)
        prompt = PromptInput(name="reviser", arguments={}, problems=tuple(listed))
        try:
            reply = await self._on_thread("reviser", StepInputs(prompt=prompt))
        except TurnFailed:
            reply = None
        if reply is None or reply.outcome.document is None:
            self._notices.append(NOT_REVISED)
            self._scope.progress.mark("reviser", LineState.FAILED)
            return None
        self._scope.progress.mark("reviser", LineState.DONE)
        self._notices.append(REVISED)
        return reply

    async def _on_thread(self, name: str, inputs: StepInputs) -> Reply:
        loop = Conversing(
            scope=self._scope,
            branch=self._branch,
            key=self._key(name),
            schema="Report",
            stream=True,
            asked_in=self._request.turn,
        )
        reply = await loop.run(inputs)
        if reply.rebuilt:
            self._notices.append(REBUILT)
        return reply

    async def _compose(
        self,
        report: StepOutcome,
        basis: _Basis,
        check: FigureCheck,
        problems: tuple[Problem, ...],
        chart: Chart | None,
    ) -> Answer:
        if report.document is None:
            raise TurnFailed("unusable_output")
        return await self._scope.call(
            compose_report,
            ComposeReport(
                key=self._request.turn,
                attempt=self._request.attempt,
                report=report.document,
                evidence=basis.evidence,
                citations=basis.citations,
                unsupported=check.unsupported,
                problems=problems,
                gaps=tuple(self._gaps),
                notices=tuple(self._notices),
                usage=self._scope.usage,
                chart=chart,
                trace=self._scope.trace,
            ),
        )

    # --- Small things ------------------------------------------------------------------------------------------------

    def _question(self) -> str:
        return self._request.research.question or f"A research report on {self._symbol.symbol}."

    def _key(self, name: str) -> str:
        return f"{self._request.turn}:{self._request.attempt}:{name}"

    def _task(self, name: str, arguments: dict[str, str]) -> StepInputs:
        given = {"symbol": self._symbol.symbol, "today": workflow.now().date().isoformat(), **arguments}
        return StepInputs(prompt=PromptInput(name=name, arguments=given))

    def _branch_of(self, role: str, line: str, label: str, *, of_thread: bool = False) -> Branch:
        return Branch(
            self._scope,
            self._request.permit.agent(role),
            head=self._request.head if of_thread else None,
            tainted=self._request.tainted if of_thread else False,
            line=line,
            label=label,
        )

    async def _running(self, branch: Branch, label: str) -> None:
        self._scope.progress.set(branch.line, label, LineState.RUNNING)
        workflow.set_current_details(self._scope.progress.details())

    def _plain(self, state: AnswerState, text: str) -> Answer:
        return Answer(
            key=self._request.turn,
            state=state,
            attempt=self._request.attempt,
            text=text,
            notices=tuple(self._notices),
            usage=self._scope.usage,
        )

    def _result(self, answer: Answer, failure: str = "") -> ResearchResult:
        return ResearchResult(
            answer=answer,
            head=self._branch.head,
            tainted=self._branch.tainted,
            usage=self._scope.usage,
            failure=failure,
        )
