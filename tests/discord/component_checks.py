"""Discord's limits of components: rows of buttons and selects, and Components V2."""

from __future__ import annotations

from typing import Any

from tests.discord.findings import REQUIRED, Findings
from tests.discord.values import Json, as_object, as_objects, parts_of, texts_of

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 19, 21, 22, 23
SELECTS = frozenset({STRING_SELECT, 5, 6, 7, 8})
_TOP_V2 = frozenset({ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER})
_IN_CONTAINER = _TOP_V2 - {CONTAINER}
_IN_MODAL = frozenset({ROW, TEXT_DISPLAY, LABEL})
_IN_LABEL = SELECTS | {TEXT_INPUT, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX}
V2_COMPONENTS, V2_CHARACTERS, LINK = 40, 4_000, 5


def check_components(found: Findings, components: list[Json], *, v2: bool, files: set[str]) -> None:
    """Check those of one message; `files`: the names that hang on it."""
    everything = parts_of(components)
    if v2:
        if len(everything) > V2_COMPONENTS:
            found.add("components", f"Must have {V2_COMPONENTS} or fewer components in total.")
        if sum(map(len, texts_of(components))) > V2_CHARACTERS:
            found.add("components", f"Must have {V2_CHARACTERS} or fewer characters in total.")
    else:
        found.count(components, 5, "components")
    _check_ids(found, everything)
    allowed = _TOP_V2 if v2 else frozenset({ROW})
    for number, part in enumerate(components):
        _check_part(found, part, allowed, f"components/{number}", files)


def check_modal(found: Findings, modal: Json) -> None:
    """Check a window."""
    components = as_objects(modal.get("components"))
    found.text(modal.get("custom_id"), 100, "data/custom_id")
    found.text(modal.get("title"), 45, "data/title")
    found.count(components, 5, "data/components", least=1)
    _check_ids(found, parts_of(components))
    for number, part in enumerate(components):
        _check_part(found, part, _IN_MODAL, f"data/components/{number}", set())


def _check_ids(found: Findings, parts: list[Json]) -> None:
    for name in ("custom_id", "id"):
        ids = [part[name] for part in parts if part.get(name)]
        for twice in sorted({each for each in ids if ids.count(each) > 1}):
            found.add("components", f"Component {name} cannot be duplicated: {twice}", "COMPONENT_CUSTOM_ID_DUPLICATED")


def _check_part(found: Findings, part: Json, allowed: frozenset[int], at: str, files: set[str]) -> None:
    kind = part.get("type")
    if kind not in allowed:
        found.add(f"{at}/type", f"Value must be one of {sorted(allowed)}.", "UNION_TYPE_CHOICES")
        return
    inner = as_objects(part.get("components"))
    match kind:
        case 1:
            _check_row(found, inner, at)
        case 9:
            found.count(inner, 3, f"{at}/components", least=1)
            _check_inner(found, inner, frozenset({TEXT_DISPLAY}), at, files)
            accessory = as_object(part.get("accessory"))
            _check_part(found, accessory, frozenset({BUTTON, THUMBNAIL}), f"{at}/accessory", files)
        case 2:
            _check_button(found, part, at)
        case 10:
            found.text(part.get("content"), V2_CHARACTERS, f"{at}/content")
        case 11:
            _check_media(found, part.get("media"), f"{at}/media", files)
        case 12:
            items = as_objects(part.get("items"))
            found.count(items, 10, f"{at}/items", least=1)
            for number, item in enumerate(items):
                found.text(item.get("description"), 1024, f"{at}/items/{number}/description", optional=True)
                _check_media(found, item.get("media"), f"{at}/items/{number}/media", files)
        case 13:
            _check_media(found, part.get("file"), f"{at}/file", files, attached=True)
        case 17:
            found.count(inner, V2_COMPONENTS, f"{at}/components", least=1)
            _check_inner(found, inner, _IN_CONTAINER, at, files)
        case 18:
            found.text(part.get("label"), 45, f"{at}/label")
            found.text(part.get("description"), 100, f"{at}/description", optional=True)
            _check_field(found, as_object(part.get("component")), f"{at}/component")
        case _:
            pass


def _check_inner(found: Findings, inner: list[Json], allowed: frozenset[int], at: str, files: set[str]) -> None:
    for number, part in enumerate(inner):
        _check_part(found, part, allowed, f"{at}/components/{number}", files)


def _check_row(found: Findings, inner: list[Json], at: str) -> None:
    kinds = {part.get("type") for part in inner}
    if kinds == {BUTTON}:
        found.count(inner, 5, f"{at}/components", least=1)
        for number, part in enumerate(inner):
            _check_button(found, part, f"{at}/components/{number}")
        return
    found.count(inner, 1, f"{at}/components", least=1)
    for number, part in enumerate(inner):
        _check_field(found, part, f"{at}/components/{number}")


def _check_button(found: Findings, part: Json, at: str) -> None:
    found.choice(part.get("style"), (1, 2, 3, 4, 5, 6), f"{at}/style")
    found.text(part.get("label"), 80, f"{at}/label", optional=True)
    if not part.get("label") and not part.get("emoji"):
        found.add(at, "A button must have a label or an emoji.", "BUTTON_COMPONENT_INVALID")
    if part.get("style") == LINK:
        found.text(part.get("url"), 512, f"{at}/url")
        if "custom_id" in part:
            found.add(at, "A link has no custom id.", "BUTTON_COMPONENT_INVALID")
    else:
        found.text(part.get("custom_id"), 100, f"{at}/custom_id")


def _check_field(found: Findings, part: Json, at: str) -> None:
    kind = part.get("type")
    if kind not in _IN_LABEL:
        found.add(f"{at}/type", f"Value must be one of {sorted(_IN_LABEL)}.", "UNION_TYPE_CHOICES")
        return
    found.text(part.get("custom_id"), 100, f"{at}/custom_id")
    longest = 100 if kind == TEXT_INPUT else 150
    found.text(part.get("placeholder"), longest, f"{at}/placeholder", shortest=0, optional=True)
    if kind == TEXT_INPUT:
        found.choice(part.get("style"), (1, 2), f"{at}/style")
        found.text(part.get("label"), 45, f"{at}/label", optional=True)
        found.text(part.get("value"), 4000, f"{at}/value", shortest=0, optional=True)
    if kind in {STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP}:
        options = as_objects(part.get("options"))
        found.count(options, 25 if kind == STRING_SELECT else 10, f"{at}/options", least=1)
        for number, option in enumerate(options):
            found.text(option.get("label"), 100, f"{at}/options/{number}/label")
            found.text(option.get("value"), 100, f"{at}/options/{number}/value")
            found.text(option.get("description"), 100, f"{at}/options/{number}/description", optional=True)


def _check_media(found: Findings, media: Any, at: str, files: set[str], *, attached: bool = False) -> None:
    url = str(as_object(media).get("url", ""))
    if url.startswith("attachment://"):
        if url.removeprefix("attachment://") not in files:
            found.add(f"{at}/url", f"No such attachment: {url}", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND")
    elif not url:
        found.add(f"{at}/url", "This field is required", REQUIRED)
    elif attached or not url.startswith(("http://", "https://")):
        found.add(f"{at}/url", f"Scheme must be one of ('attachment',): {url}", "URL_TYPE_INVALID_SCHEME")
