"""Every row of the matrix is run, or there is a reason why not; each variant has a row; a seed draws one campaign."""

from __future__ import annotations

import re

from tests.bot.processes import ROOT
from tests.chaos.case import NEVER, Verdict
from tests.chaos.checker import Finding
from tests.chaos.matrix import ROWS, runs
from tests.chaos.plan import CHAT_FAULTS, MODEL_FAULTS, TOOL_FAULTS, VICTIMS, plan
from tests.chaos.rows.beyond import BEYOND
from tests.chaos.variants.injected.sitecustomize import PATCHES
from tests.chaos.variants.table import VARIANTS

FAMILIES = {"SH": 9, "SS": 5, "D": 8, "C": 12, "L": 8, "T": 5, "P": 13}
"""How many rows each family of the matrix has."""


def test_each_row_is_run_or_has_a_reason_why_not() -> None:
    wanted = {f"{family}{number}" for family, count in FAMILIES.items() for number in range(1, count + 1)}
    run = {row.id.partition("-")[0] for row in ROWS} & wanted
    left_out = {ident for ids in BEYOND for ident in ids.split(", ")}
    assert run | left_out == wanted
    assert not run & left_out


def test_no_two_rows_have_one_id_and_none_is_without_a_platform() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert all(row.platforms for row in ROWS)
    assert all(re.fullmatch(r"[A-Z]+\d+(-[a-z0-9-]+)?", row.id) for row in ROWS)


def test_shares_that_run_side_by_side_are_all_of_it_once() -> None:
    every = runs((), quick=False)
    shared = [runs((), quick=False, share=share) for share in ("1/3", "2/3", "3/3")]
    assert sorted((row.id, platform) for share in shared for row, platform in share) == sorted(
        (row.id, platform) for row, platform in every
    )
    assert {row.id for row, _ in runs((), quick=False, once=True)} == {row.id for row in ROWS}


def test_what_broke_an_invariant_gets_no_second_try() -> None:
    broken, never = Finding(invariant="I1", text="lost"), Finding(invariant=NEVER, text="no placeholder")
    assert Verdict(findings=(never,), missed=(), seconds=1.0).unproven
    assert Verdict(findings=(), missed=("a drop",), seconds=1.0).unproven
    assert not Verdict(findings=(never, broken), missed=("a drop",), seconds=1.0).unproven
    assert not Verdict(findings=(), missed=(), seconds=1.0).unproven


def test_each_variant_breaks_something_and_has_a_row_that_finds_it_out() -> None:
    assert {variant.name for variant in VARIANTS} == set(PATCHES)
    rows = {row.id: row for row in ROWS}
    assert all(variant.platform in rows[variant.row].platforms for variant in VARIANTS)


def test_a_seed_draws_one_campaign_and_another_seed_another() -> None:
    assert plan(7, 200) == plan(7, 200)
    assert plan(7, 200) != plan(8, 200)


def test_a_campaign_hits_every_role_and_breaks_everything_in_its_share() -> None:
    drawn = plan(7, 5_000)
    assert {hit.role for hit in drawn.hits[: len(VICTIMS)]} == set(VICTIMS)
    for kind in (*CHAT_FAULTS, *MODEL_FAULTS, *TOOL_FAULTS):
        share = sum(kind in turn.faults for turn in drawn.turns) / len(drawn.turns)
        assert 0.01 < share < 0.03


def test_the_page_names_every_row_that_is_run_or_not_and_every_variant() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    named = [*(f"| {row.id} |" for row in ROWS), *(f"| {ids} |" for ids in BEYOND)]
    named += [f"| {variant.title} |" for variant in VARIANTS]
    assert [one for one in named if one not in page] == []
