"""files.*: an upload in three steps, and the look at a file that Slack has not looked into yet."""

from __future__ import annotations

import mimetypes

from tests.slack import events
from tests.slack.arguments import Arguments
from tests.slack.errors import Refused
from tests.slack.values import Json, Message, Upload
from tests.slack.world import BOT_ID, BOT_USER, TEAM, World


def get_upload_url(world: World, arguments: Arguments) -> Json:
    """files.getUploadURLExternal."""
    length = arguments.number("length", 0)
    if length < 1:
        raise Refused("invalid_arguments")
    upload = Upload(id=world.new_id("F"), name=arguments.text("filename"), length=length)
    world.files[upload.id] = upload
    return {"upload_url": f"{world.url}upload/v1/{upload.id}", "file_id": upload.id}


def take_upload(world: World, file: str, content: bytes) -> str:
    """The POST of the bytes; what it answers is plain text."""
    upload = world.files.get(file)
    if upload is None or upload.completed:
        raise Refused("file_not_found")
    if len(content) != upload.length:
        raise Refused("length_mismatch")
    upload.content = content
    world.note("files.upload")
    return f"OK - {len(content)}"


def complete_upload(world: World, arguments: Arguments) -> Json:
    """files.completeUploadExternal; with a channel it posts a message that carries no key."""
    asked = arguments.objects("files") or []
    uploads = [world.files.get(str(each.get("id"))) for each in asked]
    found = [upload for upload in uploads if upload is not None and upload.content is not None]
    if not found or len(found) != len(asked):
        raise Refused("file_not_found")
    place = None
    channel = arguments.optional("channel_id") or arguments.optional("channels")
    if channel is not None:
        place = world.own_place(channel)
    for upload, named in zip(found, asked, strict=True):
        upload.completed, upload.title = True, str(named.get("title") or upload.name)
    shapes = [_brief(upload) for upload in found]
    world.note(arguments.method, channel=None if place is None else place.id)
    if place is not None:
        message = Message(
            channel=place.id, ts=world.new_ts(), user=BOT_USER, bot_id=BOT_ID, team=TEAM,
            text=arguments.optional("initial_comment") or "", subtype="file_share", files=shapes,
            thread_ts=world.thread_of(place.id, arguments.optional("thread_ts")),
        )  # fmt: skip
        world.add(message)
        world.note(arguments.method, message)
        world.emit(events.said(world, message))
    return {"files": shapes}


def file_info(world: World, arguments: Arguments) -> Json:
    """files.info: the type of a file shows from the second look on."""
    upload = world.files.get(arguments.text("file"))
    if upload is None or not upload.completed:
        raise Refused("file_not_found")
    upload.polls += 1
    shape = _brief(upload) | {"size": upload.length, "user": BOT_USER, "mode": "hosted", "is_external": False}
    if upload.ready:
        kind = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        shape |= {"mimetype": kind, "filetype": upload.name.rpartition(".")[2]}
    else:
        shape |= {"mimetype": "", "filetype": ""}
    return {"file": shape}


def _brief(upload: Upload) -> Json:
    return {
        "id": upload.id,
        "name": upload.name,
        "title": upload.title,
        "permalink": f"https://clew.slack.com/files/{upload.id}",
    }
