"""One point at which a token and a cluster can disagree, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "off", "unknown"]
_ORDER: dict[State, int] = {"off": 0, "unknown": 1, "ok": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim, or property of the token, judged by the rules of kube-apiserver.

    `token` is what the token has, `expected` what an API server takes, each in a few words. `state` is "off" where
    the token differs from what an API server takes unless it is told otherwise, or from what is known of this one;
    "unknown" where this cluster's own settings decide, which it does not tell. `fatal`: no OpenID Connect setting of an
    API server makes it take this token.
    """

    claim: str
    token: str
    expected: str
    state: State
    why: str
    remedy: str = ""
    fatal: bool = False

    def as_json(self) -> dict[str, str]:
        return {
            "claim": self.claim,
            "token": self.token,
            "expected": self.expected,
            "state": self.state,
            "why": self.why,
            "remedy": self.remedy,
        }


def in_order(findings: list[Finding]) -> list[Finding]:
    """What is off first, then what has to be compared, then what is well; within each the API server's own order."""
    return sorted(findings, key=lambda finding: _ORDER[finding.state])
