"""What a provider of the tests does wrong: each test names one deviation from a provider that does all right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.adversarial.signing import SigningKey

MISSING: Final = object()
"""As a value in a deviation: leave this member out."""


@dataclass(kw_only=True)
class Deviations:
    """What the provider does wrong. Mappings of members replace or, with `MISSING`, remove what would be right.

    Endpoints are named "discovery", "jwks", "authorize", "token", "userinfo", "end_session", "revocation".
    """

    metadata: Mapping[str, Any] = field(default_factory=dict)
    id_token: Mapping[str, Any] = field(default_factory=dict)
    """Claims of ID tokens, at sign-in and at refresh."""
    refreshed_id_token: Mapping[str, Any] = field(default_factory=dict)
    """Claims of refreshed ID tokens only."""
    missing: tuple[str, ...] = ()
    """Claims that ID tokens lack."""
    access_token: Mapping[str, Any] = field(default_factory=dict)
    """Claims of access tokens, where they are JWTs."""
    alg: str | None = None
    """An `alg` as `signing.sign` knows them, instead of the provider's own."""
    header: Mapping[str, Any] = field(default_factory=dict)
    """Members of the ID token's header; a value of None removes one."""
    sign_with: SigningKey | None = None
    """A key to sign with instead of the published one."""
    raw_id_token: str | None = None
    jwks_extra: tuple[Any, ...] = ()
    """Members of the key set in front of the good ones."""
    rotates_before_signing: bool = False
    """A new key for every ID token, published at the moment of signing."""
    ignores_pkce: bool = False
    """Takes any code verifier, and none."""
    token_response: Mapping[str, Any] = field(default_factory=dict)
    refresh_response: Mapping[str, Any] = field(default_factory=dict)
    authorization_response: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] = field(default_factory=dict)
    userinfo_header: Mapping[str, Any] = field(default_factory=dict)
    """Members of the header of a signed UserInfo answer."""
    userinfo_alg: str | None = None
    userinfo_sign_with: SigningKey | None = None
    logout_token: Mapping[str, Any] = field(default_factory=dict)
    """Claims of logout tokens."""
    logout_token_alg: str | None = None
    """An `alg` of logout tokens as `signing.sign` knows them."""
    post_logout: Mapping[str, Any] = field(default_factory=dict)
    """Parameters with which the browser comes back from the end-session endpoint."""
    status: Mapping[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    """Endpoints that answer with this status and JSON object, and do nothing."""
    body: Mapping[str, bytes] = field(default_factory=dict)
    """Endpoints that answer 200 with these bytes."""
    bomb: Mapping[str, int] = field(default_factory=dict)
    """Endpoints that answer 200, compressed without being asked, with so many bytes when unpacked."""
    redirect: Mapping[str, str] = field(default_factory=dict)
    """Endpoints that redirect there."""
    slow: Mapping[str, float] = field(default_factory=dict)
    """Seconds that an endpoint waits before it does anything."""
    held: Mapping[str, asyncio.Event] = field(default_factory=dict)
    """What an endpoint waits for before it does anything."""
    drip: Mapping[str, float] = field(default_factory=dict)
    """Endpoints that send a byte at a time with as many seconds between, without end."""
    reset: tuple[str, ...] = ()
    """Endpoints that close the connection without an answer."""


def changed(right: Mapping[str, Any], wrong: Mapping[str, Any]) -> dict[str, Any]:
    """`right` with the members of `wrong` in place of its own, and without those that are `MISSING` there."""
    return {name: value for name, value in {**right, **wrong}.items() if value is not MISSING}


def key_set_bytes(*members: Any) -> bytes:
    """A key set as bytes, for `Deviations.body`."""
    return json.dumps({"keys": list(members)}).encode()
