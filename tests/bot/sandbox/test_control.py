"""The control endpoints: there when asked for, and else not."""

from __future__ import annotations

from starlette.testclient import TestClient
from starlette.types import Message

from bot.sandbox.brain.protocol import Prompted, Reply
from bot.sandbox.server import build_app
from bot.sandbox.store import Store
from bot.sandbox.thinking import rule_brain
from tests.bot.sandbox.driver import Driver, driving
from tests.support.sandbox import RunningSandbox, running_sandbox


def test_a_sandbox_for_people_has_no_control_endpoints() -> None:
    with TestClient(build_app(rule_brain(), store=Store())) as people:
        assert people.get("/healthz").status_code == 200
        for path in ("faults", "ledger", "conversations", "behaviour", "release"):
            assert people.get(f"/_sandbox/{path}").status_code == 404
            assert people.post(f"/_sandbox/{path}", json={}).status_code == 404


async def test_faults_are_armed_shown_and_cleared_over_http(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    control = f"{driver.url}/_sandbox"
    armed = await driver.http.post(f"{control}/faults", json=[{"kind": "status", "status": 503, "times": 0}])
    assert armed.json() == [{"fault": {"kind": "status", "status": 503, "times": 0}, "seen": 0, "struck": 0}]
    body = {"inputs": "hello", "agent_id": agent.id}
    assert (await driver.post("/v1/conversations", body)).status_code == 503
    assert (await driver.http.get(f"{control}/faults")).json()[0]["struck"] == 1
    assert (await driver.http.delete(f"{control}/faults")).status_code == 204
    assert (await driver.post("/v1/conversations", body)).status_code == 200
    ledger = (await driver.http.get(f"{control}/ledger")).json()
    assert [record["outcome"] for record in ledger] == ["200", "503", "200"]
    assert len(sandbox.switches.ledger.records) == 3


async def test_a_fault_that_is_not_known_is_refused(driver: Driver) -> None:
    reply = await driver.http.post(f"{driver.url}/_sandbox/faults", json={"kind": "explode"})
    assert reply.status_code == 422
    assert (await driver.http.get(f"{driver.url}/_sandbox/faults")).json() == []


async def test_behaviour_is_changed_in_part(driver: Driver, sandbox: RunningSandbox) -> None:
    control = f"{driver.url}/_sandbox/behaviour"
    changed = await driver.http.patch(control, json={"inputs_stored": "end"})
    assert changed.json()["inputs_stored"] == "end"
    assert sandbox.engine.behaviour.inputs_stored == "end"
    assert (await driver.http.patch(control, json={"inputs_stored": "never"})).status_code == 422
    assert (await driver.http.get(control)).json()["inputs_stored"] == "end"


async def test_every_branch_is_shown_with_its_entries(driver: Driver, sandbox: RunningSandbox) -> None:
    agent = await driver.agent()
    first = await driver.start(agent.id, "hello", metadata={"thread": "t"})
    await driver.restart(first.conversation, first.last, "thanks", metadata={"thread": "f"})
    shown = (await driver.http.get(f"{driver.url}/_sandbox/conversations")).json()
    assert shown == await sandbox.conversations()
    assert [(item["agent"], item["metadata"]["thread"], len(item["entries"])) for item in shown] == [
        ("clew-analyst", "t", 2),
        ("clew-analyst", "f", 4),
    ]
    ledger = (await driver.http.get(f"{driver.url}/_sandbox/ledger")).json()
    assert ledger == await sandbox.ledger()


async def test_models_are_listed_for_the_sdk(driver: Driver) -> None:
    listed = await driver.sdk.models.list_async()
    assert "mistral-medium-3-5" in [card.id for card in listed.data or [] if card.type == "base"]


class Parrot:
    """A brain that tells what it was given."""

    def reply(self, prompted: Prompted) -> Reply:
        given = [prompted.agent_name, prompted.instructions, *prompted.tools, *prompted.builtin_tools]
        return Reply(text=" ".join([*given, *(entry["type"] for entry in prompted.entries)]))


async def test_a_brain_is_given_the_agent_its_tools_and_the_whole_branch() -> None:
    async with running_sandbox(Parrot()) as sandbox, driving(sandbox.url) as driver:
        agent = await driver.agent(instructions="Be brief.")
        first = await driver.start(agent.id, "hello")
        again = await driver.append(first.conversation, "more")
    assert first.text == "clew-analyst Be brief. get_quote message.input"
    assert again.text == f"{first.text} message.output message.input"


async def test_whoever_leaves_in_the_middle_of_a_request_breaks_nothing() -> None:
    scope = {
        "type": "http", "method": "POST", "path": "/v1/agents", "raw_path": b"/v1/agents", "query_string": b"",
        "headers": [(b"content-length", b"10")], "http_version": "1.1", "root_path": "", "scheme": "http",
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await build_app(rule_brain(), store=Store())(scope, receive, send)
    assert sent[0]["status"] == 400
