"""What can be chosen about a demo."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PORT = 4466
DEFAULT_PODS = 200
DEFAULT_SEED = 1
MOST_PODS = 10_000


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`port` is where the page is served (the next free one when it is taken); `pods` is how many pods the cluster has.

    `seed` decides everything that looks like chance: the same seed gives the same names and the same happenings.
    `id_token_lifetime` is in seconds; short ones show that a session outlives its tokens.
    """

    no_browser: bool = False
    port: int = DEFAULT_PORT
    pods: int = DEFAULT_PODS
    seed: int = DEFAULT_SEED
    id_token_lifetime: int = 300
