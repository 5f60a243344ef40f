"""Whether the provider accepts our client id and secret: asked without any person, by a made-up authorization code.

A provider authenticates the client before it looks at the code (RFC 6749, sections 3.2.1 and 5.2), so a refusal of
the code means that the client was accepted. Not all keep to that order: the same request with a made-up secret shows
who does, and where both get the same answer the client's own credentials are tried alone (section 4.4).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from headlamp.doctor.evidence import ProviderCase
from headlamp.doctor.findings import Finding, Point
from headlamp.doctor.recording import RecordingHttp
from headlamp.oidc.client_auth import choose_method
from headlamp.oidc.entra import is_entra
from headlamp.oidc.errors import BadProviderAnswer, OidcProblem, UnsupportedClientAuth, quoted
from headlamp.oidc.http import Answer
from headlamp.oidc.metadata import Metadata
from headlamp.oidc.provider import Provider
from headlamp.oidc.token_endpoint import request_tokens

CLIENT = Point(
    "provider.client",
    "Client id and secret",
    "With a wrong one people sign in at the provider, and get an error page here when they come back.",
)

_ENTRA_REASONS = {
    "7000215": (
        "the secret is not right",
        "Set the secret's value (the portal shows it only when it is made), and not its id.",
    ),
    "7000222": ("the secret has expired", "Make a new one in the application's Certificates & secrets, and set that."),
    "7000218": ("it wants a secret, and none is set", "Set the secret of the application."),
    "700025": (
        "it is registered as a public client, and a secret is set",
        "Leave the secret out, or register the callback URL for the platform Web.",
    ),
    "700016": ("it does not know this application", "Compare the client id, and the tenant in the issuer URL."),
    "90002": ("it does not know this tenant", "Compare the tenant's id in the issuer URL."),
}
# Refusals of the code for its form alone, before Entra ID has looked at the client.
_ENTRA_FORM = frozenset({"9002313", "90023", "70000", "900144"})
_AADSTS = re.compile(r"AADSTS(\d{4,8})")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

ACCEPTED, REFUSED, UNDECIDED = "accepted", "refused", "undecided"


@dataclass(frozen=True, slots=True)
class Said:
    """What the token endpoint answered: status, `error`, its words, and Entra ID's numbers."""

    status: int
    error: str
    words: str
    numbers: frozenset[str]

    @property
    def refuses_client(self) -> bool:
        """By the book 401 or invalid_client; at Keycloak unauthorized_client."""
        return self.error in ("invalid_client", "unauthorized_client") or (self.status == 401 and not self.error)

    @property
    def refuses_code(self) -> bool:
        """invalid_grant; at some providers invalid_request."""
        return self.error in ("invalid_grant", "invalid_request") and not self.numbers & _ENTRA_FORM


async def check(case: ProviderCase) -> AsyncIterator[Finding]:
    """Ask the token endpoint."""
    discovered = await case.discovered.get() if (await case.way.get()).open else None
    metadata = discovered.metadata if discovered is not None else None
    if metadata is None:
        yield CLIENT.skipped("The token endpoint is not known; see above.", subject=case.subject)
        return
    try:
        method = choose_method(case.config, metadata)
    except OidcProblem as problem:
        yield CLIENT.skipped(f"{problem.message} See above.", subject=case.subject)
        return
    said = await _redeem(case, case.party, metadata)
    if isinstance(said, UnsupportedClientAuth):
        # Before anything was sent: a key that can't be read, for example.
        yield CLIENT.failed(said.message, said.remedy, subject=case.subject)
    elif isinstance(said, OidcProblem):
        remedy = "Look at the token_endpoint of the provider's metadata, and at the provider's log."
        yield CLIENT.warning(f"It can't be told: {said.message}", remedy, subject=case.subject)
    elif said.refuses_client:
        yield _refused(case, said)
    elif not said.error and said.status >= 400:
        remedy = "Look at the token_endpoint of the provider's metadata, and at the provider's log."
        found = f"The token endpoint answered {said.status}, without saying why."
        yield CLIENT.failed(found, remedy, subject=case.subject)
    else:
        yield await _not_refused(case, metadata, method, said)


async def _not_refused(case: ProviderCase, metadata: Metadata, method: str, said: Said) -> Finding:
    id_ = quoted(case.config.client_id, 80)
    if method == "none":
        if said.refuses_code:
            return CLIENT.ok(f"{id_} is accepted as a public client, without a secret.", subject=case.subject)
        return _undecided(case, said)
    if said.refuses_code and not method.startswith("client_secret"):
        return CLIENT.ok(f"{id_} is accepted with its key.", subject=case.subject)
    if said.refuses_code:
        stranger = Provider(
            replace(case.config, client_secret=f"made-up-{case.tools.random(8).hex()}"),
            http=RecordingHttp(case.http),
            now=case.tools.now,
            random=case.tools.random,
        )
        other = await _redeem(case, stranger, metadata)
        if isinstance(other, Said) and other.refuses_client:
            return CLIENT.ok(
                f"{id_} and its secret are accepted, and a made-up secret is not ({method}).", subject=case.subject
            )
    return await _alone(case, metadata, said)


async def _alone(case: ProviderCase, metadata: Metadata, said: Said) -> Finding:
    """The client's own credentials, without a code: a token that comes of it is dropped."""
    scope = f"{case.config.client_id}/.default" if is_entra(case.config.issuer) else "openid"
    form = {"grant_type": "client_credentials", "scope": scope}
    http = RecordingHttp(case.http)
    with contextlib.suppress(OidcProblem):
        await request_tokens(form, config=case.config, metadata=metadata, http=http)
    answer = http.answers.get(metadata.token_endpoint)
    alone = _read(answer) if answer is not None else None
    if answer is not None and answer.status == 200:
        found = f"{quoted(case.config.client_id, 80)} and its secret are accepted."
        return CLIENT.ok(found, subject=case.subject)
    # unauthorized_client means here that the client may not do this, which is as it should be.
    if alone is not None and alone.error == "invalid_client":
        return _refused(case, alone)
    return _undecided(case, said)


def _undecided(case: ProviderCase, said: Said) -> Finding:
    answer = quoted(said.error, 60) or str(said.status)
    return CLIENT.warning(
        f"It can't be told without a sign-in: the provider answers {answer} before it looks at the client.",
        "Sign in once to know: `headlamp doctor --sign-in`, or in the browser.",
        subject=case.subject,
    )


def _refused(case: ProviderCase, said: Said) -> Finding:
    reason, remedy = "", ""
    for number in sorted(said.numbers):
        if number in _ENTRA_REASONS:
            reason, remedy = _ENTRA_REASONS[number]
    found = f"The provider does not accept {quoted(case.config.client_id, 80)} (it answers {quoted(said.error, 60)})"
    found += f": {reason}." if reason else f": {said.words}." if said.words else "."
    secret = case.config.client_secret
    if remedy:
        remedy += f" The setting is {case.knobs.name('secret')}; the id is {case.knobs.name('client_id')}."
    elif secret is None:
        remedy = (
            f"Set its secret ({case.knobs.set('secret', '/path/to/secret')}), or register it as a public client. "
            f"Compare {case.knobs.name('client_id')} too."
        )
    else:
        remedy = (
            f"Compare {case.knobs.name('client_id')} and {case.knobs.name('secret')} with what is registered at the "
            f"provider, and how the client authenticates there ({case.knobs.flag('-oidc-client-auth-method')})."
        )
    return CLIENT.failed(f"{found}{_about_secret(case, secret)}", remedy, subject=case.subject)


def _about_secret(case: ProviderCase, secret: str | None) -> str:
    """What can be seen of the secret without showing it."""
    if secret is None:
        return ""
    if secret != secret.strip():
        return " The secret that is set begins or ends with white space."
    if is_entra(case.config.issuer) and _GUID.fullmatch(secret):
        return " The secret that is set looks like the id of one, and not like its value."
    return ""


async def _redeem(case: ProviderCase, party: Provider, metadata: Metadata) -> Said | OidcProblem:
    """Come back to the callback address with a made-up code; what the token endpoint answered, or why it did not."""
    callback = case.examined.callback_url or "https://not-registered.invalid/oidc-callback"
    http = case.http
    try:
        _, transaction = await party.begin(redirect_uri=callback, return_to="/", cluster="")
        code = f"headlamp-doctor-{case.tools.random(16).hex()}"
        answer = {"state": transaction.state, "code": code, "iss": metadata.issuer}
        http.answers.pop(metadata.token_endpoint, None)
        await party.finish(transaction, answer)
    except OidcProblem as problem:
        answered = http.answers.get(metadata.token_endpoint)
        return _read(answered) if answered is not None else problem
    return BadProviderAnswer("The provider gave tokens for a made-up code.")


def _read(answer: Answer) -> Said:
    try:
        document = answer.json_object()
    except BadProviderAnswer:
        document = {}
    error, words = document.get("error"), document.get("error_description")
    text = words if isinstance(words, str) else ""
    listed = document.get("error_codes")
    numbers = {*_AADSTS.findall(text), *(map(str, listed) if isinstance(listed, list) else ())}
    return Said(
        answer.status, error if isinstance(error, str) else "", quoted(text, 160).rstrip("."), frozenset(numbers)
    )
