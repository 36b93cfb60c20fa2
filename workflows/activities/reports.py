"""Reports as activities: blobs in, an answer out. No client, and nothing that cannot be repeated.

Reading figures is work for seconds where a text is long, so it is done in a thread: the loop has heartbeats to send.
"""

from __future__ import annotations

import asyncio

from temporalio import activity

from workflows import reports
from workflows.activities.heartbeat import heartbeating
from workflows.activities.recorded import facts_only
from workflows.blobs import BlobStore
from workflows.contracts import Answer, BlobRef, CheckReport, ComposeAnswer, ComposeReport, FigureCheck
from workflows.errors import CallError, Terminal, retried_by_temporal
from workflows.structured import Report, Unusable, parse


class ReportActivities:
    """Checks and composes from what was recorded."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    @activity.defn(name="check_report")
    async def check_report(self, request: CheckReport) -> FigureCheck:
        """Check a report's figures against recorded tool results."""
        async with heartbeating():
            try:
                report = await self._report(request.report)
                results = await facts_only(self._blobs, request.evidence)
            except CallError as error:
                raise retried_by_temporal(error) from None
            return await asyncio.to_thread(reports.check_figures, report, results, request.citations)

    @activity.defn(name="compose_report")
    async def compose_report(self, request: ComposeReport) -> Answer:
        """Make the final answer of a report."""
        async with heartbeating():
            try:
                report = await self._report(request.report)
                results = await facts_only(self._blobs, request.evidence)
            except CallError as error:
                raise retried_by_temporal(error) from None
            return await asyncio.to_thread(reports.compose_report, report, request, results)

    @activity.defn(name="compose_answer")
    async def compose_answer(self, request: ComposeAnswer) -> Answer:
        """Make the final answer of a follow-up."""
        async with heartbeating():
            try:
                results = await facts_only(self._blobs, request.evidence)
            except CallError as error:
                raise retried_by_temporal(error) from None
            return await asyncio.to_thread(reports.compose_answer, request, results)

    async def _report(self, ref: BlobRef) -> Report:
        try:
            return parse(Report, (await self._blobs.get(ref)).decode())
        except Unusable as error:
            raise Terminal(str(error), code="unusable_output") from None
