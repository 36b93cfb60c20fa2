"""What an administrator sees of a status on a wide screen."""

from __future__ import annotations

import io

from rich.console import Console

from bot import admin_text
from bot.admin import Status


def shown(status: Status) -> str:
    text = io.StringIO()
    admin_text.show(status, Console(file=text, width=200))
    return text.getvalue()
