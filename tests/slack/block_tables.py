"""What Slack documents about blocks and their elements: fields, lengths, counts, and what may stand in what.

Source: https://docs.slack.dev/reference/block-kit/
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one type, its `type` aside."""

    required: frozenset[str]
    optional: frozenset[str]


def _fields(required: str, optional: str = "") -> Fields:
    return Fields(frozenset(required.split()), frozenset(optional.split()))


_FOCUS = "action_id confirm focus_on_load placeholder"
_INPUT = "action_id dispatch_action_config focus_on_load initial_value placeholder"

BLOCKS = {
    "actions": _fields("elements"),
    "alert": _fields("text", "level"),
    "card": _fields("", "actions body hero_image icon subtext subtitle title"),
    "carousel": _fields("elements"),
    "container": _fields(
        "child_blocks", "default_collapsed has_header_divider icon is_collapsible rich_text_title subtitle title width"
    ),
    "context": _fields("elements"),
    "context_actions": _fields("elements"),
    "data_table": _fields("caption rows", "page_size row_header_column_index"),
    "data_visualization": _fields("title chart"),
    "divider": _fields(""),
    "file": _fields("external_id source"),
    "header": _fields("text", "level"),
    "image": _fields("alt_text", "image_url slack_file title"),
    "input": _fields("element label", "dispatch_action hint optional"),
    "markdown": _fields("text"),
    "plan": _fields("title", "tasks"),
    "rich_text": _fields("elements"),
    "section": _fields("", "text fields accessory expand"),
    "table": _fields("rows", "column_settings"),
    "task_card": _fields("status task_id title", "details output sources"),
    "video": _fields(
        "alt_text thumbnail_url title video_url", "author_name description provider_icon_url provider_name title_url"
    ),
}
"""`block_id` may stand in each."""

ELEMENTS = {
    "button": _fields("text", "accessibility_label action_id agent_prompt confirm style url value"),
    "checkboxes": _fields("options", f"{_FOCUS} initial_options"),
    "channels_select": _fields("", f"{_FOCUS} initial_channel response_url_enabled"),
    "conversations_select": _fields(
        "", f"{_FOCUS} default_to_current_conversation filter initial_conversation response_url_enabled"
    ),
    "datepicker": _fields("", f"{_FOCUS} initial_date"),
    "email_text_input": _fields("", _INPUT),
    "feedback_buttons": _fields("negative_button positive_button", "action_id"),
    "icon_button": _fields("icon text", "accessibility_label action_id confirm value visible_to_user_ids"),
    "image": _fields("alt_text", "image_url slack_file"),
    "multi_static_select": _fields("", f"{_FOCUS} initial_options max_selected_items option_groups options"),
    "number_input": _fields("is_decimal_allowed", f"{_INPUT} max_value min_value"),
    "overflow": _fields("options", "action_id confirm"),
    "plain_text_input": _fields("", f"{_INPUT} max_length min_length multiline"),
    "radio_buttons": _fields("options", f"{_FOCUS} initial_option"),
    "static_select": _fields("", f"{_FOCUS} initial_option option_groups options"),
    "url": _fields("url text"),
    "url_text_input": _fields("", _INPUT),
    "users_select": _fields("", f"{_FOCUS} initial_user"),
}

TEXTS = {"plain_text": _fields("text", "emoji"), "mrkdwn": _fields("text", "verbatim")}

RICH = {
    "broadcast": _fields("range", "style"),
    "channel": _fields("channel_id", "style"),
    "color": _fields("value", "style"),
    "date": _fields("timestamp format", "fallback style url"),
    "emoji": _fields("name", "style unicode url"),
    "link": _fields("url", "style text unsafe"),
    "rich_text_list": _fields("elements style", "border indent offset"),
    "rich_text_preformatted": _fields("elements", "border language"),
    "rich_text_quote": _fields("elements", "border"),
    "rich_text_section": _fields("elements"),
    "team": _fields("team_id", "style"),
    "text": _fields("text", "style"),
    "user": _fields("user_id", "style"),
    "usergroup": _fields("usergroup_id", "style"),
}

LENGTHS = {
    ("alert", "text"): 200, ("button", "accessibility_label"): 75, ("button", "text"): 75, ("button", "url"): 3_000,
    ("button", "value"): 2_000, ("card", "body"): 200, ("card", "subtitle"): 150, ("card", "title"): 150,
    ("card", "subtext"): 200, ("container", "title"): 150, ("container", "subtitle"): 150, ("header", "text"): 150,
    ("icon_button", "value"): 2_000, ("icon_button", "accessibility_label"): 75, ("image", "alt_text"): 2_000,
    ("image", "image_url"): 3_000, ("image", "title"): 2_000, ("input", "hint"): 2_000, ("input", "label"): 2_000,
    ("markdown", "text"): 12_000, ("section", "text"): 3_000, ("video", "title"): 200,
    ("data_visualization", "title"): 50,
}  # fmt: skip
"""In characters, of a text or of a text object."""

LONGEST_TEXT, LONGEST_ID = 3_000, 255

COUNTS = {
    ("actions", "elements"): 25, ("card", "actions"): 3, ("carousel", "elements"): 10, ("checkboxes", "options"): 10,
    ("container", "child_blocks"): 10, ("context", "elements"): 10, ("context_actions", "elements"): 5,
    ("multi_static_select", "options"): 100, ("overflow", "options"): 5, ("plan", "tasks"): 50,
    ("radio_buttons", "options"): 10, ("section", "fields"): 10, ("static_select", "options"): 100,
    ("table", "column_settings"): 20,
}  # fmt: skip

_SELECTS = frozenset({"channels_select", "conversations_select", "static_select", "users_select"})
_CHOICES = frozenset({"checkboxes", "datepicker", "radio_buttons"})

CHILDREN = {
    ("actions", "elements"): frozenset({"button", "overflow"}) | _SELECTS | _CHOICES,
    ("card", "actions"): frozenset({"button"}),
    ("carousel", "elements"): frozenset({"card"}),
    ("container", "child_blocks"): frozenset({
        "actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video",
    }),
    ("context", "elements"): frozenset({"image", "mrkdwn", "plain_text"}),
    ("context_actions", "elements"): frozenset({"feedback_buttons", "icon_button"}),
    ("input", "element"): _SELECTS | _CHOICES | frozenset({
        "email_text_input", "multi_static_select", "number_input", "plain_text_input", "url_text_input",
    }),
    ("plan", "tasks"): frozenset({"task_card"}),
    ("section", "accessory"): _SELECTS | _CHOICES | frozenset({"button", "image", "multi_static_select", "overflow"}),
    ("section", "fields"): frozenset({"mrkdwn", "plain_text"}),
    ("task_card", "details"): frozenset({"rich_text"}),
    ("task_card", "output"): frozenset({"rich_text"}),
    ("task_card", "sources"): frozenset({"url"}),
}  # fmt: skip

PLAIN = frozenset({
    ("button", "text"), ("header", "text"), ("icon_button", "text"), ("image", "title"), ("input", "hint"),
    ("input", "label"), ("video", "title"),
})  # fmt: skip
"""Where only plain text may stand."""

TEXTUAL = PLAIN | {("section", "text"), ("alert", "text"), ("card", "title"), ("card", "body"), ("card", "subtitle")}
"""Where a text object must stand, not a text."""

STATUSES = frozenset({"pending", "in_progress", "complete", "error"})
