"""OpenThreadWorkflow: a slash command has no thread yet; it becomes one, once, and its conversation starts."""

from __future__ import annotations

from temporalio import workflow

from workflows.contracts import IncomingMessage, OpenThreadRequest, ThreadRef
from workflows.ports import open_thread, start_conversation
from workflows.scope import execute


@workflow.defn(name="OpenThreadWorkflow")
class OpenThreadWorkflow:
    """Keyed by the command's own id: the same command delivered twice is the same opening."""

    @workflow.run
    async def run(self, request: OpenThreadRequest) -> ThreadRef:
        """Open the thread, start the conversation in it, and return it."""
        thread = await execute(
            open_thread, request, asker=request.asker, platform=request.platform, summary=request.text[:80]
        )
        message = IncomingMessage(
            thread=thread,
            message=request.request,
            asker=request.asker,
            text=request.text,
            research=request.research,
            late=request.late,
            trace=request.trace,
            moment=request.moment,
        )
        await execute(start_conversation, message, asker=request.asker, platform=request.platform)
        return thread
