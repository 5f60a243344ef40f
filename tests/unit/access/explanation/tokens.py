"""Tokens to be explained, and cases of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from tests.adversarial.signing import b64

from headlamp.access import Acceptance, WhoAmI
from headlamp.access.errors import ClusterRejected
from headlamp.access.explanation import Case, Explanation, explain, read_token
from headlamp.access.explanation.findings import Finding

NOW = 1_800_000_000.0
ISSUER = "https://id.example.com"
SIGNATURE = b64(b"a signature that nobody may see")

REJECTED = Acceptance(False, "no", problem=ClusterRejected("Unauthorized", server_time=NOW))

CLAIMS: Mapping[str, Any] = {
    "iss": ISSUER,
    "sub": "8a3f",
    "aud": "headlamp",
    "exp": int(NOW) + 300,
    "iat": int(NOW),
    "email": "alice@example.com",
    "email_verified": True,
    "preferred_username": "alice",
    "groups": ["developers", "admins"],
}
GONE = object()


def jwt(header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    """A token with good claims, but for those that are given; `GONE` removes one."""
    made = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not GONE}
    head = {"alg": "RS256", "kid": "1"} if header is None else header
    return f"{b64(msgspec.json.encode(head))}.{b64(msgspec.json.encode(made))}.{SIGNATURE}"


def case(token: str | None = None, **facts: Any) -> Case:
    """A case of a good token that a cluster refuses, but for `facts`."""
    chosen = {"kind": "id_token", "acceptance": REJECTED, "now": NOW, **facts}
    return Case(token=read_token(jwt() if token is None else token), **chosen)


def explained(token: str | None = None, **facts: Any) -> Explanation:
    return explain(case(token, **facts))


def finding(made: Explanation, claim: str) -> Finding:
    """The one finding about a claim."""
    (found,) = [one for one in made.findings if one.claim == claim]
    return found


def accepted(username: str, *groups: str) -> Acceptance:
    """A cluster that takes the token, and calls the user so."""
    return Acceptance(True, None, WhoAmI(username=username, groups=[*groups, "system:authenticated"]))
