"""What every chat platform's adapter does. A platform's test subclasses `ChatContract` and hands it a `Rig`."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Protocol

import pytest

from tests.support.values import ALICE
from workflows.chat import Chat
from workflows.contracts import Answer, AnswerState, MessageRef, OpenThreadRequest, Research, ThreadRef
from workflows.errors import Ambiguous, Retriable, Terminal

Write = Literal["open", "post", "edit", "delete"]


class Rig(Protocol):
    """An adapter before its platform, or before a stand-in that speaks the platform's protocol."""

    @property
    def chat(self) -> Chat:
        """The adapter."""
        ...

    async def thread(self) -> ThreadRef:
        """A new thread in which a person said something, and nobody else."""
        ...

    async def command(self, name: str) -> str:
        """Somebody gave a command in the same channel; returns its id, which may be its name."""
        ...

    def time_passes(self) -> None:
        """So much that the platform no longer refuses, of its own accord, a key that it has seen."""
        ...

    def lose_ack(self, operation: Write) -> None:
        """The next `operation` is applied, and its acknowledgement lost."""
        ...

    def limit_rate(self, operation: Write, seconds: float) -> None:
        """The next `operation` is refused: come again in `seconds`."""
        ...


async def found(chat: Chat, thread: ThreadRef, key: str) -> list[MessageRef]:
    """The messages that stand under a key."""
    return [one.message for one in await chat.find(thread, key)]


def answer(key: str = "turn1", text: str = "Text.", state: AnswerState = AnswerState.FINAL, attempt: int = 1) -> Answer:
    return Answer(key=key, state=state, text=text, attempt=attempt)


def working(text: str, *, attempt: int = 1) -> Answer:
    return answer(text=text, state=AnswerState.WORKING, attempt=attempt)


def opening(rig: Rig, thread: ThreadRef, request: str) -> OpenThreadRequest:
    return OpenThreadRequest(
        platform=rig.chat.name,
        workspace=thread.workspace,
        channel=thread.channel,
        request=request,
        asker=ALICE,
        text="/research AAPL",
        research=Research(symbol="AAPL"),
    )


class ChatContract:
    """Subclass it, and give it a fixture `rig`."""

    async def test_what_is_posted_is_found_under_its_key_alone(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, answer())
        assert posted.thread == thread
        assert await found(rig.chat, thread, "turn1") == [posted]
        assert await found(rig.chat, thread, "turn2") == []

    async def test_a_further_part_is_found_under_the_key_and_its_number(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, replace(answer(), part=2, parts=2))
        assert await found(rig.chat, thread, "turn1:2") == [posted]
        assert await found(rig.chat, thread, "turn1") == []

    async def test_one_key_posted_twice_is_found_oldest_first(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted: list[MessageRef] = []
        for _ in range(3):
            posted.append(await rig.chat.post(thread, answer()))
            rig.time_passes()
        assert await found(rig.chat, thread, "turn1") == posted

    @pytest.mark.parametrize("state", [AnswerState.FINAL, AnswerState.FAILED, AnswerState.STOPPED])
    async def test_what_is_found_tells_whether_it_is_an_outcome(self, rig: Rig, state: AnswerState) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, working(""))
        assert [one.over for one in await rig.chat.find(thread, "turn1")] == [False]
        await rig.chat.edit(posted, answer(state=state))
        assert [one.over for one in await rig.chat.find(thread, "turn1")] == [True]

    async def test_a_key_of_one_thread_is_not_found_in_another(self, rig: Rig) -> None:
        thread, other = await rig.thread(), await rig.thread()
        await rig.chat.post(thread, answer())
        assert await found(rig.chat, other, "turn1") == []

    async def test_a_post_whose_acknowledgement_is_lost_is_ambiguous_and_found(self, rig: Rig) -> None:
        thread = await rig.thread()
        rig.lose_ack("post")
        with pytest.raises(Ambiguous):
            await rig.chat.post(thread, answer())
        assert len(await rig.chat.find(thread, "turn1")) == 1

    async def test_a_refused_rate_says_how_long_to_wait_and_nothing_stands(self, rig: Rig) -> None:
        thread = await rig.thread()
        rig.limit_rate("post", 3)
        with pytest.raises(Retriable) as refused:
            await rig.chat.post(thread, answer())
        assert refused.value.retry_after == 3
        assert await found(rig.chat, thread, "turn1") == []

    async def test_an_edit_replaces_the_whole_text(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, working("Draft."))
        await rig.chat.edit(posted, answer(text="Final."))
        assert await _texts(rig, thread) == ["Final."]

    async def test_an_edit_can_be_made_again_after_a_lost_acknowledgement(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, working("Draft."))
        rig.lose_ack("edit")
        with pytest.raises(Ambiguous):
            await rig.chat.edit(posted, answer(text="Final."))
        await rig.chat.edit(posted, answer(text="Final."))
        assert await _texts(rig, thread) == ["Final."]
        assert await found(rig.chat, thread, "turn1") == [posted]

    async def test_an_edited_message_is_still_found_under_its_key(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, working("Draft."))
        await rig.chat.edit(posted, answer(text="Final."))
        assert await found(rig.chat, thread, "turn1") == [posted]

    async def test_an_edit_of_a_deleted_message_says_that_it_is_gone(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, answer())
        await rig.chat.delete(posted)
        with pytest.raises(Terminal) as gone:
            await rig.chat.edit(posted, answer())
        assert gone.value.code == "message_gone"

    async def test_deleting_twice_is_deleting_once(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, answer())
        await rig.chat.delete(posted)
        await rig.chat.delete(posted)
        assert await found(rig.chat, thread, "turn1") == []

    async def test_a_post_into_a_thread_that_is_gone_says_so(self, rig: Rig) -> None:
        thread = replace(await rig.thread(), thread="0")
        with pytest.raises(Terminal) as gone:
            await rig.chat.post(thread, answer())
        assert gone.value.code == "thread_gone"

    async def test_opening_twice_is_opening_once(self, rig: Rig) -> None:
        request = opening(rig, await rig.thread(), await rig.command("command-1"))
        opened = await rig.chat.open_thread(request)
        assert await rig.chat.open_thread(request) == opened
        another = replace(request, request=await rig.command("command-2"))
        assert await rig.chat.open_thread(another) != opened

    async def test_a_thread_whose_opening_was_not_acknowledged_is_found_again(self, rig: Rig) -> None:
        request = opening(rig, await rig.thread(), await rig.command("command-1"))
        rig.lose_ack("open")
        with pytest.raises(Ambiguous):
            await rig.chat.open_thread(request)
        opened = await rig.chat.open_thread(request)
        assert await rig.chat.open_thread(request) == opened
        await rig.chat.post(opened, answer())
        assert len(await rig.chat.find(opened, "turn1")) == 1

    async def test_live_progress_never_overwrites_an_outcome(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, working(""))
        async with rig.chat.live(posted) as live:
            await live.show(working("Draft."))
        await rig.chat.edit(posted, answer(text="Final."))
        await _try_to_show(rig, posted, working("Late progress."))
        assert await _texts(rig, thread) == ["Final."]

    async def test_live_progress_into_a_deleted_message_brings_nothing_back(self, rig: Rig) -> None:
        thread = await rig.thread()
        posted = await rig.chat.post(thread, working(""))
        await rig.chat.delete(posted)
        await _try_to_show(rig, posted, working("Late progress."))
        assert await _texts(rig, thread) == []

    async def test_a_thread_is_read_oldest_first_and_says_who_spoke(self, rig: Rig) -> None:
        thread = await rig.thread()
        await rig.chat.post(thread, answer("turn1", "First."))
        await rig.chat.post(thread, answer("turn2", "Second."))
        said = await rig.chat.read(thread, before="", limit=10)
        assert [entry.ours for entry in said] == [False, True, True]
        assert [entry.text.strip() for entry in said[1:]] == ["First.", "Second."]

    async def test_a_thread_is_read_up_to_a_message_and_no_further_back_than_asked(self, rig: Rig) -> None:
        thread = await rig.thread()
        await rig.chat.post(thread, answer("turn1", "First."))
        await rig.chat.post(thread, answer("turn2", "Second."))
        last = await rig.chat.post(thread, answer("turn3", "Third."))
        said = await rig.chat.read(thread, before=last.message, limit=1)
        assert [entry.text.strip() for entry in said] == ["Second."]

    async def test_a_long_answer_is_split_into_parts_that_the_platform_takes(self, rig: Rig) -> None:
        thread = await rig.thread()
        limit = rig.chat.capabilities.part_limit
        parts = rig.chat.split(answer(text="\n\n".join(["word " * 20] * (limit // 40))))
        assert len(parts) > 1
        for part in parts:
            await rig.chat.post(thread, part)
        for number in range(2, len(parts) + 1):
            assert len(await rig.chat.find(thread, f"turn1:{number}")) == 1


async def _try_to_show(rig: Rig, message: MessageRef, progress: Answer) -> None:
    """A platform may refuse late progress, or let it fall: both leave what stands."""
    try:
        async with rig.chat.live(message) as live:
            await live.show(progress)
    except Terminal:
        return


async def _texts(rig: Rig, thread: ThreadRef) -> list[str]:
    return [entry.text.strip() for entry in await rig.chat.read(thread, before="", limit=20) if entry.ours]
