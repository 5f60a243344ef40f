"""The releases of Kubernetes that there are clusters of here: the newest, and the oldest that is promised to work."""

from __future__ import annotations

from dataclasses import dataclass

from tests.real.stack.build import KUBERNETES, OLDEST_KUBERNETES, Recipe


@dataclass(frozen=True)
class Release:
    """One release: what builds its control plane, and the version of its AuthenticationConfiguration."""

    name: str
    control_plane: Recipe
    authentication_api: str

    def __str__(self) -> str:
        return self.name


NEWEST = Release("1.37", KUBERNETES, "apiserver.config.k8s.io/v1")
OLDEST = Release("1.30", OLDEST_KUBERNETES, "apiserver.config.k8s.io/v1beta1")
RELEASES = (NEWEST, OLDEST)
