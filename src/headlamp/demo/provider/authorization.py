"""The authorization endpoint: checks the request, lets one choose a person, sends them back with a code."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit, urlunsplit

from aiohttp import web
from multidict import MultiMapping

from headlamp.demo.provider import pages
from headlamp.demo.provider.config import ProviderConfig
from headlamp.demo.provider.errors import OAuthError, RefusedRequestError
from headlamp.demo.provider.grants import AuthorizationRequest, Expiring, Grants

SCOPES = ("openid", "profile", "email", "groups", "offline_access")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_CANCEL = "nobody"


class Authorization:
    """OpenID Connect Core 1.0, section 3.1.2, with PKCE (RFC 7636) required and `iss` in the answer (RFC 9207)."""

    def __init__(self, config: ProviderConfig, grants: Grants, now: Callable[[], float]) -> None:
        self._config = config
        self._grants = grants
        self._waiting: Expiring[AuthorizationRequest] = Expiring(config.request_lifetime, now)

    async def ask(self, request: web.Request) -> web.Response:
        """Show the sign-in page, or say at once at the client what is wrong with its request."""
        parameters = await request.post() if request.method == "POST" else request.query
        try:
            redirect_uri = self._redirect_uri(parameters)
        except RefusedRequestError as refused:
            return pages.refused(str(refused))
        try:
            checked = _check(parameters, redirect_uri)
        except OAuthError as error:
            return self._back(redirect_uri, _text(parameters, "state"), error=error.code, description=error.description)
        return pages.sign_in(self._config, self._waiting.put(checked), checked)

    async def answer(self, request: web.Request) -> web.Response:
        """Somebody was chosen (or nobody): back to the client."""
        form = await request.post()
        waiting = self._waiting.take(_text(form, "request"))
        if waiting is None:
            return pages.refused("This sign-in has been used already, or has waited for too long. Start again.")
        chosen = _text(form, "person")
        if chosen == _CANCEL:
            return self._back(
                waiting.redirect_uri, waiting.state, error="access_denied", description="nobody signed in"
            )
        person = self._config.person(chosen)
        if person is None:
            return pages.refused("There is nobody of that name here.")
        code = self._grants.issue_code(waiting, person)
        return self._back(waiting.redirect_uri, waiting.state, code=code)

    def _redirect_uri(self, parameters: MultiMapping[object]) -> str:
        """Compared to the letter (RFC 9700, section 2.1); before that is done nothing may be sent anywhere."""
        if _text(parameters, "client_id") != self._config.client.client_id:
            raise RefusedRequestError("The application that sent you is not registered here.")
        redirect_uri = _text(parameters, "redirect_uri")
        if redirect_uri not in self._config.client.redirect_uris:
            registered = ", ".join(self._config.client.redirect_uris)
            raise RefusedRequestError(
                f"The application wants you sent back to an address that is not registered. Registered: {registered}"
            )
        return redirect_uri

    def _back(
        self, redirect_uri: str, state: str, *, code: str = "", error: str = "", description: str = ""
    ) -> web.Response:
        answer = {"code": code, "error": error, "error_description": description, "state": state}
        query = urlencode({**{key: value for key, value in answer.items() if value}, "iss": self._config.issuer})
        parts = urlsplit(redirect_uri)
        location = urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))
        return pages.redirect(location)


def _check(parameters: MultiMapping[object], redirect_uri: str) -> AuthorizationRequest:
    scopes = tuple(_text(parameters, "scope").split())
    if _text(parameters, "response_type") != "code":
        raise OAuthError("unsupported_response_type", "only response_type=code is supported")
    if "openid" not in scopes:
        raise OAuthError("invalid_scope", "the scope openid is required")
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise OAuthError("invalid_scope", f"unknown scopes: {' '.join(unknown)}")
    challenge = _text(parameters, "code_challenge")
    if _text(parameters, "code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "PKCE is required: code_challenge, with code_challenge_method=S256")
    if _text(parameters, "prompt") == "none":
        raise OAuthError("login_required", "somebody has to choose whom to be")
    return AuthorizationRequest(
        redirect_uri=redirect_uri,
        scopes=scopes,
        state=_text(parameters, "state"),
        nonce=_text(parameters, "nonce"),
        code_challenge=challenge,
        login_hint=_text(parameters, "login_hint"),
    )


def _text(parameters: MultiMapping[object], name: str) -> str:
    value = parameters.get(name, "")
    return value if isinstance(value, str) else ""
