"""One real Temporal dev server for a test session; every test has a namespace of its own in it."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from bot import embedded
from bot.connect import connect
from bot.runtime import free_port
from bot.settings import Settings, load_settings

_FAST = (
    'system.namespaceCacheRefreshInterval="100ms"',
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    "history.visibilityProcessorMaxPollRPS=2000",
)
_RETENTION = Duration(seconds=24 * 3600)


@contextmanager
def temporal_process(*options: str, port: int = 0) -> Generator[str]:
    """Run the embedded server, on a file, for as long as the block runs; gives its address."""
    with tempfile.TemporaryDirectory() as directory:
        chosen = port or free_port()
        arguments = embedded.arguments(database=Path(directory) / "temporal.db", port=chosen)
        dynamic = [part for value in _FAST for part in ("--dynamic-config-value", value)]
        process = subprocess.Popen([str(embedded.find_binary()), *arguments, *dynamic, *options])
        try:
            address = f"127.0.0.1:{chosen}"
            asyncio.run(_until_up(address))
            yield address
        finally:
            process.kill()
            process.wait()


async def new_namespace(address: str) -> str:
    """Register a namespace, usable when this returns."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    client = await Client.connect(address)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=_RETENTION)
    )
    return name


def settings_for(address: str, namespace: str, data_dir: Path, **more: object) -> Settings:
    """Settings of a process in that namespace; nothing of the environment counts but what is given."""
    return load_settings(
        _env_file=None,
        clew_embedded_temporal=address,
        temporal_namespace=namespace,
        clew_data_dir=data_dir,
        **more,
    )


async def _until_up(address: str) -> None:
    # Settings hold nothing here that a connection needs beyond the address.
    await connect(load_settings(_env_file=None, clew_embedded_temporal=address), patience=30.0)
