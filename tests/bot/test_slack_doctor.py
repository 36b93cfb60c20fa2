"""What `clew doctor` says of Slack, before a loopback Slack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from bot.findings import Verdict
from bot.platforms.slack.checks import look
from bot.platforms.slack.needs import SCOPES
from bot.settings import Settings, load_settings
from tests.slack.server import Slack, running_slack


@pytest.fixture
def slack() -> Iterator[Slack]:
    with running_slack() as slack:
        yield slack


def settings_of(slack: Slack, **more: object) -> Settings:
    given: dict[str, object] = {
        "slack_bot_token": slack.bot_token,
        "slack_app_token": slack.app_token,
        "slack_api_url": slack.api_url,
    }
    return load_settings(_env_file=None, **{**given, **more})


async def test_a_workspace_that_is_set_up_has_no_problem(slack: Slack) -> None:
    slack.channel("research")
    slack.set_scopes(*SCOPES)
    findings = await look(settings_of(slack))
    assert {found.verdict for found in findings} == {Verdict.OK}
    assert any("#research" in found.text for found in findings)


async def test_every_missing_scope_is_named_with_what_cannot_be_done_without_it(slack: Slack) -> None:
    slack.channel("research")
    slack.set_scopes(*(scope for scope in SCOPES if scope not in ("files:write", "reactions:read")))
    problems = [found.text for found in await look(settings_of(slack)) if found.verdict is Verdict.PROBLEM]
    assert len(problems) == 2
    assert problems[0].startswith("files:write is missing, so Clew cannot attach charts")
    assert "reactions:read" in problems[1]


async def test_a_bot_that_is_nowhere_and_a_channel_without_it_are_named(slack: Slack) -> None:
    away = slack.channel("elsewhere", member=False)
    findings = await look(settings_of(slack, clew_allowed_channels=f"slack:{away}"))
    told = {found.subject: found.text for found in findings if found.verdict is not Verdict.OK}
    assert away in told["CLEW_ALLOWED_CHANNELS"]
    assert "/invite" in told["Slack channels"]


async def test_a_revoked_token_is_named(slack: Slack) -> None:
    slack.revoke_token()
    [found] = await look(settings_of(slack))
    assert (found.subject, found.verdict) == ("SLACK_BOT_TOKEN", Verdict.PROBLEM)
    assert "token_revoked" in found.text
    assert slack.bot_token not in found.text


async def test_a_wrong_app_token_and_an_unknown_administrator_are_named(slack: Slack) -> None:
    slack.channel("research")
    wrong = settings_of(slack, slack_app_token=SecretStr("xapp-1-2-3-wrong9sLq2mZx8"), clew_admins="slack:UNOBODY")
    problems = {found.subject: found.text for found in await look(wrong) if found.verdict is Verdict.PROBLEM}
    assert "UNOBODY" in problems["CLEW_ADMINS"]
    assert "invalid_auth" in problems["SLACK_APP_TOKEN"]
