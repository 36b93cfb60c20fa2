from __future__ import annotations

from tests.support.values import THREAD
from workflows.contracts import ThreadRef
from workflows.identity import chat_queue, conversation_id, thread_of


def test_a_workflow_id_names_its_thread_and_is_read_back() -> None:
    assert conversation_id(THREAD) == "conversation:terminal:desk:terminal:t1"
    assert thread_of(conversation_id(THREAD)) == THREAD


def test_a_thread_id_with_colons_survives() -> None:
    thread = ThreadRef(platform="matrix", workspace="w", channel="c", thread="$a:b:c")
    assert thread_of(conversation_id(thread)) == thread


def test_other_workflows_are_no_conversations() -> None:
    assert thread_of("usage:terminal:desk:alice") is None


def test_every_platform_has_a_delivery_queue_of_its_own() -> None:
    assert chat_queue("slack") != chat_queue("discord")
