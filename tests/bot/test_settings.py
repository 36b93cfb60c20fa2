from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load_settings

SECRETS = [
    "MISTRAL_API_KEY",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "DISCORD_TOKEN",
    "TEMPORAL_API_KEY",
    "MCP_AUTH_TOKEN",
    "CLEW_ENCRYPTION_KEY",
    "LOGFIRE_TOKEN",
    "CLEW_API_KEYS",
]

PLACEHOLDERS = [
    "undefined",
    "null",
    "None",
    "changeme",
    "change-me",
    "CHANGE_ME",
    "your-api-key",
    "your_token_here",
    "<your key>".replace(" ", "-"),
    "${MISTRAL_API_KEY}",
    "xoxb-your-token",
    "xoxb-...",
    "xxxxxxxx",
    "...",
    "TODO",
    '""',
    "''",
    '"quoted"',
    "placeholder",
]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", SECRETS)
def test_a_placeholder_is_refused_by_the_settings_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "changeme")
    with pytest.raises(SettingsError, match=f"^{name} holds a placeholder"):
        load_settings()


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_no_refusal_echoes_the_value(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", value)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert str(refusal.value).startswith("SLACK_BOT_TOKEN ")
    assert value not in str(refusal.value).removeprefix("SLACK_BOT_TOKEN ").replace("a placeholder", "")
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    "value",
    ["xoxb-1234567890-abcdefGHIJ", "kT9sLq2mZx8", "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"],
)
def test_a_real_looking_secret_is_taken(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", value)
    token = load_settings().slack_bot_token
    assert token is not None
    assert token.get_secret_value() == value


def test_a_secret_does_not_show_in_the_settings_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "kT9sLq2mZx8canary")
    settings = load_settings()
    assert "canary" not in repr(settings)
    assert "canary" not in settings.model_dump_json()
    assert settings.secrets() == ("kT9sLq2mZx8canary",)


def test_a_copied_example_line_without_a_value_means_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "")
    assert load_settings().sandboxed


def test_without_any_setting_the_sandbox_the_sample_data_and_an_embedded_server_stand_in() -> None:
    settings = load_settings()
    assert settings.sandboxed
    assert settings.embedded_temporal
    assert settings.market_data == "sample"
    assert not settings.observed
    assert settings.clew_model == "mistral-medium-3-5"
    assert settings.mcp_url == "http://127.0.0.1:9000/mcp"


def test_with_a_key_live_market_data_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "kT9sLq2mZx8")
    settings = load_settings()
    assert not settings.sandboxed
    assert settings.market_data == "yahoo"


def test_a_dot_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CLEW_MODEL=from-file\nTEMPORAL_ADDRESS=one:7233\nUNRELATED=1\n")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "two:7233")
    settings = load_settings()
    assert settings.clew_model == "from-file"
    assert settings.temporal_address == "two:7233"
    assert not settings.embedded_temporal


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("15 min", 900), ("1.5h", 5400)])
def test_a_duration_is_read_in_words(text: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_TURN_DEADLINE", text)
    assert load_settings().clew_turn_deadline == seconds


def test_a_malformed_duration_is_named_with_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_TURN_DEADLINE", "soon")
    with pytest.raises(SettingsError, match=r"^CLEW_TURN_DEADLINE must be a duration such as 90, 90s, 15m or 1h\.$"):
        load_settings()


def test_lists_are_separated_by_commas_or_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_ADMINS", "slack:U1, discord:2 discord-role:3")
    assert load_settings().clew_admins == ("slack:U1", "discord:2", "discord-role:3")


def test_an_address_with_a_password_in_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_SERVER_URL", "http://user:hunter2hunter2@host/mcp")
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert "hunter2" not in str(refusal.value)


def test_the_example_file_names_every_setting_a_person_may_set() -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text()
    internal = {"CLEW_EMBEDDED_TEMPORAL", "CLEW_SANDBOX_URL"}
    for name in {field.upper() for field in Settings.model_fields} - internal:
        assert f"{name}=" in example, name


def test_the_example_file_as_it_stands_is_a_valid_configuration(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text((Path(__file__).parents[2] / ".env.example").read_text())
    assert load_settings().sandboxed
