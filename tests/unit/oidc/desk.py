"""A provider behind a stand-in HTTP client: whole sign-ins and refreshes with the tokens that a test wants."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from tests.adversarial.signing import rsa_key, sign
from tests.unit.oidc.fakes import CONFIG, ISSUER, Clock, FakeHttp, answer, discovery_document

from headlamp.oidc import Provider, SignIn, Tokens
from headlamp.oidc.http import Answer
from headlamp.oidc.metadata import discovery_url
from headlamp.oidc.token_rule import TokenRule

REDIRECT_URI = "https://ui.example.com/oidc-callback"


@dataclass
class Desk:
    """`id_claims` change the next ID token's claims (None leaves one out), `answers` its token response's members."""

    config: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    id_claims: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    http: FakeHttp = field(default_factory=FakeHttp)

    def __post_init__(self) -> None:
        self.http.answers[discovery_url(ISSUER)] = answer(discovery_document(**self.metadata))
        self.http.answers[f"{ISSUER}/jwks"] = answer({"keys": [rsa_key().jwk()]})
        self.provider = Provider(replace(CONFIG, **self.config), http=self.http, now=self.clock)
        self.nonce: str | None = None

    @property
    def now(self) -> float:
        return self.clock()

    def access_token(self, **claims: Any) -> str:
        """A JWT of this provider; `header` members go into its header."""
        header = claims.pop("header", None)
        return sign({"iss": ISSUER, "aud": "kubernetes", "exp": self.now + 600, **claims}, rsa_key(), header=header)

    def refuse(self, status: int, error: str, description: str = "") -> None:
        """The token endpoint answers with an error from now on."""
        body = json.dumps({"error": error, "error_description": description}).encode()
        self.http.answers[f"{ISSUER}/token"] = Answer(status, "application/json", body)

    def answer_tokens(self) -> None:
        """The token endpoint answers with fresh tokens from now on."""
        claims = {
            "iss": ISSUER,
            "sub": "alice",
            "aud": "headlamp",
            "exp": self.now + 300,
            "iat": self.now,
            "nonce": self.nonce,
            **self.id_claims,
        }
        id_token = sign({name: value for name, value in claims.items() if value is not None}, rsa_key())
        document = {
            "access_token": "opaque",
            "token_type": "Bearer",
            "refresh_token": "refresh",
            "id_token": id_token,
            **self.answers,
        }
        self.http.answers[f"{ISSUER}/token"] = answer(document)

    async def sign_in(self, rule: TokenRule | None = None) -> SignIn:
        """A whole sign-in."""
        _, transaction = await self.provider.begin(redirect_uri=REDIRECT_URI, return_to="/", cluster="")
        self.nonce = transaction.nonce
        if f"{ISSUER}/token" not in self.http.answers:
            self.answer_tokens()
        return await self.provider.finish(transaction, {"code": "c", "state": transaction.state}, rule=rule)

    async def refresh(self, signed_in: SignIn) -> Tokens:
        """Renew the tokens of a sign-in."""
        self.answer_tokens()
        return await self.provider.refresh(signed_in.tokens, subject=signed_in.subject, claims=signed_in.claims)
