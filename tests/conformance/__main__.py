"""`python -m tests.conformance`: the MCP conformance suite and the Inspector against the project's own app.

Exits 0 if all is as expected, or if there is no Node to run them with (it says so); 1 otherwise.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.conformance.fixtures import add_fixtures
from tests.conformance.node import Missing, Suites, find_suites
from tests.conformance.serving import sample_server, served
from tests.conformance.suites import (
    SCENARIOS,
    SURFACE,
    Failed,
    inspect,
    require_fixtures,
    run_surface,
    run_whole,
)


class Report:
    """Prints a line per step, and remembers whether one failed."""

    def __init__(self) -> None:
        self.failed = False

    def step(self, name: str, run: Callable[[], str]) -> None:
        """Run one step."""
        try:
            print(f"ok      {name}: {run()}", flush=True)
        except Failed as error:
            self.failed = True
            print(f"FAILED  {name}: {error}", flush=True)


def whole(suites: Suites, work: Path, report: Report) -> None:
    """Every scenario, on a server of the project's factory with the suite's fixtures added."""
    server = sample_server(work)
    add_fixtures(server)
    with served(server, bearing=True) as url:
        report.step("fixtures", lambda: require_fixtures(suites, url))
        for spec in SCENARIOS:
            report.step(f"whole suite, {spec}", lambda spec=spec: run_whole(suites, url, spec, work / spec))


def surface(suites: Suites, work: Path, report: Report) -> None:
    """What concerns any server, on the real one as it is."""
    with served(sample_server(work), bearing=True) as url:
        for spec, scenario in SURFACE:
            out = work / f"{spec}-{scenario}"
            report.step(
                f"{scenario}, {spec}",
                lambda spec=spec, scenario=scenario, out=out: run_surface(suites, url, spec, scenario, out),
            )


def inspector(suites: Suites, work: Path, report: Report) -> None:
    """The Inspector on the real server, with the token and without."""
    with served(sample_server(work), bearing=False) as url:

        def tools() -> str:
            return f"{len(inspect(suites, url, 'tools/list', '--strict')['tools'])} tools"

        def prompts() -> str:
            return f"{len(inspect(suites, url, 'prompts/list')['prompts'])} prompts"

        def quote() -> str:
            options = ("--tool-name", "get_quote", "--tool-arg", "symbol=AAPL")
            found = inspect(suites, url, "tools/call", *options)["structuredContent"]
            if (found["symbol"], found["price"]) != ("AAPL", 252.2):
                raise Failed(f"another quote came back: {found}")
            return f"{found['symbol']} {found['price']} {found['currency']} as of {found['as_of']}"

        def refused() -> str:
            try:
                inspect(suites, url, "tools/list", token=None)
            except Failed:
                return "refused"
            raise Failed("the server answered without a token")

        report.step("inspector, tools/list --strict", tools)
        report.step("inspector, prompts/list", prompts)
        report.step("inspector, get_quote", quote)
        report.step("inspector, no token", refused)


def main() -> int:
    """Run all of it; return the exit code."""
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # refusals are what some scenarios are after
    try:
        suites = find_suites()
    except Missing as missing:
        print(f"skipped: {missing} The conformance suites were not run.")
        return 0
    report = Report()
    with tempfile.TemporaryDirectory(prefix="clew-conformance-") as folder:
        for part in (whole, surface, inspector):
            part(suites, Path(folder), report)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
