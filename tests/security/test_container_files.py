"""S15: what Dockerfile and compose.yaml promise. `python -m tests.security.containers` shows that roles can live so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import pytest
import yaml

from bot import up
from scripts.lock import REQUIREMENTS, requirements_of
from tests.bot.processes import ROOT

Json = dict[str, Any]

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: Json = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: Mapping[str, Json] = COMPOSE["services"]
SECRETS = frozenset(up.SECRETS)
HANDED = {
    "temporal": frozenset[str](),
    "mcp": frozenset({"MCP_AUTH_TOKEN", "LOGFIRE_TOKEN"}),
    "worker": SECRETS - frozenset(up.NOT_THE_WORKERS),
    "bot": frozenset(up.BOT_SECRETS),
}
"""What `clew up` hands to each role."""


def instructions(name: str) -> list[str]:
    """The arguments of every such instruction, each on one line."""
    joined = re.sub(r"\s*\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"^{name}\s+(.*)$", joined, re.MULTILINE)


def given(service: str) -> frozenset[str]:
    """Secrets that a service holds where `.env` sets them all."""
    its = SERVICES[service]
    named = cast("Mapping[str, str]", its.get("environment", {}))
    out_of_file = SECRETS if "env_file" in its else frozenset[str]()
    return frozenset(name for name in SECRETS if named.get(name, "" if name not in out_of_file else name))


def test_both_stages_are_built_on_one_exact_version_and_not_on_whatever_is_newest() -> None:
    [base] = instructions("ARG")
    assert re.fullmatch(r"BASE=python:3\.11\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", base)
    assert [stage.split()[0] for stage in instructions("FROM")] == ["${BASE}", "${BASE}"]


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert instructions("USER")[-1] == "10001:10001"
    assert DOCKERFILE.index("USER ") < DOCKERFILE.index("ENTRYPOINT")


def test_what_is_installed_is_locked_by_hash_and_holds_neither_tests_nor_tools_of_development() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert [("--require-hashes -r requirements.lock" in line, "--no-deps ." in line) for line in installs] == [
        (True, False),
        (False, True),
    ]
    copied = {word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]}
    assert copied == {"requirements.lock", "pyproject.toml", "README.md", "LICENSE", "bot", "workflows", "mcp_server"}
    locked = {name for name, _, _ in requirements_of(REQUIREMENTS.read_text("utf-8"))}
    assert locked
    assert locked.isdisjoint({"pytest", "ruff", "basedpyright", "hypothesis", "trustme", "respx", "simcord", "psutil"})


def test_no_secret_is_built_in_and_none_can_be_copied_in() -> None:
    assert [name for name in SECRETS if name in DOCKERFILE] == []
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert {".env", ".git", "tests", ".venv"} <= set(ignored)
    for service in SERVICES.values():
        assert service["build"] == "."


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_may_do_nothing_that_its_role_does_not_need(service: str) -> None:
    its = SERVICES[service]
    assert its["read_only"] is True
    assert its["cap_drop"] == ["ALL"]
    assert its["security_opt"] == ["no-new-privileges:true"]
    assert its["tmpfs"] == ["/tmp"]
    assert its["pids_limit"]
    assert its["healthcheck"]["test"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode"} & its.keys()
    assert all(port.startswith("127.0.0.1:") for port in its.get("ports", []))


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_is_given_the_secrets_of_its_role_and_no_other(service: str) -> None:
    assert given(service) == HANDED[service]


def test_each_role_has_a_user_of_its_own_and_a_directory_that_is_nobody_elses() -> None:
    users = {name: str(its["user"]) for name, its in SERVICES.items()}
    assert len(set(users.values())) == len(users)
    assert all(int(part) >= 10_000 for user in users.values() for part in user.split(":"))
    mounts = [str(mount).split(":") for its in SERVICES.values() for mount in its.get("volumes", [])]
    assert len({volume for volume, *_ in mounts}) == len(mounts)
    [made] = [line.split(" && ") for line in instructions("RUN") if "install -d" in line]
    for name, its in SERVICES.items():
        for mount in its.get("volumes", []):
            place = str(mount).split(":")[1]
            owner = users[name].split(":")[0]
            # A new volume takes over who owns the directory that it is mounted on.
            assert f"install -d -m 0700 -o {owner} -g {owner} {place}" in made
            assert its["environment"]["CLEW_DATA_DIR"] == place
