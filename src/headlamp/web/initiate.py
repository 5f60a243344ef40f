"""Sign-in that somebody else's page starts, such as a provider's list of applications.

OpenID Connect Core 1.0, section 4. It starts what /oidc starts, and nothing else: who signs in is up to the provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from headlamp.problems import Problem
from headlamp.web.gate import ORIGIN
from headlamp.web.services import SERVICES
from headlamp.web.sign_in_request import BadSignInParameter, own_path, wishes
from headlamp.web.signin import send_to_provider

PATH = "/oidc-initiate"
PARAMETERS = ("iss", "login_hint", "target_link_uri")
LARGEST_FORM = 8 * 1024
LONGEST_URL = 2 * 1024
"""Bytes of a query that goes into a header of ours: a proxy takes about 4 KB of those, all in all."""


class UnknownIssuer(Problem):
    """Nobody signs in here at that issuer."""

    code = "oidc.unknown_issuer"
    status = 400
    title = "Nobody signs in here at that identity provider"
    remedy = "Open this application's own page, and sign in there."


class BadForm(Problem):
    """A body that is no short form."""

    code = "oidc.initiate_form"
    status = 400
    title = "The sign-in can't be started like this"
    remedy = "Send iss, login_hint and target_link_uri as a form, each once, or as a query."


async def initiate(request: web.Request) -> web.StreamResponse:
    """GET /oidc-initiate?iss=&login_hint=&target_link_uri=: 302 to the provider that is that issuer."""
    services = request.app[SERVICES]
    asked = _once(request.query.items())
    await services.clusters.refresh_if_changed()
    provider = services.providers.of_issuer(asked.get("iss", ""))
    if provider is None:
        raise UnknownIssuer("The request does not name an identity provider that people sign in at here.")
    return await send_to_provider(
        request,
        provider,
        return_to=own_path(asked.get("target_link_uri", ""), request[ORIGIN], base_url=services.base_url),
        extra=wishes({"login_hint": asked.get("login_hint", "")}),
    )


async def initiate_by_post(request: web.Request) -> web.StreamResponse:
    """POST: the same as a form. 303 to the same with a query.

    The detour is for the cookies of sign-ins under way: browsers don't send them along with another site's POST, so
    without it a new one would take the place of the first.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadForm("The body is no form.")
    body = await _read(request)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20)
    except (UnicodeDecodeError, ValueError):
        raise BadForm("The body is no form of a few fields.") from None
    query = urlencode(_once(pairs))
    if len(query) > LONGEST_URL:
        raise BadForm("The form is too long.")
    return web.Response(status=303, headers={"Location": f"{request.app[SERVICES].base_url}{PATH}?{query}"})


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise BadSignInParameter(name, "comes twice")
        if name in PARAMETERS:
            found[name] = value
    return found


async def _read(request: web.Request) -> bytes:
    body = b""
    async for chunk in request.content.iter_chunked(LARGEST_FORM):
        body += chunk
        if len(body) > LARGEST_FORM:
            raise BadForm(f"The form is larger than {LARGEST_FORM // 1024} KiB.")
    return body
