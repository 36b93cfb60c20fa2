"""The tool server in a network where every packet is counted: `python -m tests.security.walls`, as a test."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bot.processes import ROOT
from tests.security.walls import CANNOT, why_not


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_nothing_leaves_for_anywhere_but_yahoo_whatever_tools_are_given_and_yahoo_answers() -> None:
    reason = why_not()
    if reason:
        pytest.skip(reason)

    ran = subprocess.run(
        [sys.executable, "-m", "tests.security.walls"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("packets to elsewhere 0") == 2


def test_where_no_network_can_be_made_the_command_says_why_and_is_not_green(tmp_path: object) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.security.walls"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == CANNOT
    assert "not run: needs Linux with unshare, ip, mount" in ran.stderr
