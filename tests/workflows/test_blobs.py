from __future__ import annotations

from pathlib import Path

import pytest

from workflows.blobs import FileBlobStore
from workflows.contracts import BlobRef
from workflows.errors import Terminal


def endings(directory: Path) -> list[str]:
    return [path.suffix for path in directory.rglob("*") if path.is_file()]


async def test_the_same_bytes_written_twice_are_one_blob(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path)
    first = await store.put(b"evidence", "application/json")
    second = await store.put(b"evidence", "application/json")
    assert first == second
    assert await store.get(first) == b"evidence"
    assert endings(tmp_path) == [".json"]


async def test_a_lost_blob_is_a_terminal_error_with_a_code(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path)
    with pytest.raises(Terminal) as lost:
        await store.get(BlobRef(key="0" * 64, media_type="text/plain", size=1))
    assert lost.value.code == "notes_lost"
