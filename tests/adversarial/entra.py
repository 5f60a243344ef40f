"""An emulated Entra ID tenant: what its v1 and v2 endpoints do, on loopback.

Two hosts of one server stand for login.microsoftonline.com and sts.windows.net, so that a real API server can read the
keys of either issuer. As a program: `python -m tests.adversarial.entra --cert FILE --key FILE [--port N]`.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import hashlib
import json
import secrets
import ssl
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.adversarial.deviations import changed
from tests.adversarial.grants import Grant
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.signing import SigningKey, b64, rsa_key, sign

TENANT: Final = "72f988bf-0000-4000-8000-2d7cd011db47"
CLIENT: Final = "11111111-2222-4333-8444-555555555555"
SECRET_ID: Final = "99999999-8888-4777-8666-555555555555"
"""What the portal shows beside a secret, and what people copy by mistake."""
SECRET_VALUE: Final = "Abc8Q~the.value-of_the+secret"
AKS_SERVER: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"
GRAPH: Final = "00000003-0000-0000-c000-000000000000"
OLD_GRAPH: Final = "00000002-0000-0000-c000-000000000000"
MOST_GROUPS: Final = 200
"""In a JWT; beyond that the token says where to ask instead."""

OIDC_SCOPES: Final = frozenset({"openid", "profile", "email", "offline_access"})
ERROR_CODES: Final = {
    "wrong secret": (401, "invalid_client", 7000215),
    "unknown client": (400, "unauthorized_client", 700016),
    "refresh token expired": (400, "invalid_grant", 700082),
    "refresh token expired by policy": (400, "invalid_grant", 70043),
    "more proof needed": (400, "interaction_required", 50076),
    "redirect mismatch": (400, "invalid_request", 50011),
    "consent required": (400, "invalid_grant", 65001),
    "cancelled": (400, "access_denied", 65004),
    "pkce required": (400, "invalid_request", 9002325),
    "code used": (400, "invalid_grant", 54005),
    "two resources": (400, "invalid_scope", 28000),
    "unknown scope": (400, "invalid_scope", 70011),
}
"""Status, OAuth error and the number after AADSTS."""


class EntraTenant(MisbehavingProvider):
    """One tenant with one application, whose id is `client_id`.

    `email_configured` and `groups_configured` are the optional claims that an administrator adds; `roles` are a
    person's app roles. `refuses` names a row of `ERROR_CODES` with which the next token requests end, `redirect_error`
    one with which the authorization request ends. `api_scopes` are the scopes of the application's own API.
    """

    def __init__(self, *, sts_host: str = "127.0.0.1", tenant: str = TENANT, **provider: Any) -> None:
        habits = Habits(
            issuer_path=f"/{tenant}/v2.0",
            endpoints=frozenset({"userinfo", "end_session"}),
            names_issuer_in_response=False,
            auth_methods=(
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
                "self_signed_tls_client_auth",
            ),
            offline_scope="offline_access",
            old_refresh_tokens_stay=True,
            refreshed_without=("nonce",),
        )
        super().__init__(**{"client_id": CLIENT, "client_secret": SECRET_VALUE, "habits": habits, **provider})
        self.tenant = tenant
        self.sts_host = sts_host
        self.keys = [rsa_key("entra-1"), rsa_key("entra-2")]
        self.id_token_ttl = 3600.0
        self.email_configured = False
        self.groups_configured = True
        self.roles: list[str] = []
        self.api_scopes = frozenset({"read"})
        self.refuses = ""
        self.redirect_error = ""
        self.people = {
            name: {
                "name": f"{name.capitalize()} Example",
                "preferred_username": f"{name}@contoso.example",
                "email": f"{name}@contoso.example",
                "groups": [guid(f"{name} group {n}") for n in range(2)],
            }
            for name in ("alice", "bob")
        }

    @property
    def sts_issuer(self) -> str:
        """The issuer of v1 access tokens, with its slash at the end."""
        return f"{self.origin.replace(self.origin_host, self.sts_host, 1)}/{self.tenant}/"

    @property
    def origin_host(self) -> str:
        """The host that stands for login.microsoftonline.com."""
        return self.origin.partition("://")[2].rpartition(":")[0]

    def add_routes(self, app: web.Application) -> None:
        """The tenant's endpoints, those of v1, and the discovery of many tenants at once."""
        get, post = app.router.add_get, app.router.add_post
        discovery = ".well-known/openid-configuration"
        get(f"/{self.tenant}/v2.0/{discovery}", self.endpoint("discovery", self._discovery))
        get(f"/{self.tenant}/{discovery}", self.endpoint("discovery_v1", self._discovery_v1))
        for many in ("common", "organizations"):
            get(f"/{many}/v2.0/{discovery}", self.endpoint("discovery_common", self._discovery_common))
        get("/{place}/discovery/v2.0/keys", self.endpoint("jwks", self._jwks))
        get("/common/discovery/keys", self.endpoint("jwks", self._jwks))
        for version in ("/v2.0", ""):
            get(f"/{{place}}/oauth2{version}/authorize", self.endpoint("authorize", self._authorize))
            post(f"/{{place}}/oauth2{version}/token", self.endpoint("token", self._token))
            get(f"/{{place}}/oauth2{version}/logout", self.endpoint("end_session", self._logout.end_session))
            post(f"/{{place}}/oauth2{version}/logout", self.endpoint("end_session", self._logout.end_session))
        get("/graph/oidc/userinfo", self.endpoint("userinfo", self._userinfo))

    def address(self, endpoint: str) -> str:
        return self._address(self.tenant, endpoint, "/v2.0")

    def _address(self, place: str, endpoint: str, version: str) -> str:
        if endpoint == "jwks":
            return f"{self.origin}/{place}/discovery{version}/keys"
        if endpoint == "userinfo":
            return f"{self.origin}/graph/oidc/userinfo"
        name = {"end_session": "logout"}.get(endpoint, endpoint)
        return f"{self.origin}/{place}/oauth2{version}/{name}"

    def discovery_document(self) -> dict[str, Any]:
        return self._document(self.tenant, self.issuer, "/v2.0")

    def _document(self, place: str, issuer: str, version: str) -> dict[str, Any]:
        document = super().discovery_document()
        for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint"):
            document[name] = self._address(place, _endpoint_of(name), version)
        # Silent about PKCE although S256 works, and without back-channel logout.
        for name in ("code_challenge_methods_supported", "backchannel_logout_supported"):
            del document[name]
        del document["backchannel_logout_session_supported"]
        return document | {
            "issuer": issuer,
            "jwks_uri": self._address(place, "jwks", version) if version else f"{self.origin}/common/discovery/keys",
            "frontchannel_logout_supported": True,
            "subject_types_supported": ["pairwise"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "tenant_region_scope": "EU",
        }

    async def _discovery_v1(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self._document(self.tenant, self.sts_issuer, ""))

    async def _discovery_common(self, _: web.Request) -> web.StreamResponse:
        # The braces are there literally.
        return web.json_response(self._document("common", f"{self.origin}/{{tenantid}}/v2.0", "/v2.0"))

    def published_keys(self) -> list[dict[str, Any]]:
        """Several at once, with certificates and the issuer, without `alg`."""
        return [{**key.jwk(), **certified(key), "issuer": self.issuer} for key in self.keys]

    def subject_of(self, person: str) -> str:
        """Pairwise: another one for each application."""
        return b64(hashlib.sha256(f"{person} at {self.client_id}".encode()).digest())

    def refused_scope(self, scopes: frozenset[str]) -> tuple[str, str] | None:
        reason = self.redirect_error
        resources = {self.resource_of(scope) for scope in scopes - OIDC_SCOPES}
        if len(resources) > 1:
            reason = "two resources"
        elif None in resources:
            reason = "unknown scope"
        if not reason:
            return None
        _, error, number = ERROR_CODES[reason]
        return error, described(number, reason)

    def resource_of(self, scope: str) -> str | None:
        """Whom a scope is for: an application's id; None for a scope that nobody has."""
        place, slash, name = scope.rpartition("/")
        if not slash or place == "https://graph.microsoft.com":
            return GRAPH if name.partition(".")[0] in ("User", "Directory", "Group", "GroupMember", "") else None
        application = place.removeprefix("api://")
        if application == AKS_SERVER:
            return AKS_SERVER if name in ("user.read", ".default") else None
        if application == self.client_id:
            return self.client_id if name in self.api_scopes | {".default"} else None
        return None

    def refusal(self, status: int, error: str, description: str = "") -> web.Response:
        """An error with all that the service tells beside it; the numbers are not to be relied upon."""
        reason = self.refuses or _reason(error, description, self.client.why_not)
        status, error, number = ERROR_CODES.get(reason, (status, error, 9002313))
        body: dict[str, Any] = {
            "error": error,
            "error_description": described(number, reason or error),
            "error_codes": [number],
            "timestamp": "2025-11-24 16:00:00Z",
            "trace_id": guid("trace"),
            "correlation_id": guid("correlation"),
            "error_uri": f"{self.origin}/error?code={number}",
        }
        if error == "interaction_required":
            body["claims"] = json.dumps({"access_token": {"polids": {"essential": True}}})
        return web.json_response(body, status=status)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        if self.refuses:
            return self.refusal(400, "invalid_grant")
        return await super()._token(request)

    def id_token_claims(self, grant: Grant, access_token: str) -> dict[str, Any]:
        claims = super().id_token_claims(grant, access_token)
        for name in ("auth_time", "at_hash", "sid", "email_verified"):
            claims.pop(name, None)
        return claims | {
            "nbf": claims["iat"],
            "oid": guid(grant.sub),
            "tid": self.tenant,
            "ver": "2.0",
            "uti": secrets.token_urlsafe(12),
            "rh": "1.AXo.",
        }

    def claims_about(self, grant: Grant) -> dict[str, Any]:
        person = self.people[grant.sub]
        told: dict[str, Any] = {}
        if "profile" in grant.scopes:
            told |= {name: person[name] for name in ("name", "preferred_username") if name in person}
        if "email" in grant.scopes and self.email_configured:
            told["email"] = person["email"]
        if self.roles:
            told["roles"] = list(self.roles)
        return told | self._groups(grant, person.get("groups", []))

    def _groups(self, grant: Grant, groups: Collection[str]) -> dict[str, Any]:
        if not self.groups_configured or not groups:
            return {}
        if len(groups) <= MOST_GROUPS:
            return {"groups": list(groups)}
        endpoint = f"https://graph.windows.net/{self.tenant}/users/{guid(grant.sub)}/getMemberObjects"
        return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}

    def access_token(self, grant: Grant) -> str:
        """For the one resource among the scopes: a cluster's, the application's own API, or else Graph."""
        asked = sorted(grant.scopes - OIDC_SCOPES)
        resource = self.resource_of(asked[0]) if asked else GRAPH
        own = resource == self.client_id
        claims = {
            "aud": resource,
            "iss": self.issuer if own else self.sts_issuer,
            "iat": int(self.now()),
            "nbf": int(self.now()),
            "exp": int(self.now()) + self.access_lifetime,
            "sub": b64(hashlib.sha256(f"{grant.sub} at {resource}".encode()).digest()),
            "oid": guid(grant.sub),
            "tid": self.tenant,
            "scp": " ".join(scope.rpartition("/")[2] for scope in asked),
            "uti": secrets.token_urlsafe(12),
            "ver": "2.0" if own else "1.0",
            "azp" if own else "appid": self.client_id,
            **({} if own else {"upn": self.people[grant.sub]["preferred_username"]}),
            **self._groups(grant, self.people[grant.sub].get("groups", [])),
        }
        claims = changed(claims, self.deviations.access_token)
        header = {"typ": "JWT"} if own else {"typ": "JWT", "x5t": self.keys[0].kid}
        return (
            sign_for_graph(claims, self.keys[0]) if resource == GRAPH else sign(claims, self.keys[0], "RS256", header)
        )

    def tokens(self, grant: Grant, *, refreshed: bool) -> dict[str, Any]:
        answer = super().tokens(grant, refreshed=refreshed)
        return answer | {"scope": " ".join(sorted(grant.scopes)), "ext_expires_in": answer["expires_in"]}

    async def _userinfo(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        grant = self.grants.of_access_token(token)
        if grant is None or payload(token)["aud"] != GRAPH:
            return web.json_response({"error": {"code": "InvalidAuthenticationToken"}}, status=401)
        # The subject of UserInfo is the one that Graph knows, and so it never is the ID token's.
        claims = {"sub": payload(token)["sub"], **self.claims_about(grant)}
        return web.json_response(changed(claims, self.deviations.userinfo))


def sign_for_graph(claims: Mapping[str, Any], key: SigningKey) -> str:
    """A token as Graph gets it: signed over a header whose nonce is hashed, so that nobody else can verify it."""
    nonce = secrets.token_urlsafe(32)
    signed = sign(claims, key, "RS256", {"nonce": b64(hashlib.sha256(nonce.encode()).digest()), "x5t": key.kid})
    _, content, signature = signed.split(".")
    header = {"alg": "RS256", "typ": "JWT", "kid": key.kid, "nonce": nonce, "x5t": key.kid}
    return ".".join((b64(json.dumps(header).encode()), content, signature))


def payload(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


@cache
def certified(key: SigningKey) -> Mapping[str, Any]:
    """A certificate of a key by itself, and its thumbprint (RFC 7517, sections 4.7 and 4.8)."""
    assert isinstance(key.private, rsa.RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "accounts.accesscontrol.windows.net")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key.private, hashes.SHA256())
    )
    thumbprint = b64(certificate.fingerprint(hashes.SHA1()))
    return {"x5t": thumbprint, "x5c": [b64encode(certificate.public_bytes(Encoding.DER)).decode()]}


def guid(text: str) -> str:
    """The same GUID for the same text."""
    digits = hashlib.sha256(text.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def described(number: int, reason: str) -> str:
    """An `error_description` in the service's form, several lines with their own line ends."""
    lines = (f"AADSTS{number}: {reason}.", f"Trace ID: {guid('trace')}", f"Correlation ID: {guid('correlation')}")
    return "\r\n".join((*lines, "Timestamp: 2025-11-24 16:00:00Z"))


def _reason(error: str, description: str, why_not: str) -> str:
    if error == "invalid_client":
        return "wrong secret" if why_not else "unknown client"
    if error == "invalid_grant":
        return "pkce required" if description == "code_verifier" else "code used"
    return ""


def _endpoint_of(member: str) -> str:
    name = member.removesuffix("_endpoint")
    return {"authorization": "authorize"}.get(name, name)


async def _serve(options: argparse.Namespace) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    tenant = EntraTenant(tls=context, host=options.host, sts_host=options.sts_host)
    tenant.people["alice"]["groups"] = [guid(f"alice group {n}") for n in range(options.groups)]
    tenant.email_configured = options.email
    await tenant.start(options.port)
    print(json.dumps({"issuer": tenant.issuer, "sts_issuer": tenant.sts_issuer}), flush=True)  # noqa: T201
    await asyncio.Event().wait()


def main() -> None:
    """Serve one tenant until the process is ended; the first line of output names its issuers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cert", required=True, help="certificate (PEM) for both hosts")
    parser.add_argument("--key", required=True, help="its key (PEM)")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="localhost", help="stands for login.microsoftonline.com")
    parser.add_argument("--sts-host", default="127.0.0.1", help="stands for sts.windows.net")
    parser.add_argument("--groups", type=int, default=2, help="how many groups alice is in")
    parser.add_argument("--email", action="store_true", help="the optional claim email is configured")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
