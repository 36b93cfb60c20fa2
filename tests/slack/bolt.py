"""`python -m tests.slack.bolt`: Slack's SDK for Node against the loopback Slack, lest that fit one SDK only.

Exits 0 if all is as expected, or if there is no Node to run it with (it says so); 1 otherwise.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.node import Missing, installed
from tests.slack.server import Slack, running_slack

PACKAGES = ("@slack/bolt@5.1.0",)
APP = Path(__file__).parent / "node" / "app.cjs"
PATIENCE = 20.0


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds, and say so.

    Raises:
        AssertionError: If it does not, in time.
    """
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, f"in vain: {what}"
        time.sleep(0.02)
    print(f"ok      {what}", flush=True)


@contextmanager
def node_app(slack: Slack, node: Path, modules: Path) -> Generator[None]:
    """The app on Node, connected."""
    env = {**os.environ, "NODE_PATH": str(modules), "SLACK_API_URL": slack.api_url}
    env |= {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
    with subprocess.Popen([str(node), str(APP)], env=env) as process:
        try:
            eventually(lambda: slack.connections == 1, "the app is connected")
            yield
        finally:
            process.kill()


def scene(slack: Slack) -> None:
    """All that the app answers to, once."""
    channel, ada = slack.channel("stocks"), slack.user("ada")
    root = slack.say(channel, ada, f"<@{slack.bot_user}> how is NVDA?")
    eventually(lambda: slack.acked(root), "a mention and its twin are acknowledged")
    eventually(lambda: len(slack.thread(channel, root)) == 5, "the thread has all answers")
    _, posted, streamed, file, last = slack.thread(channel, root)
    assert (posted.text, posted.key) == ("posted", "turn:1")
    assert (streamed.text, streamed.streaming, streamed.key) == ("streamed", False, "turn:1")
    assert (file.subtype, file.files[0]["name"]) == ("file_share", "figures.txt")
    assert last.text == "keys: turn:1,turn:1"

    command = slack.command(channel, ada, "/research", "NVDA")
    eventually(lambda: {shown.text for shown in command.replies} == {"at once", "later"}, "a command is answered twice")
    click = slack.click(channel, streamed.ts, ada, "retry")
    eventually(lambda: [shown.text for shown in click.replies] == ["pressed 1"], "a button is pressed")

    slack.shortcut(channel, root, ada, "research_this")
    eventually(lambda: len(slack.windows("ask")) == 1, "a shortcut opens a window")
    sent = slack.submit(slack.windows("ask")[0]["id"], ada, {"text": "too short"})
    eventually(lambda: sent.acked, "a window is sent off")
    assert sent.response == {"response_action": "errors", "errors": {"question": "too short"}}
    slack.open_home(ada)
    eventually(lambda: slack.home(ada) is not None, "a home is published")

    slack.disconnect()
    eventually(lambda: slack.connected == 2, "the app connects anew when it is told to")
    late = slack.say(channel, ada, "still there?")
    eventually(lambda: slack.acked(late), "and goes on listening")
    assert not slack.violations, slack.violations
    assert not slack.unknown_methods(), slack.unknown_methods()


def main() -> int:
    """Run it."""
    try:
        node, modules = installed(PACKAGES)
    except Missing as missing:
        print(f"skipped {missing}")
        return 0
    try:
        with running_slack() as slack, node_app(slack, node, modules):
            scene(slack)
    except AssertionError as error:
        print(f"FAILED  {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
