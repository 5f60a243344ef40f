"""What can go wrong between this client and an identity provider, one class a cause.

Two families matter to callers. Everything under `ProviderUnavailable` may pass by itself or by an administrator's
hand, and never ends a session. `RefreshRefused` and `RefreshMismatch` are final for the tokens they speak of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from headlamp.oidc.hints import Hint, IssuerSlip
from headlamp.problems import Problem

_TRY_AGAIN = "Start the sign-in again."
_TELL_ADMIN = "Try again. If it stays, ask your administrator, and name the reference."


def quoted(text: str, limit: int = 200) -> str:
    """Somebody else's words, fit to be shown: printable, on one line, without tags, at most `limit` characters."""
    cleaned = "".join(c if c.isprintable() else " " for c in text[: limit * 4]).translate(_NO_TAGS)
    cleaned = " ".join(cleaned.split())
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"


def set_issuer(issuer: str) -> str:
    """The beginning of a remedy: that `issuer` should be configured."""
    return f"Your administrator should set -oidc-idp-issuer-url to {quoted(issuer)}"


# The page escapes what it shows; this is for sinks that nobody has thought of yet.
_NO_TAGS = str.maketrans({"<": "‹", ">": "›", '"': "'", "`": "'"})
_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


class OidcProblem(Problem):
    """Any failure of a sign-in or of its upkeep."""

    code: ClassVar[str] = "oidc.failed"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The sign-in failed"
    remedy: str = _TELL_ADMIN


# The provider cannot be used now


class ProviderUnavailable(OidcProblem):
    """The provider does not answer, or not usably. Passes by itself or is repaired: a session outlives it."""

    code = "oidc.provider_unavailable"
    status = 503
    title = "The identity provider does not answer"
    remedy = "Try again in a moment. If it stays, ask your administrator whether the identity provider is running."

    def __init__(self, message: str = "", *, remedy: str | None = None, retry_after: float | None = 10.0) -> None:
        super().__init__(message, remedy=remedy, retry_after=retry_after)


class UntrustedCertificate(ProviderUnavailable):
    """The provider's TLS certificate is not one that we trust for its name."""

    code = "oidc.untrusted_certificate"
    status = 502
    title = "The identity provider's certificate is not trusted"
    remedy = (
        "Your administrator can name the certificate authority of the identity provider with -oidc-ca-file, "
        "and should check that its certificate is valid for its host name."
    )


class BadProviderAnswer(ProviderUnavailable):
    """The provider answered with something that OpenID Connect does not allow in this place."""

    code = "oidc.bad_answer"
    status = 502
    title = "The identity provider gave an answer that makes no sense here"
    remedy = "Ask your administrator to check that -oidc-idp-issuer-url is the address of an OpenID Connect provider."


class BadKeySet(BadProviderAnswer):
    """The provider's key set cannot be read, or is too large."""

    code = "oidc.bad_key_set"
    title = "The identity provider's keys cannot be used"
    remedy = "Ask your administrator to look at the key set (jwks_uri) of the identity provider."


class BadTokenResponse(BadProviderAnswer):
    """The token endpoint's answer lacks what RFC 6749, section 5.1, requires."""

    code = "oidc.token_response"
    title = "The identity provider's token response is incomplete"
    remedy = "Ask your administrator to check that the client may use the authorization code flow with OpenID Connect."


class NoIdToken(BadTokenResponse):
    """A sign-in's token response has no ID token (OpenID Connect Core 1.0, section 3.1.3.3)."""

    code = "oidc.no_id_token"
    title = "The identity provider sent no ID token"
    remedy = "Ask your administrator to register this client for OpenID Connect, with the scope openid."


class WrongTokenType(BadTokenResponse):
    """The tokens are not of the type Bearer, the only one that a cluster takes."""

    code = "oidc.token_type"
    title = "The identity provider sent tokens of a type that we cannot use"
    remedy = "Ask your administrator to register this client for bearer tokens."


class IssuerMismatch(ProviderUnavailable):
    """The discovery document speaks for another issuer (OpenID Connect Discovery 1.0, section 4.3)."""

    code = "oidc.issuer_mismatch"
    status = 502
    title = "The identity provider calls itself by another name"

    def __init__(self, *, expected: str, found: str, slip: IssuerSlip) -> None:
        self.expected, self.found, self.slip = expected, found, slip
        said = f"The configured issuer is {quoted(expected)}, but its metadata says {quoted(found)}."
        super().__init__(f"{said} {slip.meaning}".strip(), remedy=slip.remedy(set_issuer))


class IssuerTemplate(IssuerMismatch):
    """The document is for the people of any tenant, and names none."""

    code = "oidc.issuer_template"
    title = "The identity provider's address is nobody's in particular"


class InsecureAddress(ProviderUnavailable):
    """An address of the provider is not https, or otherwise not one to send secrets to."""

    code = "oidc.insecure_address"
    status = 502
    title = "The identity provider has an insecure address"
    remedy = (
        "Your administrator should configure the identity provider with its public https address; "
        "http is accepted on loopback hosts only."
    )


class ClientRejected(ProviderUnavailable):
    """The provider does not accept our client id and secret."""

    code = "oidc.client_rejected"
    status = 502
    title = "The identity provider does not accept this application"
    remedy = (
        "Your administrator should compare -oidc-client-id and -oidc-client-secret with what is registered at the "
        "identity provider, and check that the client may use the authorization code flow. Where a client has one way "
        "to prove itself, -oidc-client-auth-method must name it."
    )


class UnsupportedClientAuth(ProviderUnavailable):
    """The provider offers no way of client authentication that we have."""

    code = "oidc.client_auth"
    status = 502
    title = "The identity provider wants a kind of client authentication that we do not have"
    remedy = (
        "Your administrator should allow client_secret_basic, client_secret_post or private_key_jwt for this client, "
        "or name the method that it has with -oidc-client-auth-method."
    )


# What comes back to the callback address


class TransactionUnknown(OidcProblem):
    """The answer does not belong to a sign-in that this browser started here."""

    code = "oidc.state"
    title = "This sign-in was not started here"
    remedy = (
        "Start the sign-in again, in this browser and under this address. A page that was left open for long, one that "
        "was opened under another address (an IP address, say, or localhost), or a link from elsewhere has this effect."
    )


class SignInExpired(OidcProblem):
    """The sign-in took longer than its transaction lives."""

    code = "oidc.sign_in_expired"
    title = "The sign-in took too long"
    remedy = _TRY_AGAIN


class ResponseIssuer(OidcProblem):
    """The answer names another issuer than the one asked, or none although it must (RFC 9207, section 2.4)."""

    code = "oidc.response_issuer"
    title = "The answer comes from another identity provider"
    remedy = "Start the sign-in again. If it stays, tell your administrator: this can be an attack."


class NoCode(OidcProblem):
    """The answer has neither a code nor an error."""

    code = "oidc.no_code"
    title = "The identity provider's answer is incomplete"
    remedy = _TRY_AGAIN


class ProviderRefused(OidcProblem):
    """The provider answered the sign-in with an error (RFC 6749, section 4.1.2.1). `error` is its code."""

    code = "oidc.provider_refused"
    title = "The identity provider refused the sign-in"

    def __init__(
        self, error: str, description: str = "", *, hint: Hint | None = None, remedy: str | None = None
    ) -> None:
        self.error = error if _ERROR_CODE.fullmatch(error) else "unknown"
        self.description = quoted(description)
        said = f": “{self.description}”" if self.description else ""
        meaning = f"{hint.meaning} " if hint is not None else ""
        super().__init__(
            f"{meaning}The identity provider answered {self.error}{said}.",
            remedy=hint.remedy if hint is not None else remedy,
        )


class AccessDenied(ProviderRefused):
    """The person, or a rule of the provider, said no."""

    code = "oidc.access_denied"
    status = 403
    title = "The sign-in was cancelled or not allowed"
    remedy = "Start the sign-in again, or ask your administrator whether you may use this application."


class LoginRequired(ProviderRefused):
    """The provider wants to see the person, and was asked not to show itself."""

    code = "oidc.login_required"
    status = 401
    title = "The identity provider asks you to sign in"
    remedy = _TRY_AGAIN


class CodeRefused(ProviderRefused):
    """The token endpoint did not take the code: used before, too old, or another client's."""

    code = "oidc.code_refused"
    title = "The identity provider did not accept the sign-in's code"
    remedy = "Start the sign-in again; going back in the browser or reloading the page has this effect."


# ID tokens (OpenID Connect Core 1.0, section 3.1.3.7)


class IdTokenRejected(OidcProblem):
    """An ID token that we do not believe."""

    code = "oidc.id_token"
    title = "The identity provider's ID token is not valid"


class MalformedToken(IdTokenRejected):
    """Not a signed token in compact form with a JSON object in it, or a claim has the wrong type."""

    code = "oidc.token_malformed"


class TokenTooLarge(IdTokenRejected):
    """Longer than we are ready to read."""

    code = "oidc.token_too_large"
    title = "The identity provider's ID token is too large"
    remedy = "Ask your administrator to put fewer groups into the token."


class ForbiddenHeader(IdTokenRejected):
    """The token's header brings its own key, is of another kind of token, or demands an extension."""

    code = "oidc.token_header"


_ASYMMETRIC = (
    "Your administrator can change the signing algorithm of this client at the identity provider, "
    "or name another asymmetric one with -oidc-signing-algs."
)
_SHARED = (
    "Your administrator should choose a signing key for this client at the identity provider (Authentik: Signing Key): "
    "without one it signs with the client's secret, and no cluster can verify that."
)


class WrongAlgorithm(IdTokenRejected):
    """Signed with an algorithm that this client does not expect."""

    code = "oidc.token_algorithm"
    title = "The ID token is signed with an unexpected algorithm"

    def __init__(self, *, found: str, expected: frozenset[str]) -> None:
        self.found, self.expected = quoted(found, 40), expected
        super().__init__(
            f"The ID token is signed with {self.found}, expected is {', '.join(sorted(expected))}.",
            remedy=_SHARED if found.startswith("HS") else _ASYMMETRIC,
        )


class UnknownKey(IdTokenRejected):
    """Signed with a key that the provider does not publish."""

    code = "oidc.unknown_key"
    title = "The ID token is signed with an unknown key"
    remedy = "Try again in a moment: the identity provider may just have changed its keys."


class BadSignature(IdTokenRejected):
    """The signature does not fit."""

    code = "oidc.bad_signature"
    title = "The ID token's signature is wrong"


class MissingClaim(IdTokenRejected):
    """A claim that every ID token must have is missing. `claim` is its name."""

    code = "oidc.missing_claim"
    title = "The ID token is incomplete"

    def __init__(self, claim: str, *, remedy: str | None = None) -> None:
        self.claim = claim
        super().__init__(f"The ID token has no claim “{claim}”.", remedy=remedy)


class WrongIssuer(IdTokenRejected):
    """Issued by somebody else."""

    code = "oidc.issuer"
    title = "The ID token comes from another issuer"

    def __init__(self, *, expected: str, found: str, remedy: str | None = None) -> None:
        self.expected, self.found = expected, quoted(found)
        super().__init__(f"The ID token's issuer is {self.found}, expected is {quoted(expected)}.", remedy=remedy)


class WrongAudience(IdTokenRejected):
    """Issued for other clients."""

    code = "oidc.audience"
    title = "The ID token is meant for another application"

    def __init__(self, *, expected: str, found: tuple[str, ...]) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"The ID token is for {quoted(', '.join(found))}, expected is {quoted(expected)}.")


class UntrustedAudience(WrongAudience):
    """Issued for us and for somebody whom nobody told us to trust."""

    code = "oidc.untrusted_audience"
    title = "The ID token is meant for other applications too"
    remedy = (
        "Your administrator should have the identity provider issue ID tokens for this application alone, or name the "
        "others in -oidc-trusted-audiences, if all of them may have people's tokens."
    )


class WrongAuthorizedParty(IdTokenRejected):
    """The party that the token was issued to (`azp`) is not us."""

    code = "oidc.authorized_party"
    title = "The ID token was issued to another application"


class TokenExpired(IdTokenRejected):
    """Past its time. `expiry` is in seconds since the epoch."""

    code = "oidc.token_expired"
    title = "The ID token has expired"
    remedy = "Try again. If it stays, ask your administrator to compare the clocks of this server and the provider."

    def __init__(self, *, expiry: float, now: float) -> None:
        self.expiry = expiry
        super().__init__(f"The ID token expired {now - expiry:.0f} seconds ago by this server's clock.")


class TokenNotYetValid(IdTokenRejected):
    """Issued in the future, or not valid before then."""

    code = "oidc.token_not_yet_valid"
    title = "The ID token is not valid yet"
    remedy = "Ask your administrator to compare the clocks of this server and of the identity provider."

    def __init__(self, claim: str, *, valid_from: float, now: float) -> None:
        self.claim, self.valid_from = claim, valid_from
        super().__init__(f"The ID token's “{claim}” is {valid_from - now:.0f} seconds ahead of this server's clock.")


class WrongNonce(IdTokenRejected):
    """Made for another sign-in than this one."""

    code = "oidc.nonce"
    title = "The ID token belongs to another sign-in"
    remedy = "Start the sign-in again. If it stays, tell your administrator: this can be an attack."


class WrongAuthenticationContext(IdTokenRejected):
    """The person proved themselves in another way (`acr`) than any that was asked for."""

    code = "oidc.acr"
    status = 403
    title = "You have to sign in in another way"

    def __init__(self, *, expected: tuple[str, ...], found: str) -> None:
        self.expected, self.found = expected, quoted(found)
        super().__init__(
            f"The identity provider signed you in as {self.found}, asked for was {quoted(' or '.join(expected))}.",
            remedy="Sign in again, with the second factor if you are asked for one. If it stays, your administrator "
            "should compare -oidc-acr-values with what the identity provider can do for this client.",
        )


class AuthenticationTooOld(IdTokenRejected):
    """The person proved themselves longer ago than `max_age` allows."""

    code = "oidc.auth_time"
    status = 403
    title = "You have to prove yourself again"
    remedy = (
        "Sign out at the identity provider, and sign in again. If it stays, the provider does not do what "
        "-oidc-max-age asks for: your administrator can set -oidc-prompt=login instead."
    )


class WrongAccessTokenHash(IdTokenRejected):
    """The access token beside the ID token is not the one that it was issued with."""

    code = "oidc.at_hash"
    title = "The ID token and the access token do not belong together"


# Logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6)


class LogoutTokenRejected(OidcProblem):
    """A logout token that we do not believe, or a request that has none. Nothing was ended."""

    code = "oidc.logout_token"
    title = "The logout token is not valid"
    remedy = "Compare the settings of this client at the identity provider with the settings here."
    # Section 2.8: as RFC 6749, section 5.2.
    extensions: ClassVar[Mapping[str, object]] = {"error": "invalid_request"}


class LogoutTokenReplayed(LogoutTokenRejected):
    """The logout token was used before."""

    code = "oidc.logout_token_replayed"
    title = "The logout token was used before"


# Refresh


class RefreshRefused(OidcProblem):
    """The provider does not take this refresh token (any more). Final."""

    code = "oidc.refresh_refused"
    status = 401
    title = "The identity provider no longer renews this sign-in"
    remedy = "Sign in again."


class RefreshMismatch(OidcProblem):
    """What came back at a refresh is not for the same person, issuer and client: the session must end.

    `claim` says where they differ.
    """

    code = "oidc.refresh_mismatch"
    status = 401
    title = "The renewed sign-in is for somebody else"
    remedy = "Sign in again. If it stays, tell your administrator: this can be an attack."

    def __init__(self, claim: str, message: str = "") -> None:
        self.claim = claim
        super().__init__(message or f"The renewed ID token has another “{claim}” than the one of the sign-in.")
