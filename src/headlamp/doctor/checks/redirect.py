"""Whether the provider takes our authorization request: client id, callback URL, scopes. No person is needed for it.

The request asks with `prompt=none` (OpenID Connect Core 1.0, section 3.1.2.1). A provider sends its answer to a
callback URL only if that is registered, and shows a page of its own otherwise. Redirects within the provider are
followed, and no others. Where it does neither (Dex goes on to its sign-in page), the same request with a URL that is
certainly not registered shows whether it looks at all.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from headlamp.doctor.asking import NoReply, Reply, ask
from headlamp.doctor.evidence import ProviderCase
from headlamp.doctor.findings import Finding, Point
from headlamp.oidc.errors import OidcProblem, quoted

REDIRECT = Point(
    "provider.redirect",
    "Registered callback URL",
    "Instead of its sign-in page the provider shows an error page, when the URL is not registered to the letter.",
)
REQUEST = Point(
    "provider.request", "Authorization request", "It is what every sign-in begins with: client id, scopes, PKCE."
)

MOST_HOPS = 4
NOT_REGISTERED = "https://not-registered.invalid/oidc-callback"
_NOBODY_SIGNED_IN = frozenset(
    {"login_required", "interaction_required", "consent_required", "account_selection_required"}
)
_PASSING = frozenset({"temporarily_unavailable", "server_error"})
_AADSTS = re.compile(r"AADSTS(\d{4,8})")
# A page about the callback URL may speak of "the client's registered redirect_uris" too.
_UNKNOWN_CLIENT = re.compile(r"(unknown|invalid|no such|unauthori[sz]ed)[ _]client|client[_ ]?id\b|client not found")
# AADSTS50011: the redirect URI; 700016 and 90002: no such application or tenant.
_ENTRA_REDIRECT, _ENTRA_CLIENT = frozenset({"50011"}), frozenset({"700016", "90002", "900144"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the provider took a request. `kind` is one of the constants below.

    `answer` are the parameters that came to the callback URL, `words` what its own page says, `shape` what can be
    compared with another outcome's.
    """

    kind: str
    answer: Mapping[str, str] = field(default_factory=dict)
    words: str = ""
    shape: tuple[object, ...] = ()


CAME_BACK = "came back"
REFUSED_URL = "refused the callback URL"
REFUSED_CLIENT = "refused the client"
REFUSED = "refused"
WENT_ON = "went on"


async def check(case: ProviderCase) -> AsyncIterator[Finding]:
    """The callback URL's registration, then the rest of the request."""
    discovered = await case.discovered.get() if (await case.way.get()).open else None
    if discovered is None or discovered.metadata is None:
        yield REDIRECT.skipped("The authorization endpoint is not known; see above.", subject=case.subject)
        return
    callback = case.examined.callback_url
    if not callback:
        remedy = "Set -public-url=https://HOST to the address that people open."
        yield REDIRECT.skipped("The callback URL is not known here.", remedy, subject=case.subject)
        return
    outcome = await _try(case, callback)
    if isinstance(outcome, NoReply):
        remedy = "Look at the authorization_endpoint of the provider's metadata, and at the provider's log."
        found = f"The authorization endpoint gave {outcome.reason}."
        yield REQUEST.failed(found, remedy, subject=case.subject)
        return
    match outcome.kind:
        case "came back":
            yield REDIRECT.ok(f"{callback} is registered.", subject=case.subject)
            yield _request(case, outcome.answer, discovered.metadata.response_names_issuer)
        case "refused the client":
            yield _unknown_client(case, outcome)
        case "refused the callback URL":
            yield _not_registered(case, callback, outcome)
        case _:
            yield await _compared(case, callback, outcome)


async def _compared(case: ProviderCase, callback: str, outcome: Outcome) -> Finding:
    """Hold the outcome against that of a callback URL which nobody has registered."""
    control = await _try(case, NOT_REGISTERED)
    if isinstance(control, NoReply) or control.kind == CAME_BACK:
        return REDIRECT.skipped("The provider's answers don't tell.", subject=case.subject)
    if outcome.kind == REFUSED:
        if control.shape == outcome.shape:
            return _not_registered(case, callback, outcome, certain=False)
        remedy = f"Compare {case.knobs.name('client_id')} and the client's registration. The provider's log says more."
        found = f"The provider refuses the request on a page of its own: {outcome.words}"
        return REQUEST.failed(found, remedy, subject=case.subject)
    if control.shape == outcome.shape:
        remedy = f"Compare what is registered at the provider with {callback}, to the letter."
        found = "This provider does not look at it before somebody has signed in, so it can't be told."
        return REDIRECT.skipped(found, remedy, subject=case.subject)
    return REDIRECT.ok(
        f"{callback} is registered: the provider goes on to its sign-in page, and does not for another URL.",
        subject=case.subject,
    )


def _not_registered(case: ProviderCase, callback: str, outcome: Outcome, *, certain: bool = True) -> Finding:
    says = f" It says: {outcome.words}" if outcome.words else ""
    remedy = (
        f"Register exactly {callback} at the provider, as a redirect URI of this client (at Dex in redirectURIs, at "
        "Keycloak in Valid redirect URIs, at Entra ID as one of the platform Web)."
    )
    if certain:
        return REDIRECT.failed(f"The provider refuses {callback}.{says}", remedy, subject=case.subject)
    remedy += f" If it is, compare {case.knobs.name('client_id')}."
    found = f"The provider refuses {callback}, or the client; its page does not say which.{says}"
    return REDIRECT.failed(found, remedy, subject=case.subject)


def _unknown_client(case: ProviderCase, outcome: Outcome) -> Finding:
    remedy = f"Compare {case.knobs.name('client_id')} with the client's id at the provider, and its realm or tenant."
    found = f"The provider does not know the client {quoted(case.config.client_id, 80)}. It says: {outcome.words}"
    return REQUEST.failed(found, remedy, subject=case.subject)


def _request(case: ProviderCase, answer: Mapping[str, str], promised: bool) -> Finding:
    error, description = answer.get("error", ""), quoted(answer.get("error_description", ""), 160)
    says = f" It says: {description}" if description else ""
    issuer = answer.get("iss")
    if issuer is not None and issuer != case.config.issuer:
        remedy = "Tell the provider its own public address; until then every sign-in is refused (RFC 9207)."
        found = f"The provider names itself {quoted(issuer)} in its response, and {case.config.issuer} in its metadata."
        return REQUEST.failed(found, remedy, subject=case.subject)
    if error == "invalid_scope":
        remedy = f"Add the missing scopes to the client at the provider, or set {case.knobs.name('scopes')} to others."
        asked = ", ".join(("openid", *case.config.scopes))
        return REQUEST.failed(f"The provider refuses the scopes {asked}.{says}", remedy, subject=case.subject)
    if error in ("unauthorized_client", "unsupported_response_type"):
        remedy = "Turn the authorization code flow on for this client (at Keycloak: Standard flow)."
        return REQUEST.failed(f"The provider answers {error}.{says}", remedy, subject=case.subject)
    if error in _PASSING:
        return REQUEST.warning(f"The provider answers {error}.{says}", "Try again in a while.", subject=case.subject)
    if error and error not in _NOBODY_SIGNED_IN:
        remedy = "Compare the client's registration at the provider with the settings here."
        return REQUEST.failed(f"The provider answers {quoted(error, 60)}.{says}", remedy, subject=case.subject)
    if issuer is None and promised:
        remedy = "Let the provider send `iss` as its metadata promise: sign-ins without it are refused (RFC 9207)."
        found = "The provider takes the request, but does not name itself in the response, although it promises to."
        return REQUEST.warning(found, remedy, subject=case.subject)
    how = f"it answers {error}, since nobody is signed in" if error else "it signs people in without asking"
    return REQUEST.ok(f"The provider takes it ({how}).", subject=case.subject)


async def _try(case: ProviderCase, callback: str) -> Outcome | NoReply:
    try:
        url, _ = await case.party.begin(redirect_uri=callback, return_to="/", cluster="")
        context = case.context()
    except OidcProblem as problem:
        return NoReply(f"no usable address ({problem.message})")
    url = _silently(url)
    for _ in range(MOST_HOPS):
        reply = await ask(url, context=context, tools=case.tools)
        if isinstance(reply, NoReply):
            return reply
        outcome = _outcome(reply, callback)
        onward = urljoin(url, reply.headers.get("Location", ""))
        if outcome.kind != WENT_ON or onward == url or _origin(onward) != _origin(url):
            break
        # Dex looks at the request only behind a redirect within its own house.
        url = onward
    return outcome


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _silently(url: str) -> str:
    """The authorization URL with `prompt=none` in place of any other."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "prompt"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("prompt", "none")])))


def _outcome(reply: Reply, callback: str) -> Outcome:
    location = reply.headers.get("Location", "")
    if 300 <= reply.status < 400 and location:
        return _redirected(location, callback, reply.status)
    words = _words(reply.text)
    shape = (reply.status, words.replace(callback, "").replace(NOT_REGISTERED, ""))
    codes = set(_AADSTS.findall(reply.text))
    lowered = words.lower()
    if codes & _ENTRA_REDIRECT:
        return Outcome(REFUSED_URL, words=quoted(words, 160), shape=shape)
    if codes & _ENTRA_CLIENT:
        return Outcome(REFUSED_CLIENT, words=quoted(words, 160), shape=shape)
    if reply.status < 400:
        # Two sign-in pages are never quite the same: tokens against forgery, random ids.
        return Outcome(WENT_ON, shape=(reply.status, "page"))
    about_url = any(word in lowered for word in ("redirect", "callback", "reply url"))
    about_client = _UNKNOWN_CLIENT.search(lowered) is not None
    kind = REFUSED if about_url == about_client else REFUSED_URL if about_url else REFUSED_CLIENT
    return Outcome(kind, words=quoted(words, 160), shape=shape)


def _redirected(location: str, callback: str, status: int) -> Outcome:
    wanted, got = urlsplit(callback), urlsplit(location)
    parameters = {name: values[0] for name, values in parse_qs(got.query, keep_blank_values=True).items()}
    if (got.scheme, got.netloc, got.path) == (wanted.scheme, wanted.netloc, wanted.path):
        return Outcome(CAME_BACK, answer=parameters)
    # Google and Auth0 send the browser to an error page of their own.
    if "error" in got.path.lower() or any("error" in name.lower() for name in parameters):
        words = quoted(parameters.get("error_description") or parameters.get("error") or got.path, 160)
        return Outcome(REFUSED, words=words, shape=(status, got.netloc, got.path))
    return Outcome(WENT_ON, shape=(status, got.netloc, _without_ids(got.path)))


def _without_ids(path: str) -> str:
    return re.sub(r"[A-Za-z0-9_-]{20,}", "…", path)


LONGEST_PAGE = 16 * 1024
"""Characters of a page that are looked at: what it says is told long before, and searching costs their square."""

_HIDDEN = re.compile(r"<(script|style|head|title)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,2000}>")


def _words(text: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(_TAG.sub(" ", _HIDDEN.sub(" ", text[:LONGEST_PAGE]))).split())
