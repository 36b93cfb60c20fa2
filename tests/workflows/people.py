"""What people do in a thread, and what they see there: words for the tests of conversations."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.platforms.terminal_records import LedgerEntry, new_id
from bot.terminal.desk import patiently
from tests.support.sandbox import until
from tests.support.stack import Stack, eventually
from workflows.contracts import (
    OUTCOMES,
    Answer,
    AnswerState,
    Asker,
    ConversationView,
    DeletedMessage,
    EditedMessage,
    IncomingMessage,
    Research,
)
from workflows.conversation import ConversationWorkflow

BOND = "What is a bond?"
DIVIDEND = "What is a dividend?"
BETA = "What does beta mean?"


async def send(
    stack: Stack,
    thread: str,
    text: str,
    *,
    message: str = "",
    asker: Asker | None = None,
    twins: tuple[str, ...] = (),
    research: Research | None = None,
    late: bool = False,
    moment: float = 0.0,
) -> str:
    """Hand a message over as a bot does, again if it has to, without a trace in the store; returns its id."""
    incoming = IncomingMessage(
        thread=stack.ref(thread),
        message=message or new_id(),
        asker=asker or stack.session.asker,
        text=text,
        twins=twins,
        research=research,
        late=late,
        moment=moment,
    )
    await patiently(lambda: stack.session.inbox.receive(incoming), lambda: None)
    return incoming.message


async def edit(stack: Stack, thread: str, message: str, text: str) -> None:
    """A person changes what they asked."""
    await stack.session.inbox.edit(stack.ref(thread), EditedMessage(message=message, text=text))


async def delete(stack: Stack, thread: str, message: str) -> None:
    """A person deletes what they asked."""
    await stack.session.inbox.delete(stack.ref(thread), DeletedMessage(message=message))


async def moderate(stack: Stack, thread: str, key: str) -> None:
    """A moderator deletes the message that stands under a key, and the bot is told."""
    [message] = [found.id for found in stack.messages(thread) if found.key == key]
    stack.store.delete(message)
    await delete(stack, thread, message)


async def ask_and_hold(stack: Stack, thread: str, text: str = BOND) -> str:
    """Ask, and let the model keep its answer back until `stack.sandbox.clear()`."""
    await stack.sandbox.fault(kind="hold")
    waiting = stack.sandbox.board.waiting
    key = await send(stack, thread, text)
    await until(lambda: stack.sandbox.board.waiting > waiting)
    return key


async def placeholder(stack: Stack, thread: str, key: str) -> Answer:
    """Wait until something stands under a key."""
    return await eventually(lambda: stack.answer(thread, key), f"a placeholder of {key}")


async def view(stack: Stack, thread: str) -> ConversationView:
    """What the conversation says of itself."""
    return await stack.conversation(thread).query(ConversationWorkflow.view)


async def at_rest(stack: Stack, thread: str) -> ConversationView:
    """Wait until the conversation has nothing to do."""
    while True:
        seen = await view(stack, thread)
        if seen.state != "running":
            return seen
        await asyncio.sleep(0.02)


async def notice(stack: Stack, thread: str, request: str) -> str:
    """Wait for the sentence that answers a gesture."""
    return (await placeholder(stack, thread, f"notice:{request}")).text


def writes(stack: Stack, kind: str, key: str = "") -> list[LedgerEntry]:
    """The writes of a kind that were applied, oldest first."""
    return [entry for entry in stack.store.ledger() if entry.kind == kind and key in ("", entry.key)]


def outcomes(stack: Stack, thread: str) -> list[tuple[str, AnswerState]]:
    """Key and state of every outcome that stands in a thread, in the order of their messages."""
    answers = ((found.key, AnswerState(found.state)) for found in stack.messages(thread))
    return [(key, state) for key, state in answers if state in OUTCOMES]


def asked(stack: Stack) -> list[str]:
    """The questions on the newest branch of the thread's conversation."""
    return stack.sandbox.questions(stack.sandbox.branches(agent="clew-analyst")[-1].id)


def other(asker: Asker, *, admin: bool = False) -> Asker:
    """Somebody else."""
    return replace(asker, user=f"not-{asker.user}", admin=admin)
