"""Python runs this in every process that has this directory on its path: what a file names is patched at its import.

The product has no switch for any of it, and does not know that it happens. What the files say: `tests.chaos.injected`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

STATION = "CLEW_CHAOS_STATION"
"""Names the address of the station that a worker's tool calls go over."""


def no_dedupe(inbox: Any) -> None:
    """Every message is new."""

    def first_time(_self: Any, *_ids: str) -> bool:
        return True

    inbox.Inbox.first_time = first_time


def forgetful(inbox: Any) -> None:
    """The ids that were seen are not carried over continue-as-new."""

    def seen(_self: Any) -> tuple[str, ...]:
        return ()

    inbox.Inbox.seen = seen


def acknowledge_first(bolt: Any) -> None:
    """Bolt's default: it acknowledges, and then the listener runs."""
    begin = bolt.AsyncApp.__init__

    def changed(self: Any, **given: Any) -> None:
        begin(self, **(given | {"process_before_response": False}))

    bolt.AsyncApp.__init__ = changed


def sdk_retries(calls: Any) -> None:
    """slack_sdk's default: what a broken connection lost is sent again."""

    def build_client(token: str, url: str, *, limit: int = 10) -> Any:
        return calls.AsyncWebClient(token=token, base_url=url, timeout=limit)

    calls.build_client = build_client


def unforked(branch: Any) -> None:
    """What may have been stored is appended once more to the same branch."""

    def mode(self: Any) -> Any:
        return branch.StepMode.START if self.head is None else branch.StepMode.APPEND

    branch.Branch._mode = mode


def no_look_up(delivery: Any) -> None:
    """A post of unknown outcome is made again."""

    async def looked_up(_self: Any, _thread: Any, _part: Any, **_more: Any) -> Any:
        return ()

    delivery.DeliveryActivities._looked_up = looked_up


def crossed(platform: Any) -> None:
    """A post goes to the thread that was posted to before."""
    post, threads = platform.SlackPlatform.post, list[Any]()

    async def changed(self: Any, thread: Any, answer: Any) -> Any:
        threads.append(thread)
        others = [one for one in threads if one != thread]
        return await post(self, others[-1] if others else thread, answer)

    platform.SlackPlatform.post = changed


def random_nonce(messages: Any) -> None:
    """Each create has a nonce of its own."""

    def nonce_of(*_what: object) -> str:
        return os.urandom(12).hex()

    messages.nonce_of = nonce_of


def no_settle(values: Any) -> None:
    """What is of unknown outcome is looked up at once."""
    import dataclasses

    values.CAPABILITIES = dataclasses.replace(values.CAPABILITIES, settle=0.0)


PATCHES: dict[str, tuple[str, Callable[[Any], None]]] = {
    "no-dedupe": ("workflows.inbox", no_dedupe),
    "forgetful": ("workflows.inbox", forgetful),
    "acknowledge-first": ("slack_bolt.app.async_app", acknowledge_first),
    "sdk-retries": ("bot.platforms.slack.calls", sdk_retries),
    "unforked": ("workflows.branch", unforked),
    "no-look-up": ("workflows.activities.delivery", no_look_up),
    "crossed": ("bot.platforms.slack.platform", crossed),
    "random-nonce": ("bot.platforms.discord.messages", random_nonce),
    "no-settle": ("bot.platforms.slack.values", no_settle),
}


class Breaking(MetaPathFinder, Loader):
    """Finds one module as everybody does, and breaks it once it is loaded."""

    def __init__(self, module: str, patch: Callable[[Any], None]) -> None:
        self._module = module
        self._patch = patch
        self._loader: Loader | None = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        assert self._loader is not None
        self._loader.exec_module(module)
        self._patch(module)


def turn_clock(directory: Path) -> None:
    """Become a process whose clock is wrong, if the file of our role says by how much."""
    told = directory / f"clock-{sys.orig_argv[-1]}"
    if not told.exists() or "FAKETIME" in os.environ:
        return
    offset, _, library = told.read_text("utf-8").partition(" ")
    wrong = {
        "LD_PRELOAD": library,
        "FAKETIME": offset,
        # What measures how long something takes is no clock that could be set.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    os.execve(sys.executable, sys.orig_argv, os.environ | wrong)


def use_station() -> None:
    """Lead a worker's tool calls over the station, if there is one."""
    station = os.environ.get(STATION)
    if station and sys.orig_argv[-1] == "worker":
        os.environ["MCP_SERVER_URL"] = station


def begin() -> None:
    """Be what the files say, if they say anything."""
    directory = Path(os.environ.get("CLEW_CHAOS_INJECTED", os.devnull))
    turn_clock(directory)
    use_station()
    named = directory / "build"
    name = named.read_text("utf-8").strip() if named.exists() else ""
    if not name:
        return
    # In a file of its own, which no other process has to read.
    from tests.chaos.variants.injected.builds import BUILDS

    sys.meta_path.insert(0, Breaking(*(PATCHES | BUILDS)[name]))


begin()
