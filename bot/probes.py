"""Is a part there? Cheap looks at each, for commands that wait and for `clew doctor`."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from workflows.identity import TASK_QUEUE

_TIMEOUT_SECONDS = 2.0


async def http_status(
    url: str, path: str, headers: dict[str, str] | None = None, *, limit: float = _TIMEOUT_SECONDS
) -> int | None:
    """Status of a GET on `path` of the server at `url`, or None where nothing answers in `limit` seconds."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    lines = {"Host": parts.netloc, "Connection": "close", "Accept": "*/*", **(headers or {})}
    request = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    try:
        async with asyncio.timeout(limit):
            reader, writer = await asyncio.open_connection(host, port, ssl=secure or None)
            try:
                writer.write(request.encode())
                status = (await reader.readline()).split(b" ")
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return None
    return int(status[1]) if len(status) > 1 and status[1].isdigit() else None


async def listening(address: str, *, limit: float = _TIMEOUT_SECONDS) -> bool:
    """Whether anybody takes connections at `host:port`. Raises ValueError for anything else."""
    parts = urlsplit(f"//{address}")
    try:
        async with asyncio.timeout(limit):
            _, writer = await asyncio.open_connection(parts.hostname or "", parts.port or 0)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def healthy(url: str) -> bool:
    """Whether the server at `url` answers its health check."""
    return await http_status(url, "/healthz") == 200


async def worker_polls(client: Client, *, pid: int | None = None, since: float = 0.0) -> bool:
    """Whether a worker asks for work: process `pid`, or anyone who asked after `since` (seconds since the epoch).

    Pollers stay listed for minutes after their worker is gone, so mere presence says nothing.
    """
    try:
        found = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=TASK_QUEUE),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
    except RPCError:
        return False
    return any(
        (pid is not None and poller.identity.partition("@")[0] == str(pid))
        or (since > 0 and poller.last_access_time.ToMilliseconds() / 1000 >= since)
        for poller in found.pollers
    )
