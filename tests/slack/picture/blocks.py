"""Blocks as HTML: one function for each type that Clew makes or that Slack makes of what people type. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from html import escape

from tests.slack.picture.text import markdown, mrkdwn, user
from tests.slack.picture.values import Json, NotPictured, Surroundings

_SIGNS = {"pending": "○", "in_progress": "", "complete": "✓", "error": "!"}


def blocks_html(blocks: Sequence[Json], around: Surroundings) -> str:
    """All blocks of a message or view.

    Raises:
        NotPictured: If one of them, or something in it, is of a type that stands in no table here.
    """
    return "".join(_block(block, around) for block in blocks)


def _block(block: Json, around: Surroundings) -> str:
    show = _BLOCKS.get(str(block["type"]))
    if show is None:
        raise NotPictured(f"block {block['type']}")
    return f'<div class="block {block["type"]}">{show(block, around)}</div>'


def _header(block: Json, _: Surroundings) -> str:
    return f"<h2>{escape(block['text']['text'])}</h2>"


def _markdown(block: Json, _: Surroundings) -> str:
    return markdown(block["text"])


def _section(block: Json, around: Surroundings) -> str:
    return _text(block["text"], around)


def _divider(_: Json, __: Surroundings) -> str:
    return "<hr>"


def _context(block: Json, around: Surroundings) -> str:
    return "".join(f"<span>{_text(element, around)}</span>" for element in block["elements"])


def _text(part: Json, around: Surroundings) -> str:
    match part["type"]:
        case "mrkdwn":
            return mrkdwn(part["text"], around)
        case "plain_text":
            return escape(part["text"]).replace("\n", "<br>")
        case other:
            raise NotPictured(f"text {other}")


def _image(block: Json, around: Surroundings) -> str:
    title = f'<div class="title">{escape(block["title"]["text"])}</div>' if "title" in block else ""
    data = base64.b64encode(around.files[block["slack_file"]["id"]]).decode()
    return f'{title}<img alt="{escape(block["alt_text"])}" src="data:image/png;base64,{data}">'


def _table(block: Json, _: Surroundings) -> str:
    settings: list[Json] = block.get("column_settings") or []
    rows: list[list[Json]] = block["rows"]
    first, *rest = (
        "".join(_cell(cell, settings[column] if column < len(settings) else {}) for column, cell in enumerate(row))
        for row in rows
    )
    return f'<table><tr class="first">{first}</tr>{"".join(f"<tr>{row}</tr>" for row in rest)}</table>'


def _cell(cell: Json, setting: Json) -> str:
    if cell["type"] != "raw_text":
        raise NotPictured(f"cell {cell['type']}")
    classes = f"{setting.get('align', 'left')} {'wrapped' if setting.get('is_wrapped') else 'cut'}"
    return f'<td class="{escape(classes)}">{escape(cell["text"])}</td>'


def _actions(block: Json, _: Surroundings) -> str:
    return "".join(_button(element) for element in block["elements"])


def _button(element: Json) -> str:
    if element["type"] != "button":
        raise NotPictured(f"element {element['type']}")
    style = escape(element.get("style", ""))
    return f'<span class="button {style}">{escape(element["text"]["text"])}</span>'


def _context_actions(block: Json, _: Surroundings) -> str:
    out: list[str] = []
    for element in block["elements"]:
        if element["type"] != "feedback_buttons":
            raise NotPictured(f"element {element['type']}")
        sides = (element["positive_button"], element["negative_button"])
        out += [f'<span class="thumb">{escape(side["text"]["text"])}</span>' for side in sides]
    return "".join(out)


def _plan(block: Json, around: Surroundings) -> str:
    tasks = "".join(f'<div class="task_card">{_task_card(task, around)}</div>' for task in block["tasks"])
    return f'<div class="title">{escape(block["title"])}</div>{tasks}'


def _task_card(block: Json, _: Surroundings) -> str:
    if block["type"] != "task_card":
        raise NotPictured(f"task {block['type']}")
    status = block["status"]
    return f'<i class="sign {status}">{_SIGNS[status]}</i><span>{escape(block["title"])}</span>'


def _rich_text(block: Json, around: Surroundings) -> str:
    return "".join(_rich(part, around) for part in block["elements"])


def _rich(part: Json, around: Surroundings) -> str:
    match part["type"]:
        case "rich_text_section":
            return "".join(_rich(each, around) for each in part["elements"])
        case "text":
            return escape(part["text"]).replace("\n", "<br>")
        case "user":
            return user(part["user_id"], around)
        case other:
            raise NotPictured(f"rich text {other}")


def _input(block: Json, _: Surroundings) -> str:
    element = block["element"]
    if element["type"] not in {"plain_text_input", "conversations_select"}:
        raise NotPictured(f"element {element['type']}")
    optional = " <small>(optional)</small>" if block.get("optional") else ""
    shown = element.get("initial_value") or element.get("placeholder", {}).get("text", "")
    size = "tall" if element.get("multiline") else ""
    return f'<label>{escape(block["label"]["text"])}{optional}</label><div class="field {size}">{escape(shown)}</div>'


_BLOCKS: dict[str, Callable[[Json, Surroundings], str]] = {
    "actions": _actions,
    "context": _context,
    "context_actions": _context_actions,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
    "task_card": _task_card,
}
