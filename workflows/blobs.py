"""Bytes that must not stand in history: tool results, findings, reports, pictures."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Protocol

from workflows.contracts import BlobRef
from workflows.errors import Terminal


class BlobStore(Protocol):
    """PORT. Content-addressed, so a repeated write is the same blob and needs no reconciling."""

    async def put(self, data: bytes, media_type: str) -> BlobRef:
        """Keep `data`; durable when this returns."""
        ...

    async def get(self, ref: BlobRef) -> bytes:
        """The bytes of `ref`. Raises Terminal (code `notes_lost`) if they are gone."""
        ...


class FileBlobStore:
    """Blobs as files below one directory, which all workers share (one machine, or a shared volume)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def put(self, data: bytes, media_type: str) -> BlobRef:
        """Write to a temporary name, then rename: a killed worker leaves no half blob."""
        ref = BlobRef(key=hashlib.sha256(data).hexdigest(), media_type=media_type, size=len(data))
        await asyncio.to_thread(self._write, self.path(ref), data)
        return ref

    async def get(self, ref: BlobRef) -> bytes:
        """Read a blob."""
        try:
            return await asyncio.to_thread(self.path(ref).read_bytes)
        except FileNotFoundError as missing:
            raise Terminal(f"blob {ref.key} is missing", code="notes_lost") from missing

    def path(self, ref: BlobRef) -> Path:
        """Where a blob lies; pictures keep an ending that viewers know."""
        ending = {"image/png": ".png", "application/json": ".json"}.get(ref.media_type, "")
        return self._directory / ref.key[:2] / f"{ref.key}{ending}"

    def _write(self, path: Path, data: bytes) -> None:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as temporary:
            temporary.write(data)
            temporary.flush()
            os.fsync(temporary.fileno())
        Path(temporary.name).rename(path)
