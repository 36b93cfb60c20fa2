"""A whole Clew whose every secret is a canary, before services that tell secrets back, and what can be read of it."""

from __future__ import annotations

import asyncio
import base64
import re
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.bot.processes import ROOT, clean_environment
from tests.discord import gate as discord_gate
from tests.discord import gateway as discord_gateway
from tests.discord.server import Discord, running_discord
from tests.discord.world import APPLICATION
from tests.e2e.chats.discord import DiscordSeat
from tests.e2e.chats.slack import SlackSeat
from tests.e2e.sandbox import FaultySandbox, faulty_sandbox
from tests.e2e.whole import Whole, whole
from tests.security.canaries import Canary, canary, files_below
from tests.security.recorder import Recorder, recorder_to
from tests.slack import gate as slack_gate
from tests.slack.server import Slack, running_slack
from tests.support.otlp import Receiver, otlp_receiver
from tests.support.stack import PATIENCE

SERVICES = ("slack", "discord", "mistral", "traces")


@dataclass(kw_only=True)
class Exposed:
    """The set, its services, and what was told on screens. `secrets` by the setting that holds each."""

    whole: Whole
    slack: SlackSeat
    discord: DiscordSeat
    model: FaultySandbox
    receiver: Receiver
    secrets: Mapping[str, Canary]
    hops: Mapping[str, Recorder]
    screens: dict[str, bytes] = field(default_factory=dict[str, bytes])
    processes: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def clew(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        """Run a `clew` command to its end, and keep what it told."""
        ran = subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            env=self.whole.environment | environment,
            cwd=self.whole.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE * 2,
            check=False,
        )
        self.screens[f"{' '.join(arguments)} ({len(self.screens)})"] = ran.stdout + ran.stderr
        return ran

    def look_at_processes(self) -> None:
        """Keep what everybody on the machine can see of the set: its processes' command lines."""
        for process in psutil.Process(self.whole.run.supervisor).children(recursive=True):
            with suppress(psutil.Error):
                self.processes[f"process {process.pid}"] = "\0".join(process.cmdline()).encode()

    def places(self) -> dict[str, bytes]:
        """All that can be read of it: files, screens, processes, traces, and what services were sent."""
        found = {f"file {name}": data for name, data in files_below(self.whole.directory).items() if ".pyc" not in name}
        # It says to other commands how to reach the tool server, and only its owner can read it.
        found.pop("file data/run.json", None)
        found |= {f"screen of {name}": data for name, data in self.screens.items()}
        found |= self.processes
        found |= {f"sent to {name}": self._without_credentials(name) for name in self.hops}
        found["said on sockets to Slack"] = repr([one.response for one in self.slack.slack.envelopes]).encode()
        found["asked of models"] = repr(self.model.conversations()).encode()
        found["traces"] = self.receiver.everything
        return found

    def used(self, service: str, setting: str) -> bool:
        """Whether a service was told the secret that it is there to be told."""
        return self.secrets[setting].value.encode() in self.hops[service].sent

    def _without_credentials(self, service: str) -> bytes:
        """What a service was sent, but for the one header in which its own credential belongs."""
        own = {
            "slack": ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"),
            "discord": ("DISCORD_TOKEN",),
            "mistral": ("MISTRAL_API_KEY",),
            "traces": ("LOGFIRE_TOKEN",),
        }[service]
        values = "|".join(re.escape(self.secrets[name].value) for name in own)
        header = rf"(?im)^authorization: *(?:bearer |bot )?(?:{values})\r$".encode()
        return re.sub(header, b"authorization: kept\r", self.hops[service].sent)


def planted() -> dict[str, Canary]:
    """A secret for every setting that holds one, in the shape that its service gives it."""
    digits = base64.b64encode(APPLICATION.encode()).decode().rstrip("=")
    found = [
        canary("SLACK_BOT_TOKEN", "xoxb-1234567890-1234567890-"),
        canary("SLACK_APP_TOKEN", "xapp-1-A0CLEW-1234567890-", length=64),
        canary("SLACK_SIGNING_SECRET", length=32),
        canary("DISCORD_TOKEN", f"{digits}.GwLoop.", length=38),
        canary("MISTRAL_API_KEY", length=32),
        canary("MCP_AUTH_TOKEN", length=43),
        canary("CLEW_API_KEYS", length=40),
        canary("LOGFIRE_TOKEN", "pylf_v1_us_", length=44),
    ]
    key = canary("CLEW_ENCRYPTION_KEY", length=43)
    # 43 characters and one more that pads them are 32 bytes.
    padded = Canary(name=key.name, prefix="", hidden=f"{key.hidden[:42]}A=")
    return {one.name: one for one in [*found, padded]}


@contextmanager
def exposed() -> Generator[Exposed]:
    """The set, ready, for as long as the block runs."""
    secrets = planted()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clew-exposed-")))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        _tokens(patch, secrets)
        slack = stack.enter_context(running_slack())
        discord = stack.enter_context(running_discord())
        receiver = stack.enter_context(otlp_receiver())
        model = stack.enter_context(faulty_sandbox(directory / "model", clean_environment(PYTHONPATH=str(ROOT))))
        ports = {
            "slack": _port(slack.api_url),
            "discord": _port(discord.api_url),
            "mistral": model.port,
            "traces": _port(receiver.url),
        }
        hops = {name: stack.enter_context(recorder_to(port)) for name, port in ports.items()}
        roots = slack.user("Root"), discord.user("root", admin=True)
        made = stack.enter_context(
            whole(
                directory / "set",
                Path(tempfile.gettempdir()) / "clew-chaos-bytecode",
                {"LOGFIRE_BASE_URL": f"http://127.0.0.1:{hops['traces'].port}"},
                SLACK_API_URL=slack.api_url.replace(str(ports["slack"]), str(hops["slack"].port)),
                DISCORD_API_URL=discord.api_url.replace(str(ports["discord"]), str(hops["discord"].port)),
                DISCORD_GATEWAY_URL=discord.gateway_url,
                MISTRAL_SERVER_URL=f"http://127.0.0.1:{hops['mistral'].port}",
                OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{hops['traces'].port}",
                CLEW_ADMINS=f"slack:{roots[0]},discord:{roots[1]}",
                **{name: one.value for name, one in secrets.items()},
            )
        )
        found = Exposed(
            whole=made,
            slack=SlackSeat(made, slack, roots[0]),
            discord=DiscordSeat(made, discord, roots[1]),
            model=model,
            receiver=receiver,
            secrets=secrets,
            hops=hops,
        )
        made.eventually(lambda: slack.connections > 0 and bool(discord.commands()), "the bot listens to both")
        yield found


def _tokens(patch: pytest.MonkeyPatch, secrets: Mapping[str, Canary]) -> None:
    """Let the loopback services take our tokens for theirs."""
    bot, app = secrets["SLACK_BOT_TOKEN"].value, secrets["SLACK_APP_TOKEN"].value
    patch.setattr(slack_gate, "BOT_TOKEN", bot)
    patch.setattr(slack_gate, "APP_TOKEN", app)
    patch.setattr(Slack, "bot_token", bot)
    patch.setattr(Slack, "app_token", app)
    token = secrets["DISCORD_TOKEN"].value
    patch.setattr(discord_gate, "TOKEN", token)
    patch.setattr(discord_gateway, "TOKEN", token)
    patch.setattr(Discord, "token", token)


def _port(url: str) -> int:
    found = re.search(r":(\d+)", url)
    assert found is not None
    return int(found[1])


def leak_on_purpose(found: Exposed, secret: Canary) -> None:
    """What a careless product would do: hand a secret to Temporal without the codec."""

    async def leak() -> None:
        from temporalio.client import Client

        address = found.whole.run.temporal_address
        assert address is not None
        client = await Client.connect(address)
        await client.start_workflow("Careless", secret.value, id="careless", task_queue="nobody")

    asyncio.run(leak())
