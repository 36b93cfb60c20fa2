"""A person at the terminal, before a real Temporal server: only the model and the tools are stood in for."""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from rich.console import Console
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.chat import Inbox, NoConversation
from bot.embedded import find_binary
from bot.platforms.terminal import TerminalPlatform
from bot.platforms.terminal_store import TerminalStore
from bot.platforms.terminal_values import answer_to_data
from bot.terminal import words
from bot.terminal.keys import Keyboard
from bot.terminal.screen import Screen
from bot.terminal.session import TerminalSession, ask
from bot.terminal.talk import Talk
from workflows import identity
from workflows.activities.delivery import DeliveryActivities
from workflows.blobs import FileBlobStore
from workflows.contracts import (
    Answer,
    AnswerState,
    BeginTurn,
    DeletedMessage,
    Done,
    EndTurn,
    Head,
    OpenThreadRequest,
    Permit,
    PinnedAgent,
    StepOutcome,
    StepRequest,
    Usage,
)
from workflows.conversation import ConversationWorkflow
from workflows.opening import OpenThreadWorkflow
from workflows.refusals import Refusals

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Team:
    """Stands in for the agents. `gate` holds answers back; research is refused, for this is not its test."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[str] = []

    @activity.defn(name="begin_turn")
    async def begin_turn(self, request: BeginTurn) -> Permit:
        if "planner" in request.roles:
            return Permit(refused="tools_auth")
        return Permit(agents=(PinnedAgent(role="analyst", agent="ag", version=1),), toolset="t")

    @activity.defn(name="run_step")
    async def run_step(self, request: StepRequest) -> StepOutcome:
        self.asked.append(request.inputs.text)
        while not self.gate.is_set():
            activity.heartbeat()
            await asyncio.sleep(0.05)
        head = Head(branch="conv", entry=f"e{len(self.asked)}")
        return StepOutcome(head=head, usage=Usage(prompt_tokens=7, calls=1), text=f"Answer to: {request.inputs.text}")

    @activity.defn(name="end_turn")
    async def end_turn(self, request: EndTurn) -> Done:
        return Done()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_local(  # pyright: ignore[reportUnknownMemberType] - its search_attributes
        dev_server_existing_path=str(find_binary()),
        dev_server_log_level="error",
        dev_server_extra_args=["--dynamic-config-value", 'history.timerProcessorMaxTimeShift="1ms"'],
    ) as environment:
        yield environment


class Desk:
    """One person's store and session, and a worker that can be started beside it."""

    def __init__(self, client: Client, directory: Path) -> None:
        self.client = client
        self.team = Team()
        self.store = TerminalStore(directory / "terminal.db")
        self._delivered = TerminalStore(directory / "terminal.db")
        self._blobs = directory / "blobs"
        # One server serves all tests: the user's name tells their conversations apart.
        self.user = f"user-{uuid.uuid4().hex[:8]}"

    def session(self) -> TerminalSession:
        console = Console(file=io.StringIO(), width=100)
        inbox = Inbox(self.client, searchable=False)
        return TerminalSession(self.store, inbox, console, blobs_dir=self._blobs, user=self.user)

    @asynccontextmanager
    async def worker(self) -> AsyncGenerator[None]:
        delivery = DeliveryActivities(
            TerminalPlatform(self._delivered),
            FileBlobStore(self._blobs),
            self.client,
            refusals=Refusals(),
            searchable=False,
        )
        common: dict[str, Any] = {"workflow_runner": UnsandboxedWorkflowRunner()}
        async with (
            Worker(
                self.client,
                task_queue=identity.TASK_QUEUE,
                workflows=[ConversationWorkflow, OpenThreadWorkflow],
                activities=[self.team.begin_turn, self.team.run_step, self.team.end_turn],
                **common,
            ),
            Worker(
                self.client,
                task_queue=identity.chat_queue("terminal"),
                activities=[
                    delivery.open_thread,
                    delivery.start_conversation,
                    delivery.post_answer,
                    delivery.finish_answer,
                    delivery.show_progress,
                    delivery.withdraw,
                ],
            ),
        ):
            yield

    def close(self) -> None:
        self.store.close()
        self._delivered.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(server: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Desk]:
    found = Desk(server.client, tmp_path)
    yield found
    found.close()


def shown(session: TerminalSession) -> str:
    assert isinstance(session.console.file, io.StringIO)
    return session.console.file.getvalue()


async def until(condition: Callable[[], bool], patience: float = 20.0) -> None:
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110 - another process's file has no event
            await asyncio.sleep(0.02)


class Talking:
    """A chat whose keyboard is a test."""

    def __init__(self, session: TerminalSession, thread: str | None = None, *, piped: bool = False) -> None:
        self.session = session
        self.keyboard = Keyboard(piped=piped)
        self.interrupted = asyncio.Event()
        self.talk = Talk(session, Screen(session.console, session.path_of), self.keyboard, thread)

    @asynccontextmanager
    async def running(self, *, code: int = 0) -> AsyncGenerator[None]:
        task = asyncio.create_task(self.talk.run(self.interrupted))
        try:
            yield
            self.keyboard.put(None)
            async with asyncio.timeout(20):
                assert await task == code
        finally:
            task.cancel()

    async def says(self, text: str, times: int = 1) -> None:
        await until(lambda: shown(self.session).count(text) >= times)


async def test_a_question_is_asked_and_its_answer_shown(desk: Desk) -> None:
    session = desk.session()
    async with desk.worker():
        assert await ask(session, "What is a bond?") == 0
    assert "Answer to: What is a bond?" in shown(session)
    assert "\x1b" not in shown(session)
    assert desk.store.unfinished() == 0


async def test_a_command_opens_a_thread_and_a_plain_failure_is_exit_code_one(desk: Desk) -> None:
    session = desk.session()
    async with desk.worker():
        assert await ask(session, "/research aapl") == 1
    assert "refused our token" in shown(session)
    [thread] = desk.store.threads()
    assert thread.title == "/research aapl"


async def test_lost_acknowledgements_never_make_two(desk: Desk) -> None:
    session = desk.session()
    for operation in ("post", "edit"):
        desk.store.set_fault(operation=operation, kind="lose_ack")
    async with desk.worker():
        assert await ask(session, "What is a bond?") == 0
        # The edit is seen before it is acknowledged; then it is made again.
        await until(lambda: [entry.kind for entry in desk.store.ledger()].count("edit") == 2)
    ledger = desk.store.ledger()
    [question] = [entry.key for entry in ledger if entry.kind == "accept"]
    assert [entry.key for entry in ledger if entry.kind == "post"] == [question]
    assert shown(session).count("Answer to: What is a bond?") == 1


async def test_a_store_that_is_busy_is_waited_for(desk: Desk) -> None:
    session = desk.session()
    desk.store.set_fault(operation="post", kind="rate_limited", retry_after=0.3)
    desk.store.set_fault(operation="post", kind="fail_before", nth=2)
    async with desk.worker():
        assert await ask(session, "What is a bond?") == 0
    assert len([entry for entry in desk.store.ledger() if entry.kind == "post"]) == 1


async def test_a_question_taken_away_ends_its_wait(desk: Desk) -> None:
    session = desk.session()
    desk.team.gate.clear()
    async with desk.worker():
        task = asyncio.create_task(ask(session, "What is a bond?"))
        await until(lambda: bool(desk.team.asked))
        [thread] = desk.store.threads()
        [answer] = [message for message in desk.store.messages(thread.id) if message.author == "clew"]
        desk.store.delete(answer.id)
        assert await task == 1
        desk.team.gate.set()
    assert words.WITHDRAWN in shown(session)


async def test_what_means_nothing_alone_is_refused_without_any_call(desk: Desk) -> None:
    session = desk.session()
    assert await ask(session, "/research") == 1
    assert await ask(session, "retry") == 1
    assert await ask(session, "help") == 0
    assert desk.store.threads() == []


async def test_a_terminal_closed_in_the_middle_finds_the_answer_later(desk: Desk) -> None:
    first = Talking(desk.session())
    desk.team.gate.clear()
    async with desk.worker():
        task = asyncio.create_task(first.talk.run(first.interrupted))
        first.keyboard.put("What is a bond?")
        await until(lambda: desk.team.asked == ["What is a bond?"])
        first.interrupted.set()
        assert await task == 0
        thread = desk.store.latest_thread()
        assert f"The answer goes on. Come back with `clew chat --thread {thread}`." in shown(first.session)
        assert "Answer to" not in shown(first.session)
        desk.team.gate.set()
        await until(lambda: desk.store.unfinished() == 0)
    again = Talking(desk.session(), thread)
    async with again.running():
        await again.says("Answer to: What is a bond?")
    assert "> What is a bond?" in shown(again.session)


async def test_a_question_that_was_never_handed_over_is_sent_when_the_thread_is_opened(desk: Desk) -> None:
    thread = desk.store.new_thread()
    desk.store.say(thread, f"kept-{desk.user}", "Still there?")
    talking = Talking(desk.session(), thread)
    async with desk.worker(), talking.running():
        await talking.says("Answer to: Still there?")
    assert words.SENT_NOW in shown(talking.session)
    assert desk.team.asked == ["Still there?"]


async def test_follow_ups_queue_behind_a_running_answer(desk: Desk) -> None:
    talking = Talking(desk.session())
    desk.team.gate.clear()
    async with desk.worker(), talking.running():
        talking.keyboard.put("one")
        talking.keyboard.put("two")
        await until(lambda: desk.store.open_answers() == 2)
        desk.team.gate.set()
        await talking.says("Answer to: two")
    assert shown(talking.session).index("Answer to: one") < shown(talking.session).index("Answer to: two")


def offering(desk: Desk) -> str:
    """A thread whose first answer offered two questions."""
    thread = desk.store.new_thread()
    offered = ("And its dividends?", "And its risk?")
    answer = Answer(key="m0", state=AnswerState.FINAL, text="A report.", follow_ups=offered)
    desk.store.post(thread, answer.key, answer_to_data(answer))
    return thread


@pytest.mark.parametrize("piped", [False, True])
async def test_a_number_names_a_question_of_the_list_offered_last_however_long_ago(desk: Desk, *, piped: bool) -> None:
    talking = Talking(desk.session(), offering(desk), piped=piped)
    async with desk.worker(), talking.running():
        talking.keyboard.put("1")
        await talking.says("Answer to: And its dividends?")
        talking.keyboard.put("2")
        await talking.says("Answer to: And its risk?")
    assert desk.team.asked == ["And its dividends?", "And its risk?"]


async def test_a_number_that_names_no_question_is_not_sent(desk: Desk) -> None:
    talking = Talking(desk.session(), offering(desk))
    async with desk.worker(), talking.running():
        for number in ("3", "0", "9" * 5_000):
            talking.keyboard.put(number)
        await talking.says("was offered here", times=3)
        talking.keyboard.put("What is a bond?")
        await talking.says("Answer to: What is a bond?")
    assert words.no_follow_up("3") in shown(talking.session)
    assert desk.team.asked == ["What is a bond?"]
    empty = Talking(desk.session())
    async with empty.running():
        empty.keyboard.put("1")
        await empty.says(words.no_follow_up("1"))


async def test_stop_stops_and_retry_tries_again(desk: Desk) -> None:
    talking = Talking(desk.session())
    desk.team.gate.clear()
    async with desk.worker(), talking.running():
        talking.keyboard.put("What is a bond?")
        await until(lambda: desk.team.asked == ["What is a bond?"])
        talking.keyboard.put("stop")
        await talking.says("Stopped.")
        desk.team.gate.set()
        talking.keyboard.put("retry")
        await talking.says("Answer to: What is a bond?")
        talking.keyboard.put("status")
        await talking.says("1 answered")
    assert "attempt 2" in shown(talking.session)


async def test_controls_before_any_question_say_that_there_is_none(desk: Desk) -> None:
    talking = Talking(desk.session())
    async with talking.running():
        talking.keyboard.put("retry")
        await talking.says(words.NOTHING_ASKED)


async def test_a_command_in_a_chat_opens_its_own_thread(desk: Desk) -> None:
    talking = Talking(desk.session())
    async with desk.worker(), talking.running(code=1):
        talking.keyboard.put("What is a bond?")
        await talking.says("Answer to")
        talking.keyboard.put("/research AAPL why?")
        await talking.says("refused our token")
    assert len(desk.store.threads()) == 2


async def test_on_a_pipe_a_command_waits_for_the_answers_before_it(desk: Desk) -> None:
    talking = Talking(desk.session(), piped=True)
    async with desk.worker(), talking.running(code=1):
        for line in ("one", "two", "/research AAPL"):
            talking.keyboard.put(line)
        await talking.says("refused our token")
    text = shown(talking.session)
    assert -1 < text.index("Answer to: one") < text.index("Answer to: two") < text.index("refused our token")


async def test_the_same_command_handed_over_twice_is_one_thread(desk: Desk) -> None:
    session = desk.session()
    request = OpenThreadRequest(
        platform="terminal",
        workspace=desk.user,
        channel="terminal",
        request=f"r-{desk.user}",
        asker=session.asker,
        text="/research AAPL",
    )
    async with desk.worker():
        await session.inbox.open(request)
        opened = await session.inbox.opened(request)
        await session.inbox.open(request)
        assert await session.inbox.opened(request) == opened
        await until(lambda: desk.store.unfinished() == 0)
    assert len(desk.store.threads()) == 1


async def test_a_signal_to_a_thread_without_a_conversation_says_so(desk: Desk) -> None:
    session = desk.session()
    with pytest.raises(NoConversation):
        await session.inbox.delete(session.ref("nowhere"), DeletedMessage(message="m"))
