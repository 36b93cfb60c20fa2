"""chat.startStream, appendStream and stopStream: a message that grows while people watch."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.slack import events
from tests.slack.arguments import Arguments
from tests.slack.chat import read_metadata
from tests.slack.errors import Refused
from tests.slack.limits import check_chunks, check_message
from tests.slack.shapes import message_shape
from tests.slack.values import Json, Message
from tests.slack.world import BOT_ID, BOT_USER, TEAM, World

_MODES = frozenset({"timeline", "plan", "dense"})
_STATUSES = frozenset({"processing", "active", "suspended", "closed"})


@dataclass(kw_only=True, slots=True)
class Growth:
    """What has come of one stream until now."""

    text: str = ""
    title: str | None = None
    tasks: dict[str, Json] = field(default_factory=dict[str, Json])
    blocks: list[Json] = field(default_factory=list[Json])
    after: list[Json] = field(default_factory=list[Json])

    def shown(self) -> list[Json]:
        """The blocks that it amounts to."""
        plan: list[Json] = []
        if self.tasks:
            plan = [{"type": "plan", "title": self.title or "Working", "tasks": list(self.tasks.values())}]
        text: list[Json] = [{"type": "markdown", "text": self.text}] if self.text else []
        return [*plan, *text, *self.blocks, *self.after]


def start_stream(world: World, arguments: Arguments) -> Json:
    """chat.startStream."""
    place = world.own_place(arguments.text("channel"))
    thread = world.thread_of(place.id, arguments.text("thread_ts"))
    recipient = arguments.optional("recipient_user_id")
    if place.kind != "im" and recipient is None:
        raise Refused("missing_recipient_user_id")
    if place.kind != "im" and arguments.optional("recipient_team_id") is None:
        raise Refused("missing_recipient_team_id")
    if recipient is not None and recipient not in world.people:
        raise Refused("user_not_found")
    if (arguments.optional("task_display_mode") or "timeline") not in _MODES:
        raise Refused("invalid_arguments")
    growth = Growth()
    _grow(world, arguments, growth)
    message = Message(
        channel=place.id, ts=world.new_ts(), user=BOT_USER, bot_id=BOT_ID, team=TEAM, text="", thread_ts=thread,
        streaming=True, streamed=True,
    )  # fmt: skip
    world.growing[message.ts] = growth
    _show(message, growth)
    world.add(message)
    world.note(arguments.method, message)
    world.emit(events.said(world, message))
    return {"channel": place.id, "ts": message.ts}


def append_stream(world: World, arguments: Arguments) -> Json:
    """chat.appendStream."""
    message = _live(world, arguments)
    if not arguments.optional("markdown_text") and arguments.objects("chunks") is None:
        raise Refused("no_text")
    growth = world.growing[message.ts]
    _grow(world, arguments, growth)
    _show(message, growth)
    world.note(arguments.method, message)
    return {"channel": message.channel, "ts": message.ts}


def stop_stream(world: World, arguments: Arguments) -> Json:
    """chat.stopStream."""
    message = _live(world, arguments)
    metadata = read_metadata(arguments)
    if (arguments.optional("session_status") or "active") not in _STATUSES:
        raise Refused("invalid_arguments")
    growth = world.growing[message.ts]
    after = arguments.objects("blocks") or []
    check_message(world, arguments.method, after)
    _grow(world, arguments, growth)
    growth.after = after
    before = message_shape(world, message)
    _show(message, growth)
    message.streaming = False
    message.metadata = metadata
    status = arguments.optional("session_status")
    if status is not None:
        world.sessions.setdefault((message.channel, message.root), {})["status"] = status
    world.statuses.pop((message.channel, message.root), None)
    world.note(arguments.method, message)
    world.emit(events.changed(world, message, before))
    shape = message_shape(world, message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": shape}


def _live(world: World, arguments: Arguments) -> Message:
    place = world.own_place(arguments.text("channel"))
    ts = arguments.text("ts")
    message = world.own_message(place.id, ts, otherwise="message_not_owned_by_app")
    if ts in world.ended_streams:
        raise Refused(world.ended_streams[ts])
    if not message.streaming:
        raise Refused("message_not_in_streaming_state")
    return message


def _grow(world: World, arguments: Arguments, growth: Growth) -> None:
    markdown, chunks = arguments.optional("markdown_text"), arguments.objects("chunks") or []
    if markdown is not None:
        if chunks:
            raise Refused("markdown_text_conflict")
        chunks = [{"type": "markdown_text", "text": markdown}]
    check_chunks(world, arguments.method, chunks)
    written = sum(len(chunk["text"]) for chunk in chunks if chunk["type"] == "markdown_text")
    if len(growth.text) + written > 12_000:
        raise Refused("msg_too_long")
    for chunk in chunks:
        _take(growth, chunk)


def _take(growth: Growth, chunk: Json) -> None:
    match chunk["type"]:
        case "markdown_text":
            growth.text += chunk["text"]
        case "plan_update":
            growth.title = chunk["title"]
        case "task_update":
            # Slack appends to the details and the output that a task has already.
            task = growth.tasks.setdefault(chunk["id"], {"type": "task_card", "task_id": chunk["id"]})
            task |= {"title": chunk["title"], "status": chunk["status"]}
            for name in ("details", "output"):
                if name in chunk:
                    task[name] = _rich(_plain(task.get(name)) + chunk[name])
            if "sources" in chunk:
                task["sources"] = [*task.get("sources", []), *chunk["sources"]]
        case _:
            growth.blocks += chunk["blocks"]


def _rich(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def _plain(rich: Json | None) -> str:
    return "" if rich is None else str(rich["elements"][0]["elements"][0]["text"])


def _show(message: Message, growth: Growth) -> None:
    message.text = growth.text
    message.blocks = growth.shown()
