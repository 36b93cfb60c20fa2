"""Sessions with Discord are counted over restarts, and spread once there were many."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bot.platforms.discord.sessions import Sessions


class Waits(list[float]):
    """What would have been waited, in seconds; time stands still."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


async def test_the_first_ones_begin_at_once_and_the_others_apart(tmp_path: Path, waits: Waits) -> None:
    for _ in range(3):
        await Sessions(tmp_path / "sessions.json", burst=3, apart=100, sleep=waits).begin()
    assert waits == []
    await Sessions(tmp_path / "sessions.json", burst=3, apart=100, sleep=waits).begin()
    assert [round(seconds) for seconds in waits] == [100]


async def test_sessions_of_the_day_before_do_not_count(tmp_path: Path, waits: Waits) -> None:
    path = tmp_path / "sessions.json"
    path.write_text(json.dumps([time.time() - 90_000] * 50), "utf-8")
    await Sessions(path, burst=3, apart=100, sleep=waits).begin()
    assert waits == []
    assert len(json.loads(path.read_text("utf-8"))) == 1


@pytest.mark.parametrize("text", ["", "{}", '[null, "x"]', "not JSON"])
async def test_a_broken_file_is_written_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sessions.json"
    path.write_text(text, "utf-8")
    await Sessions(path).begin()
    assert len(json.loads(path.read_text("utf-8"))) == 1


async def test_without_a_place_to_write_they_are_counted_in_this_process(tmp_path: Path, waits: Waits) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    sessions = Sessions(tmp_path / "file" / "sessions.json", burst=1, apart=100, sleep=waits)
    await sessions.begin()
    await sessions.begin()
    assert [round(seconds) for seconds in waits] == [100]
