"""How long a cluster is waited for, how many connections it gets at once, and how much it may say: for any client."""

from __future__ import annotations

SHORT_POOL = 100
"""Connections for short calls at once. Streams have no limit: each belongs to a connection of some client."""

SHARE = 25
"""How many of them one credential may have at once. A page that asks for fifty things gets them in two turns."""

POOL_TIMEOUT = 30.0
"""How long a request waits for one of them to get free."""

CONNECT_TIMEOUT = 10.0
"""Name resolution, TCP and TLS together."""

KEEP_ALIVE = 60.0
"""How long a connection is kept for the next request."""

SILENCE_TIMEOUT = 90.0
"""An API server ends its own short calls after 60 s, so silence of this length is a dead connection."""

LOOK_EVERY = 1.0
"""How often it is looked who has been waited for too long: so much later than due somebody may be given up."""

# What comes back: room for the warnings of an admission chain, no more. What goes out is not limited.
MAX_LINE = 16 * 1024
MAX_FIELD = 32 * 1024


def head_limit(path: str) -> float | None:
    """How long a stream's head may take, however silent it is after that.

    Followed logs have no limit: a kubelet sends the head with the first line, and a container may be silent for hours.
    """
    route, _, query = path.partition("?")
    return None if route.endswith("/log") and "follow=" in query else SILENCE_TIMEOUT
