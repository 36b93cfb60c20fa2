"""Every setting is documented where people look for it."""

from __future__ import annotations

import pytest

from bot.settings import Settings
from tests.bot.processes import ROOT

HANDED_DOWN = {"CLEW_EMBEDDED_TEMPORAL", "CLEW_SANDBOX_URL"}
"""Set by whoever starts a part, never by hand."""


@pytest.mark.parametrize("page", ["docs/operations.md", ".env.example"])
def test_every_setting_stands_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    names = {name.upper() for name in Settings.model_fields} - HANDED_DOWN
    assert sorted(name for name in names if name not in text) == []


@pytest.mark.parametrize("file", ["temporal.db", "terminal.db", "sandbox.sqlite", "run.json"])
def test_every_file_of_the_data_directory_is_listed(file: str) -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    assert f"`{file}`" in text.partition("## Data")[2].partition("\n## ")[0]


def test_the_example_sets_nothing_that_is_no_setting() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert named <= {name.upper() for name in Settings.model_fields}
