"""Live boards: many activities, one message, the latest state, and nothing after the last word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest
from temporalio.client import Client

from bot.platforms.progress import Underway
from bot.platforms.terminal_values import CAPABILITIES
from tests.support.attempts import attempt
from tests.support.sandbox import until
from tests.support.values import THREAD
from workflows.activities.delivery import DeliveryActivities
from workflows.blobs import FileBlobStore
from workflows.chat import Capabilities, Chat, LiveMessage
from workflows.contracts import Answer, AnswerState, Done, LineState, Live, MessageRef, ProgressLine
from workflows.errors import Ambiguous, CallError, Retriable, Terminal
from workflows.live import LiveBoards
from workflows.refusals import Refusals

MESSAGE = MessageRef(thread=THREAD, message="p1")


@dataclass(kw_only=True)
class Screen:
    """The half of a platform that shows progress. `refusals` meet the next updates.

    Without `room` none is sent, and none is applied before `free`.
    """

    capabilities: Capabilities = field(default_factory=lambda: replace(CAPABILITIES, edit_interval=0.05))
    shown: list[tuple[float, Answer]] = field(default_factory=list[tuple[float, Answer]])
    refusals: list[CallError] = field(default_factory=list[CallError])
    begun: int = 0
    room: bool = True
    free: asyncio.Event = field(default_factory=asyncio.Event)
    underway: Underway = field(default_factory=Underway)

    def live(self, message: MessageRef, *, asker: str = "") -> AbstractAsyncContextManager[LiveMessage]:
        assert message == MESSAGE
        return self._live()

    @asynccontextmanager
    async def _live(self) -> AsyncGenerator[LiveMessage]:
        try:
            yield self
        finally:
            await self.underway.landed(MESSAGE.message)

    async def show(self, answer: Answer) -> None:
        self.begun += 1
        if not self.room:
            raise Retriable("no room", sent=False)
        await self.underway.whole(MESSAGE.message, self._sent(answer))

    async def landed(self) -> None:
        if refused := await self.underway.landed(MESSAGE.message):
            raise refused

    async def _sent(self, answer: Answer) -> None:
        await self.free.wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self.shown.append((time.monotonic(), answer))

    @property
    def last(self) -> Answer:
        return self.shown[-1][1]


def boards(screen: Screen, *, held: bool = False) -> LiveBoards:
    if not held:
        screen.free.set()
    return LiveBoards({"terminal": cast("Chat", screen)}, Refusals())


async def sent() -> None:
    """An update that nothing holds back is sent by then."""
    for _ in range(20):
        await asyncio.sleep(0)


def live(*lines: ProgressLine) -> Live:
    return Live(message=MESSAGE, answer=Answer(key="m1", state=AnswerState.WORKING, lines=tuple(lines)))


def line(name: str, state: LineState = LineState.RUNNING, detail: str = "") -> ProgressLine:
    return ProgressLine(id=name, label=name, state=state, detail=detail)


def states(answer: Answer) -> Sequence[tuple[str, LineState, str]]:
    return [(found.id, found.state, found.detail) for found in answer.lines]


async def test_many_changes_are_few_updates_and_the_latest_one_wins() -> None:
    screen = Screen()
    async with boards(screen).watch(live(line("analyst")), "analyst") as seat:
        for number in range(200):
            seat.text(f"text {number}")
            await asyncio.sleep(0)
        await until(lambda: bool(screen.shown) and screen.last.text == "text 199")
        for number in range(200, 205):
            seat.text(f"text {number}")
        await until(lambda: screen.last.text == "text 204")
    gaps = [later - earlier for (earlier, _), (later, _) in zip(screen.shown, screen.shown[1:], strict=False)]
    assert len(screen.shown) < 10
    assert min(gaps) >= screen.capabilities.edit_interval


async def test_a_refused_update_disturbs_nobody_and_is_shown_as_soon_as_the_platform_allows() -> None:
    screen = Screen(refusals=[Retriable("not now"), Ambiguous("perhaps"), Retriable("later", retry_after=0.3)])
    began = time.monotonic()
    async with boards(screen).watch(live(line("analyst")), "analyst") as seat:
        seat.text("after all")
        await until(lambda: bool(screen.shown))
    assert screen.last.text == "after all"
    assert screen.shown[0][0] - began >= 0.3


async def test_a_message_that_is_gone_is_left_alone() -> None:
    screen, clock = Screen(refusals=[Terminal("gone", code="message_gone")]), Screen()
    async with boards(screen).watch(live(line("analyst")), "analyst") as seat:
        await until(lambda: screen.begun == 1)
        seat.text("unseen")
        async with boards(clock).watch(live(line("analyst")), "analyst") as other:
            # Three updates elsewhere: more than one interval has passed.
            for number in range(3):
                other.text(str(number))
                await until(lambda wanted=str(number): bool(clock.shown) and clock.last.text == wanted)
    assert (screen.begun, screen.shown) == (1, [])


async def test_a_later_activity_does_not_ask_again_where_progress_was_refused_for_good_but_another_attempt_does() -> (
    None
):
    screen = Screen(refusals=[Terminal("is_archived", code="thread_gone")])
    board = boards(screen)
    async with board.watch(live()):
        await until(lambda: not screen.refusals)
    async with board.watch(live()) as seat:
        seat.text("On and on")
        await sent()
    assert screen.begun == 1
    again = replace(live(), answer=replace(live().answer, attempt=2))
    async with board.watch(again):
        await until(lambda: bool(screen.shown))
    assert screen.last.attempt == 2


@pytest.mark.parametrize("first", ["board", "once"])
async def test_whoever_shows_progress_knows_what_the_other_one_was_refused(first: str, tmp_path: Path) -> None:
    screen = Screen(refusals=[Terminal("token_revoked", code="chat_access")])
    screen.free.set()
    chat, refusals = cast("Chat", screen), Refusals()
    board = LiveBoards({"terminal": chat}, refusals)
    client = cast("Client", None)  # Nothing here speaks to Temporal.
    delivery = DeliveryActivities(chat, FileBlobStore(tmp_path), client, refusals=refusals, searchable=False)

    async def on_board() -> None:
        async with board.watch(live(line("prices"))) as seat:
            seat.text("Text")
            await until(lambda: not screen.refusals)
            await sent()

    async def once() -> Done:
        return await attempt(1).run(delivery.show_progress, live(line("risk")))

    if first == "board":
        await on_board()
        assert await once() == Done(count=0)
    else:
        assert await once() == Done(count=0)
        await on_board()
    assert screen.begun == 1


async def test_an_update_that_waits_for_another_one_is_not_sent_where_that_is_refused_for_good() -> None:
    screen = Screen(refusals=[Terminal("token_revoked", code="chat_access")])
    chat, refusals = cast("Chat", screen), Refusals()

    async def show() -> None:
        async with refusals.live(chat, live()) as message:
            await message.show(live().answer)

    showing = [asyncio.create_task(show()) for _ in range(3)]
    await until(lambda: screen.begun > 0)
    screen.free.set()
    ended = await asyncio.gather(*showing, return_exceptions=True)
    assert [type(one) for one in ended] == [Terminal] * 3
    assert screen.begun == 1


async def test_an_update_that_is_refused_for_good_after_its_activity_ended_is_the_last_one() -> None:
    screen = Screen(refusals=[Terminal("token_revoked", code="chat_access")])
    board = boards(screen, held=True)

    async def work() -> None:
        async with board.watch(live(line("prices"))):
            await until(lambda: screen.begun == 1)

    working = asyncio.create_task(work())
    await until(lambda: screen.begun == 1)
    await sent()
    other = asyncio.create_task(work())
    screen.free.set()
    await working
    async with board.watch(live(line("risk"))) as seat:
        seat.text("Text")
        await sent()
    await other
    assert screen.begun == 1


async def test_activities_of_one_turn_share_a_board_on_which_lines_only_go_on() -> None:
    screen = Screen()
    shared = boards(screen)
    first, second = line("prices"), line("risk", LineState.PENDING)
    async with shared.watch(live(first, second), "prices") as prices:
        prices.detail("AAPL quote")
        async with shared.watch(live(first, line("risk")), "risk") as risk:
            risk.detail("AAPL history")
            await until(lambda: bool(screen.shown) and screen.last.lines[-1].detail == "AAPL history")
            assert states(screen.last) == [
                ("prices", LineState.RUNNING, "AAPL quote"),
                ("risk", LineState.RUNNING, "AAPL history"),
            ]
        async with shared.watch(live(line("prices", LineState.PENDING), line("risk", LineState.DONE)), "prices"):
            await until(lambda: screen.last.lines[-1].state is LineState.DONE)
    assert states(screen.last)[0] == ("prices", LineState.RUNNING, "AAPL quote")


async def test_a_line_that_waited_runs_again_and_one_that_runs_may_wait() -> None:
    screen = Screen()
    shared = boards(screen)
    async with shared.watch(live(line("risk")), "prices"):
        for state, detail in ((LineState.WAITING, "until 12:00"), (LineState.RUNNING, "")):
            async with shared.watch(live(line("risk", state, detail)), "prices"):
                await until(
                    lambda wanted=("risk", state, detail): bool(screen.shown) and states(screen.last) == [wanted]
                )


async def test_an_update_under_way_is_over_before_the_last_word_is_written() -> None:
    screen = Screen()
    shared = boards(screen, held=True)

    async def work() -> int:
        async with shared.watch(live(line("analyst")), "analyst"):
            await until(lambda: screen.begun == 1)
        return len(screen.shown)

    working = asyncio.create_task(work())
    await until(lambda: screen.begun == 1)
    screen.free.set()
    assert await working == 1
    assert screen.begun == 1


async def test_an_update_for_which_there_is_no_room_is_shown_once_there_is() -> None:
    screen = Screen(room=False)
    async with boards(screen).watch(live(line("analyst")), "analyst"):
        await until(lambda: screen.begun == 2)
        screen.room = True
        await until(lambda: bool(screen.shown))
    assert len(screen.shown) == 1


@pytest.mark.parametrize(("number", "updates"), [(1, 4), (2, 3)])
async def test_an_activity_that_is_tried_again_shows_only_what_is_new(number: int, updates: int) -> None:
    screen = Screen()
    shared = boards(screen)
    activity = attempt(number)

    async def work(detail: str, shown: int) -> None:
        async with shared.watch(live(line("prices")), "prices") as seat:
            seat.detail(detail)
            await until(lambda: len(screen.shown) >= shown)

    await work("AAPL", 1)
    await activity.run(work, "AAPL", updates - 2)
    await activity.run(work, "IBM", updates - 1)
    await work("IBM", updates)
    assert len(screen.shown) == updates


async def test_what_nobody_shows_is_not_missed() -> None:
    async with LiveBoards({}, Refusals()).watch(live(line("analyst")), "analyst") as seat:
        seat.text("unseen")
    async with LiveBoards({}, Refusals()).watch(None) as seat:
        seat.detail("unseen")
