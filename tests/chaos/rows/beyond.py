"""The rows of the matrix that are not run here, each with its reason."""

from __future__ import annotations

BEYOND: dict[str, str] = {
    "SH1, SH2, SH3, SH5": "There is no HTTP mode; Socket Mode's twins are SS1, SS4 and SH4.",
    "SH9": "There is no HTTP mode, so nobody signs anything.",
    "D8": "Without the intent the bot refuses to start, and says so: tests/bot/test_discord_doctor.py.",
    "C8": "No platform lets so much through; what is large is cut in activities: tests/workflows/test_recorded.py.",
    "T3": "Samples never grow; what is large is cut before it is stored: tests/workflows/test_recorded.py.",
    "T5": "The tool server's tools are what its code says: tests/workflows/test_mcp_client.py.",
}
