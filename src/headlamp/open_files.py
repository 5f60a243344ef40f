"""How many files this process may have open: each stream that is passed on takes two of them."""

from __future__ import annotations

import contextlib
import sys

import structlog

log = structlog.stdlib.get_logger("headlamp")


def allow_many() -> None:
    """Raise the limit of open files (RLIMIT_NOFILE) to what this user may have: shells and systemd start with 1,024.

    It stays as it is on Windows, which has none, and where the system refuses.
    """
    if sys.platform == "win32":
        return
    import resource  # Windows has none

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS refuses a limit beyond its kernel's own, although it says that there is none.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    log.debug("open files", before=soft, limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0])
