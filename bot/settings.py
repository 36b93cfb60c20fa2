"""All settings: environment variables and a `.env` file in the working directory. Nothing is read at import."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import PlainError

SANDBOX_KEY = "sandbox"
"""What is sent as Mistral's key where a server needs none; it opens nothing."""

DEFAULT_MCP_URL = "http://127.0.0.1:9000/mcp"

_PLACEHOLDER = re.compile(
    r"""
    undefined | null | none | nil | nan | true | false | secret | token | key | password | string
    | change[-_ ]?(me|it) | replace[-_ ]?(me|this|it) | fill[-_ ]?(me|this)?[-_ ]?in | to[-_ ]?do | tbd | example
    | place[-_ ]?holder | insert .* | your[-_ ]? .*
    | (xox[abeprs] | xapp) - ( your .* | [x.*\-]* | \d* | token )
    | .* [-_] your [-_] .* | .* [-_] (here|goes[-_]here) | [x*._\-]+ | < .* > | \$ \{? .* | \{\{ .* \}\}
    | \[object .* \]
    """,
    re.IGNORECASE | re.VERBOSE,
)

_DURATION = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>s|sec|seconds?|m|min|minutes?|h|hours?)?", re.IGNORECASE)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class SettingsError(PlainError):
    """Settings are wrong. Its text is a plain sentence for each, names them, and holds no value.

    `names` are those of the wrong ones, where they were refused as they were read.
    """

    def __init__(self, sentences: str, *, names: tuple[str, ...] = ()) -> None:
        super().__init__(sentences)
        self.names = names


class Settings(BaseSettings):
    """Every setting, under its environment variable's name in lower case. Durations in seconds."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    mistral_api_key: SecretStr | None = None
    mistral_server_url: str | None = None
    clew_model: str = "mistral-medium-3-5"

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"

    discord_token: SecretStr | None = None
    discord_api_url: str | None = None
    discord_gateway_url: str | None = None

    temporal_address: str | None = None
    temporal_namespace: str | None = None
    temporal_api_key: SecretStr | None = None
    temporal_profile: str | None = None
    clew_temporal_ui: str | None = None

    mcp_server_url: str | None = None
    mcp_auth_token: SecretStr | None = None
    clew_market_data: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    clew_api_host: str = "127.0.0.1"
    clew_api_port: int = Field(default=8000, ge=0, le=65535)
    clew_api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()

    clew_allowed_users: Annotated[tuple[str, ...], NoDecode] = ()
    clew_allowed_channels: Annotated[tuple[str, ...], NoDecode] = ()
    clew_admins: Annotated[tuple[str, ...], NoDecode] = ()

    clew_turn_deadline: float = Field(default=900.0, gt=0)
    clew_daily_tokens_per_user: int | None = Field(default=None, gt=0)
    clew_daily_tokens_per_workspace: int | None = Field(default=None, gt=0)
    clew_turns_per_minute_per_user: int | None = Field(default=None, gt=0)
    clew_turns_at_once_per_user: int | None = Field(default=None, gt=0)
    clew_max_tool_steps: int = Field(default=12, ge=1, le=100)

    clew_catch_up_hours: float = Field(default=24.0, ge=0, le=168)

    clew_encryption_key: SecretStr | None = None
    clew_data_dir: Path | None = None
    clew_linger: float = Field(default=300.0, ge=0)

    clew_embedded_temporal: str | None = None
    """Address of the embedded server: set by whoever started it, never by hand."""
    clew_sandbox_url: str | None = None
    """Address of the running sandbox: set by whoever started it, never by hand."""

    logfire_token: SecretStr | None = None
    otel_exporter_otlp_endpoint: str | None = None
    otel_exporter_otlp_traces_endpoint: str | None = None

    @field_validator("clew_api_keys", "clew_allowed_users", "clew_allowed_channels", "clew_admins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part for part in re.split(r"[,\s]+", value) if part) if isinstance(value, str) else value

    @field_validator("clew_turn_deadline", "clew_linger", mode="before")
    @classmethod
    def _seconds(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        match = _DURATION.fullmatch(value.strip())
        if match is None:
            raise ValueError("must be a duration such as 90, 90s, 15m or 1h")
        return float(match["number"]) * _UNITS[(match["unit"] or "s")[0].lower()]

    @field_validator(
        "mistral_api_key",
        "slack_bot_token",
        "slack_app_token",
        "slack_signing_secret",
        "discord_token",
        "temporal_api_key",
        "mcp_auth_token",
        "clew_encryption_key",
        "logfire_token",
        mode="after",
    )
    @classmethod
    def _real(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _refuse_placeholder(value.get_secret_value())
        return value

    @field_validator("clew_api_keys", mode="after")
    @classmethod
    def _all_real(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            _refuse_placeholder(key.get_secret_value())
        return value

    @field_validator(
        "mistral_server_url", "slack_api_url", "discord_api_url", "mcp_server_url", "clew_temporal_ui", mode="after"
    )
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value):
            raise ValueError("must be an http:// or https:// address without a user name")
        return value

    @property
    def sandboxed(self) -> bool:
        """True where the sandbox stands in for Mistral: neither a key nor another server is given."""
        return self.mistral_api_key is None and self.mistral_server_url is None

    @property
    def mistral_url(self) -> str | None:
        """Server to speak to instead of Mistral's own: the one named, or the running sandbox."""
        return self.mistral_server_url or (self.clew_sandbox_url if self.sandboxed else None)

    @property
    def mistral_key(self) -> str:
        """Mistral's key, or a word that opens nothing where another server stands in."""
        return self.mistral_api_key.get_secret_value() if self.mistral_api_key is not None else SANDBOX_KEY

    @property
    def mcp_url(self) -> str:
        """Where the tool server is."""
        return self.mcp_server_url or DEFAULT_MCP_URL

    @property
    def slack_url(self) -> str:
        """Where Slack's Web API is, with the slash that its methods' names are put after."""
        return f"{self.slack_api_url.rstrip('/')}/"

    @property
    def catch_up(self) -> float:
        """Seconds before a bot's start from which on it hands over what nobody heard."""
        return self.clew_catch_up_hours * 3600

    @property
    def market_data(self) -> str:
        """Name of the market-data provider."""
        return self.clew_market_data or ("sample" if self.sandboxed else "yahoo")

    @property
    def embedded_temporal(self) -> bool:
        """True where no Temporal server is named, so that one is started beside the other parts."""
        return self.temporal_address is None and self.temporal_profile is None

    @property
    def data_dir(self) -> Path:
        """Where the embedded server's file, caches, logs and the state of a running set lie."""
        if self.clew_data_dir is not None:
            return self.clew_data_dir.expanduser().absolute()
        from platformdirs import user_data_path  # noqa: PLC0415 - rarely needed

        return user_data_path("clew", appauthor=False)

    @property
    def observed(self) -> bool:
        """True where traces have somewhere to go."""
        return bool(self.logfire_token or self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint)

    @property
    def chat_tokens(self) -> dict[str, SecretStr | None]:
        """The token by which each chat platform is set up, by the platform's name."""
        return {"slack": self.slack_bot_token, "discord": self.discord_token}

    def secrets(self) -> tuple[str, ...]:
        """Every secret value in use, for redaction only."""
        found = [self.mistral_api_key, self.slack_bot_token, self.slack_app_token, self.slack_signing_secret]
        found += [self.discord_token, self.temporal_api_key, self.mcp_auth_token, self.clew_encryption_key]
        found += [self.logfire_token, *self.clew_api_keys]
        return tuple(secret.get_secret_value() for secret in found if secret is not None)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings. Raises SettingsError, whose text names each wrong setting and echoes no value."""
    try:
        return Settings(**overrides)
    except ValidationError as wrong:
        errors = [(str(error["loc"][0]).upper(), _plain(error)) for error in wrong.errors(include_input=False)]
    sentences = dict.fromkeys(f"{name} {sentence}" for name, sentence in errors)
    raise SettingsError("\n".join(sentences), names=tuple(dict.fromkeys(name for name, _ in errors)))


def defaults(names: Iterable[str]) -> dict[str, Any]:
    """The defaults of some settings, for `load_settings` without what they are set to."""
    return {name.lower(): Settings.model_fields[name.lower()].get_default() for name in names}


def _plain(error: Any) -> str:
    """What pydantic found, without its own prefix. Its messages state the rule, never the value."""
    return str(error["msg"]).removeprefix("Value error, ").replace("Input should", "should") + "."


def _refuse_placeholder(value: str) -> None:
    if value != value.strip() or any(character.isspace() for character in value):
        raise ValueError("holds a space or a line break; copy it again")
    if value[:1] in "\"'" or value[-1:] in "\"'":
        raise ValueError("is wrapped in quotes; remove them, or leave the setting empty")
    if _PLACEHOLDER.fullmatch(value):
        raise ValueError("holds a placeholder; set the real value, or leave the setting empty")
