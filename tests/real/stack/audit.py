"""What an API server notes of requests: who watches, who asks for their own rights and what they are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real.stack.processes import Workplace

# The kind that tests of shared watches watch; the rest would make the log long and the server slow.
WATCHED = "podtemplates"
_REVIEWS = {"group": "authorization.k8s.io", "resources": ["selfsubjectaccessreviews"]}
POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Metadata", "verbs": ["watch"], "resources": [{"group": "", "resources": [WATCHED]}]},
        {"level": "RequestResponse", "verbs": ["create"], "resources": [_REVIEWS]},
        {"level": "None"},
    ],
}


@dataclass(frozen=True)
class Review:
    """Somebody's question whether they may do `verb` in `namespace`, and the answer."""

    namespace: str
    verb: str
    allowed: bool


class Audit:
    """The log of one API server. It writes an event before it answers, so what was answered is in it."""

    def __init__(self, place: Workplace, name: str) -> None:
        self._place, self._name = place, name

    @property
    def path(self) -> Path:
        return self._place.logs / f"{self._name}-audit.log"

    def flags(self) -> dict[str, Path]:
        """What the API server is started with."""
        policy = self._place.write(f"{self._name}/audit.json", json.dumps(POLICY))
        return {"audit-policy-file": policy, "audit-log-path": self.path}

    def watching(self, namespace: str) -> list[str]:
        """Whose watches of `WATCHED` in a namespace are open now, a name for each watch."""
        running: dict[str, str] = {}
        for event in self._watches(namespace):
            if event["stage"] == "ResponseStarted":
                running[event["auditID"]] = event["user"]["username"]
            else:
                running.pop(event["auditID"], None)
        return sorted(running.values())

    def watched(self, namespace: str) -> set[str]:
        """Who has ever watched there."""
        return {event["user"]["username"] for event in self._watches(namespace)}

    def reviews(self, username: str, namespace: str) -> list[Review]:
        """What somebody has asked about a namespace up to now, the oldest first."""
        asked = (
            (event["requestObject"]["spec"]["resourceAttributes"], event["responseObject"]["status"])
            for event in self._events()
            if event["verb"] == "create" and event["user"]["username"] == username
        )
        return [
            Review(namespace, attributes["verb"], status["allowed"])
            for attributes, status in asked
            if attributes.get("namespace") == namespace
        ]

    def _watches(self, namespace: str) -> Iterator[dict[str, Any]]:
        for event in self._events():
            if event["verb"] == "watch" and event["objectRef"].get("namespace") == namespace:
                yield event

    def _events(self) -> Iterator[dict[str, Any]]:
        if self.path.is_file():
            whole_lines, _, _ = self.path.read_text().rpartition("\n")  # the rest is still being written
            yield from map(json.loads, whole_lines.splitlines())
