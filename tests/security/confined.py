"""A process as a container would hold it, without Docker: its own user, no capabilities, a root that is read-only.

Linux, root and util-linux are needed. Users need no entry anywhere: their numbers are enough.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NEEDED = ("unshare", "setpriv", "prlimit", "mount", "uv")

# A directory of one's own stays writable, since it is a mount of its own once the root's is made read-only.
_SCRIPT = """
set -e
data=$1 user=$2; shift 2
mount --bind "$data" "$data"
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev tmpfs /tmp
mount -o remount,bind,ro /
cd "$data"
exec setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
    prlimit --nproc=512 --nofile=4096 --core=0 "$@"
"""


def missing() -> str:
    """Why nothing can be confined here; "" where it can."""
    if not sys.platform.startswith("linux"):
        return "mount namespaces are Linux's"
    if os.geteuid() != 0:
        return "it takes root to start processes as other users"
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        return "no mount namespace may be made here"
    return "" if interpreter() is not None else "every Python 3.11 lies where other users cannot go"


def interpreter() -> Path | None:
    """A Python of this version that everybody may run."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = (Path(sys.base_prefix) / "bin" / version, *(Path(at) / version for at in ("/usr/local/bin", "/usr/bin")))
    return next((path for path in found if path.exists() and _open_to_all(path.resolve())), None)


def _open_to_all(path: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents))


@dataclass(kw_only=True)
class Confined:
    """One user and their directory below `base`, and what runs as them."""

    name: str
    user: int
    directory: Path
    environment: Mapping[str, str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list["subprocess.Popen[str]"])

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start something; its output goes to a file that root reads."""
        with (self.directory.parent / f"{self.name}.log").open("a") as log:
            process = subprocess.Popen(
                self._line(command), env=dict(self.environment), stdout=log, stderr=log, text=True
            )
        self.processes.append(process)
        return process

    def run(self, *command: str, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run something to its end."""
        return subprocess.run(
            self._line(command),
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def may_read(self, path: Path) -> bool:
        """Whether this user gets at what is in a file or directory of that name."""
        look = 'if test -d "$0"; then ls "$0"; else cat "$0"; fi >/dev/null 2>&1'
        return self.run("/bin/sh", "-c", look, str(path)).returncode == 0

    def end(self) -> None:
        """End what runs as this user."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _line(self, command: Sequence[str]) -> list[str]:
        confine = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", _SCRIPT, "confine"]
        return [*confine, str(self.directory), str(self.user), *command]


def status_of(pid: int) -> Mapping[str, str]:
    """What the kernel says of a process."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def root_is_read_only(pid: int) -> bool:
    """Whether a process sees a root file system that nobody may write to."""
    mounts = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text("utf-8").splitlines()]
    return any(mount[4] == "/" and "ro" in mount[5].split(",") for mount in mounts)


def owned_outside(user: int, directory: Path) -> list[str]:
    """What belongs to a user anywhere but in their directory."""
    found = subprocess.run(
        ["find", "/", "-xdev", "-path", str(directory), "-prune", "-o", "-uid", str(user), "-print"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.split("\n")[:-1]
