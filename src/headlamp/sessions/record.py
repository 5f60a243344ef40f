"""The record of one session: who signed in where, and the tokens that came of it. It is sealed before it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec

from headlamp.discreet import Discreet
from headlamp.oidc.tokens import SignIn, Tokens
from headlamp.sessions.claims import packed, unpacked, unverified_claims


class Login(Discreet, frozen=True, kw_only=True):
    """A sign-in at one provider.

    `id` is opaque and new at each sign-in. `packed_claims` are the verified ID token's, `packed_userinfo` what the
    provider's UserInfo adds for showing (see `claims`). `renewed_at` is when `tokens` came, and `refused` that the
    provider will renew them no more: the login then lasts as long as its tokens do.
    """

    id: str
    issuer: str
    subject: str
    sid: str | None
    packed_claims: bytes
    packed_userinfo: bytes
    tokens: Tokens
    renewed_at: float
    refused: bool = False

    @classmethod
    def from_sign_in(cls, sign_in: SignIn, *, id: str, now: float) -> Login:  # noqa: A002  # the field's own name
        """The login that a finished sign-in makes."""
        return cls(
            id=id,
            issuer=sign_in.issuer,
            subject=sign_in.subject,
            sid=sign_in.session_id,
            packed_claims=packed(sign_in.claims),
            packed_userinfo=packed(
                {name: value for name, value in sign_in.userinfo.items() if name not in sign_in.claims}
            ),
            tokens=sign_in.tokens,
            renewed_at=now,
        )

    @property
    def claims(self) -> dict[str, Any]:
        """The verified claims of the sign-in's ID token."""
        return unpacked(self.packed_claims)

    @property
    def display_claims(self) -> Mapping[str, Any]:
        """What may be shown: the ID token's claims, and from UserInfo only those that it lacks."""
        return {**unpacked(self.packed_userinfo), **self.claims}

    @property
    def renewable(self) -> bool:
        return self.tokens.refresh_token is not None and not self.refused

    def __repr__(self) -> str:
        return f"Login(issuer={self.issuer!r}, subject={self.subject!r}, renewed_at={self.renewed_at})"


class PastedToken(Discreet, frozen=True, kw_only=True):
    """A bearer token that somebody pasted for one cluster."""

    id: str
    token: str
    expires_at: float | None

    @property
    def claims(self) -> dict[str, Any]:
        """What the token says, unverified: for showing, never for deciding."""
        return unverified_claims(self.token)

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def __repr__(self) -> str:
        return f"PastedToken(expires_at={self.expires_at})"


class Session(Discreet, frozen=True, kw_only=True):
    """All that is kept about one session. Times are seconds since the epoch; `expires_at` is the absolute end.

    `logins` are by provider id, `pasted` by cluster name.
    """

    created_at: float
    last_seen: float
    expires_at: float
    logins: dict[str, Login] = msgspec.field(default_factory=dict)
    pasted: dict[str, PastedToken] = msgspec.field(default_factory=dict)
    user_agent: str = ""

    def with_login(self, provider_id: str, login: Login) -> Self:
        return msgspec.structs.replace(self, logins={**self.logins, provider_id: login})

    def with_pasted(self, cluster: str, pasted: PastedToken) -> Self:
        return msgspec.structs.replace(self, pasted={**self.pasted, cluster: pasted})

    def without_pasted(self, cluster: str) -> Self:
        return msgspec.structs.replace(
            self, pasted={name: token for name, token in self.pasted.items() if name != cluster}
        )

    @property
    def empty(self) -> bool:
        """Whether nobody is signed in with it any more."""
        return not self.logins and not self.pasted

    def __repr__(self) -> str:
        return f"Session(logins={list(self.logins)}, pasted={list(self.pasted)}, expires_at={self.expires_at})"


def encode(record: Session) -> bytes:
    """The record as MessagePack."""
    return msgspec.msgpack.encode(record)


def decode(data: bytes) -> Session:
    """A record from `encode`. Raises `msgspec.MsgspecError` when it is of another shape (another release's)."""
    return msgspec.msgpack.decode(data, type=Session)
