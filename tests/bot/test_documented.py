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


def test_the_example_sets_nothing_that_is_no_setting() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert named <= {name.upper() for name in Settings.model_fields}
