"""The groups of settings, by their headings in help and docs, in their order there."""

from __future__ import annotations

from typing import Final

SERVER: Final = "Server"
CLUSTERS: Final = "Clusters"
SIGN_IN: Final = "Sign-in"
SESSIONS: Final = "Sessions"
LIVE: Final = "Scale and live rows"
TELEMETRY: Final = "Telemetry and diagnosis"
