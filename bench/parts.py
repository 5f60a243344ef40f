"""What a measurement needs of the machine beside Python, and what to do where it is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from enum import Enum

from tests.conftest import chromium
from tests.real.stack.build import KUBERNETES
from tests.real.stack.cache import cache_root


class Part(Enum):
    """Something that a measurement can't do without; the value is what to do where it is missing."""

    GO = "There is no Go to build the proxy that is the peer. Install it (apt install golang-go, or https://go.dev/dl)."
    BROWSER = (
        "There is no Chromium. Install it (apt install chromium), or let HEADLAMP_TEST_CHROMIUM name one that there is."
    )
    CLUSTER = (
        "There is neither a built API server nor Go to build one with. Install Go; `make test-real` builds it, "
        "and so does this."
    )


def missing(wanted: Collection[Part], env: Mapping[str, str] = os.environ) -> list[Part]:
    """Those of `wanted` that this machine does not have."""
    return [part for part in Part if part in wanted and not _there(part, env)]


def _there(part: Part, env: Mapping[str, str]) -> bool:
    go = shutil.which("go", path=env.get("PATH")) is not None
    match part:
        case Part.GO:
            return go
        case Part.BROWSER:
            return chromium() is not None
        case Part.CLUSTER:
            return go or (cache_root(env) / KUBERNETES.key).is_dir()
