"""Python runs this in every process that has this directory on its path: it leads a worker's tool calls over a station.

The product has no switch for it, and does not know that it happens.
"""

from __future__ import annotations

import os
import sys

STATION = "CLEW_CHAOS_STATION"

if os.environ.get(STATION) and sys.orig_argv[-1] == "worker":
    os.environ["MCP_SERVER_URL"] = os.environ[STATION]
