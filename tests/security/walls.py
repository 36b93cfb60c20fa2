"""`python -m tests.security.walls`: the tool server in a network of its own, where every packet to anywhere is counted.

Exits with 1 where one left that should not, or where the counting proves nothing; with 2 where there can be no such
network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.bot.processes import ROOT

CANNOT = 2


def command() -> list[str]:
    """What makes the network, and runs the inside of this in it."""
    # Whoever is not root may be one inside a user namespace, where the system allows it.
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *own, "--net", "--mount", sys.executable, "-W", "ignore", "-m", "tests.security.walls_inside"]


def why_not() -> str:
    """Why no network can be made here; "" if one can."""
    lacking = [name for name in ("unshare", "ip", "mount") if shutil.which(name) is None]
    if sys.platform != "linux" or lacking:
        return f"needs Linux with {', '.join(lacking) or 'network namespaces'}"
    probe = [*command()[: command().index(sys.executable)], "ip", "link", "add", "out0", "type", "veth"]
    tried = subprocess.run(probe, capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"no network namespace: {tried.stderr.strip() or tried.returncode}"


def main() -> int:
    """Run the inside, or say why not."""
    reason = why_not()
    if reason:
        sys.stderr.write(f"not run: {reason}\n")
        return CANNOT
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command(), cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
