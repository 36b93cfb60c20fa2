"""`uv run python -m tests.security.containers`: what the image holds, run as compose.yaml runs it, without Docker.

Installs the locked tree and the project's wheel, starts each role as a user of its own without capabilities before a
read-only root, asks on Slack and at the terminal, and looks at what each could read and where it wrote.
Ends with 1 where something is wrong, with 2 where it cannot be tried. S15.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bot.runtime import free_port
from tests.bot.processes import ROOT, clean_environment
from tests.e2e.chats.slack import settings_of
from tests.security.confined import Confined, interpreter, missing, owned_outside, root_is_read_only, status_of
from tests.slack.server import Slack, running_slack

FIRST_USER = 61_001
"""No account has it, so whatever belongs to it was written by us."""

DEVELOPMENT = ("pytest", "ruff", "basedpyright", "hypothesis", "trustme", "respx", "simcord", "psutil", "tests")
PATIENCE = 120.0
QUESTION = "What is AAPL's last close?"
ANSWER = "252.2"


class Report:
    """One line a check."""

    def __init__(self) -> None:
        self.wrong = 0

    def check(self, what: str, holds: bool) -> None:
        """Print it, and remember what is wrong."""
        self.wrong += not holds
        print(f"{'ok   ' if holds else 'WRONG'}  {what}", flush=True)


def install(base: Path) -> Path:
    """A virtual environment as the image has it; returns its directory of programs."""
    venv, python = base / "venv", interpreter()
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | {"UV_LINK_MODE": "copy"}

    def uv(*arguments: str) -> None:
        subprocess.run(["uv", *arguments], check=True, cwd=ROOT, env=clean)

    uv("venv", "--quiet", "--no-project", "--python", str(python), str(venv))
    into = ("--quiet", "--python", str(venv / "bin" / "python"))
    uv("pip", "install", *into, "--require-hashes", "-r", "requirements.lock")
    uv("build", "--quiet", "--wheel", "--out-dir", str(base / "wheel"))
    [wheel] = (base / "wheel").glob("*.whl")
    uv("pip", "install", *into, "--no-deps", str(wheel))
    return venv / "bin"


@contextmanager
def roles(base: Path, programs: Path, slack: Slack, ports: Mapping[str, int]) -> Generator[dict[str, Confined]]:
    """Each role with what compose.yaml hands to it, not started yet; the sandbox stands in for Mistral."""
    temporal = {"TEMPORAL_ADDRESS": f"127.0.0.1:{ports['temporal']}"}
    token = "a-token-of-the-containers-only"
    chat = settings_of(slack)
    handed: Mapping[str, Mapping[str, str]] = {
        "temporal": {},
        "mcp": {"MCP_AUTH_TOKEN": token, "CLEW_MARKET_DATA": "sample"},
        "sandbox": {},
        "worker": {
            **temporal,
            "MCP_SERVER_URL": f"http://127.0.0.1:{ports['mcp']}/mcp",
            "MCP_AUTH_TOKEN": token,
            "MISTRAL_API_KEY": "key-of-the-worker-alone",
            "MISTRAL_SERVER_URL": f"http://127.0.0.1:{ports['sandbox']}",
            **{name: value for name, value in chat.items() if name != "SLACK_APP_TOKEN"},
        },
        "bot": {**temporal, **chat},
    }
    made: dict[str, Confined] = {}
    for number, (role, settings) in enumerate(handed.items()):
        directory = base / role
        directory.mkdir(mode=0o700)
        os.chown(directory, FIRST_USER + number, FIRST_USER + number)
        environment = clean_environment(
            **settings, CLEW_DATA_DIR=str(directory), HOME="/tmp", PATH=f"{programs}:/usr/bin:/bin"
        )
        made[role] = Confined(name=role, user=FIRST_USER + number, directory=directory, environment=environment)
    try:
        yield made
    finally:
        made["worker"].run("clew", "down")
        for role in reversed(made.values()):
            role.end()


def start(made: Mapping[str, Confined], ports: Mapping[str, int], slack: Slack) -> None:
    """In the order in which they need each other. Raises TimeoutError."""
    for role, port in ports.items():
        made[role].start("clew", role, "--port", str(port))
        until(lambda port=port: listening(port), f"{role} listens")
    made["worker"].start("clew", "worker")
    made["bot"].start("clew", "bot")
    until(lambda: slack.connections > 0, "the bot listens")


def ask_on_slack(report: Report, slack: Slack) -> None:
    """Bot, Temporal, worker, model and tools, each as another user."""
    channel, person = slack.channel("research"), slack.user("Alice")
    ts = slack.say(channel, person, f"<@{slack.bot_user}> {QUESTION}")
    until(lambda: any(ANSWER in str(one.blocks) for one in slack.thread(channel, ts)), "an answer on Slack")
    report.check("a question on Slack is answered through all roles", True)


def ask_at_the_terminal(report: Report, worker: Confined) -> None:
    """`clew ask`, as the worker's user, beside whose store it works."""
    asked = worker.run("clew", "ask", QUESTION, seconds=PATIENCE)
    report.check("a question at the terminal is answered", asked.returncode == 0 and ANSWER in asked.stdout)
    if asked.returncode:
        print(asked.stdout, asked.stderr)
    worker.run("clew", "down")


def look(report: Report, made: Mapping[str, Confined], base: Path) -> None:
    """At each role's limits, at what it could read, and at where it wrote."""
    for name, role in made.items():
        [pid] = [process.pid for process in role.processes]
        its = status_of(pid)
        none = all(int(its[each], 16) == 0 for each in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
        report.check(
            f"{name}: user {role.user} alone", set(its["Uid"].split()) == {str(role.user)} and not its["Groups"]
        )
        report.check(f"{name}: no capability, and none to be had", none and its["NoNewPrivs"] == "1")
        report.check(f"{name}: a root that is read-only", root_is_read_only(pid))
        secrets = [Path(f"/proc/{pid}/environ"), role.directory, *tree(role.directory)]
        report.check(f"{name}: can read what is its own ({len(secrets)})", all(map(role.may_read, secrets[:2])))
        for other in made.values():
            if other is not role:
                read = [str(path) for path in secrets if other.may_read(path)]
                report.check(f"{name}: nothing of it can be read by {other.name} {read[:3]}", not read)
        stray = [path for path in owned_outside(role.user, role.directory) if not path.startswith(f"{base}/{name}")]
        report.check(f"{name}: wrote nowhere else {stray[:3]}", not stray)
        written = role.run("/bin/sh", "-c", f"touch {base}/venv/x || touch /x || touch /usr/x").returncode == 0
        report.check(f"{name}: can write neither to its programs nor to the system", not written)
        report.check(f"{name}: cannot become root", role.run("setpriv", "--reuid=0", "true").returncode != 0)


def look_at_the_image(report: Report, programs: Path) -> None:
    """No tool of development is in it."""
    python = str(programs / "python")
    code = f"import importlib.util as u; print([n for n in {DEVELOPMENT!r} if u.find_spec(n)])"
    found = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True, cwd="/")
    report.check(f"nothing of development is installed {found.stdout.strip()}", found.stdout.strip() == "[]")


def tree(directory: Path) -> Iterator[Path]:
    """Files in a directory, a few of each kind."""
    kinds: dict[str, int] = {}
    for path in sorted(directory.rglob("*")):
        kinds[path.suffix] = kinds.get(path.suffix, 0) + 1
        if path.is_file() and kinds[path.suffix] <= 3:
            yield path


def listening(port: int) -> bool:
    """Whether somebody does."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 2):
        return True
    return False


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"never came true: {what}")
        time.sleep(0.1)


def main() -> int:
    """Install, run, look."""
    if why := missing():
        print(f"cannot be tried: {why}")
        return 2
    report = Report()
    with ExitStack() as stack:
        # Not below /tmp, which is another one for each role.
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clew-image-", dir="/var/tmp")))
        base.chmod(0o711)
        programs = install(base)
        look_at_the_image(report, programs)
        slack = stack.enter_context(running_slack())
        ports = {role: free_port() for role in ("temporal", "mcp", "sandbox")}
        made = stack.enter_context(roles(base, programs, slack, ports))
        try:
            start(made, ports, slack)
            ask_on_slack(report, slack)
            ask_at_the_terminal(report, made["worker"])
            look(report, made, base)
        except TimeoutError as error:
            report.check(str(error), holds=False)
        if report.wrong:
            for role in made.values():
                log = base / f"{role.name}.log"
                print(f"--- {role.name}\n{log.read_text('utf-8', 'replace')[-2000:] if log.exists() else ''}")
    print(f"{'green' if not report.wrong else f'{report.wrong} wrong'}")
    return int(report.wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
