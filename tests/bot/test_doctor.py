"""`clew doctor` before real parts: a Temporal server, the tool server, and the sandbox in Mistral's place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot import doctor
from bot.doctor import Finding, Verdict
from bot.runtime import free_port
from bot.settings import Settings
from tests.support.market import RunningMarket
from tests.support.sandbox import running_sandbox

KEY = "kT9sLq2mZx8canary"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLEW_DATA_DIR", str(tmp_path / "data"))


async def finding(subject: str) -> Finding:
    findings = await doctor.look()
    assert all(KEY not in found.text for found in findings)
    return next(found for found in findings if found.subject == subject)


async def test_without_any_setting_there_is_advice_and_no_problem() -> None:
    findings = await doctor.look()
    assert {found.verdict for found in findings} == {Verdict.OK, Verdict.ADVICE}
    assert await doctor.examine()


async def test_every_wrong_setting_is_named_in_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("MISTRAL_API_KEY", "changeme"),
        ("MCP_SERVER_URL", "nowhere"),
        ("CLEW_TURN_DEADLINE", "soon"),
    ):
        monkeypatch.setenv(name, value)
    findings = await doctor.look()
    wrong = [found.text.split()[0] for found in findings if found.verdict is Verdict.PROBLEM]
    assert sorted(wrong) == ["CLEW_TURN_DEADLINE", "MCP_SERVER_URL", "MISTRAL_API_KEY"]
    assert not await doctor.examine()


async def test_what_wrong_settings_do_not_concern_is_checked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "changeme")
    found = {finding.subject: finding for finding in await doctor.look()}
    assert found["Mistral"].text == found["market data"].text == "not checked; set MISTRAL_API_KEY right first."
    assert (found["data directory"].verdict, found["traces"].verdict) == (Verdict.OK, Verdict.OK)
    assert "is not running" in found["Temporal"].text


async def test_a_placeholder_for_the_encryption_key_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_ENCRYPTION_KEY", "changeme")
    findings = await doctor.look()
    assert sum("CLEW_ENCRYPTION_KEY" in f"{found.subject} {found.text}" for found in findings) == 1
    assert "is not running" in next(found.text for found in findings if found.subject == "Temporal")


async def test_a_bad_encryption_key_is_named_once_and_temporal_is_not_blamed(
    monkeypatch: pytest.MonkeyPatch, temporal_server: str, namespace: str
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_server)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", namespace)
    monkeypatch.setenv("CLEW_ENCRYPTION_KEY", KEY)
    found = {finding.subject: finding for finding in await doctor.look()}
    assert found["CLEW_ENCRYPTION_KEY"].text == "must be 32 bytes in base64 or hex."
    assert [finding.subject for finding in found.values() if finding.verdict is Verdict.PROBLEM] == [
        "CLEW_ENCRYPTION_KEY"
    ]
    assert found["Temporal"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SLACK_BOT_TOKEN", f"xapp-{KEY}", "begins with xoxb-"),
        ("SLACK_APP_TOKEN", f"xoxb-{KEY}", "begins with xapp-"),
        ("CLEW_ENCRYPTION_KEY", KEY, "32 bytes"),
    ],
)
async def test_a_secret_of_the_wrong_kind_is_named(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    found = await finding(name)
    assert found.verdict is Verdict.PROBLEM
    assert words in found.text


async def test_a_key_that_mistral_takes_is_fine_and_one_it_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    async with running_sandbox() as sandbox:
        monkeypatch.setenv("MISTRAL_SERVER_URL", sandbox.url)
        assert (await finding("Mistral")).verdict is Verdict.OK
        await sandbox.fault(kind="status", status=401, on="models", times=0)
        assert (await finding("MISTRAL_API_KEY")).verdict is Verdict.PROBLEM
        await sandbox.clear()
        await sandbox.fault(kind="status", status=503, on="models", times=0)
        assert (await finding("Mistral")).verdict is Verdict.ADVICE


async def test_a_mistral_that_cannot_be_reached_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("MISTRAL_SERVER_URL", f"http://127.0.0.1:{free_port()}")
    found = await finding("Mistral")
    assert found.verdict is Verdict.PROBLEM
    assert "cannot be reached from here" in found.text


async def test_the_tool_server_is_asked_with_the_token(
    monkeypatch: pytest.MonkeyPatch, market_server: RunningMarket
) -> None:
    monkeypatch.setenv("MCP_SERVER_URL", market_server.url)
    monkeypatch.setenv("MCP_AUTH_TOKEN", market_server.token)
    assert (await finding("tool server")).verdict is Verdict.OK
    monkeypatch.setenv("MCP_AUTH_TOKEN", KEY)
    assert (await finding("MCP_AUTH_TOKEN")).verdict is Verdict.PROBLEM
    monkeypatch.setenv("MCP_SERVER_URL", f"http://127.0.0.1:{free_port()}/mcp")
    assert (await finding("tool server")).verdict is Verdict.PROBLEM


async def test_missing_search_attributes_come_with_the_command_that_adds_them(
    monkeypatch: pytest.MonkeyPatch, temporal_server: str, namespace: str
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_server)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", namespace)
    assert (await finding("Temporal")).verdict is Verdict.OK
    found = await finding("search attributes")
    assert found.verdict is Verdict.ADVICE
    assert f"temporal operator search-attribute create --namespace {namespace} --name ClewPlatform" in found.text
    assert (await finding("worker")).verdict is Verdict.ADVICE


async def test_a_temporal_server_that_is_down_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    found = await finding("Temporal")
    assert (found.verdict, found.text) == (Verdict.PROBLEM, f"Temporal at {address} cannot be reached.")


async def test_a_missing_temporal_program_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.executable", os.devnull)
    monkeypatch.setattr("bot.embedded.files", lambda _name: [])  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - a package without files
    found = await finding("Temporal")
    assert found.verdict is Verdict.PROBLEM
    assert "set TEMPORAL_ADDRESS" in found.text


async def test_a_data_directory_that_cannot_be_made_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CLEW_DATA_DIR", str(tmp_path / "file" / "data"))
    found = await finding("data directory")
    assert found.verdict is Verdict.PROBLEM
    assert "CLEW_DATA_DIR" in found.text


async def test_a_disk_with_too_little_room_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.doctor.FULL", 1 << 62)
    found = await finding("data directory")
    assert found.verdict is Verdict.PROBLEM
    assert "is full" in found.text
