"""The provider's part in a sign-out: the end-session endpoint, and the logout tokens that it sends.

OpenID Connect RP-Initiated Logout 1.0, and Back-Channel Logout 1.0.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from tests.adversarial.client_check import ASSERTION_ALGORITHMS, public_key
from tests.adversarial.deviations import changed
from tests.adversarial.signing import SigningKey, sign

if TYPE_CHECKING:
    from tests.adversarial.provider import MisbehavingProvider

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME: Final = 120


@dataclass(frozen=True)
class LogoutAnswer:
    """What the client answered to a logout token."""

    status: int
    headers: Mapping[str, str]
    text: str


class LogoutSide:
    """What belongs to signing out, of one provider."""

    def __init__(self, provider: MisbehavingProvider) -> None:
        self._provider = provider

    def token(self, header: Mapping[str, Any], alg: str, key: SigningKey, claims: Mapping[str, Any]) -> str:
        """A logout token for the last sign-in, with `claims` in place of the right ones."""
        provider = self._provider
        last = provider.grants.all[-1] if provider.grants.all else None
        right = {
            "iss": provider.issuer,
            "aud": provider.client_id,
            "iat": int(provider.now()),
            "exp": int(provider.now()) + LIFETIME,
            "jti": secrets.token_hex(16),
            "events": {EVENT: {}},
            "sub": provider.subject_of(last.sub) if last else provider.user,
            **({"sid": last.sid} if last else {}),
        }
        return sign(
            changed(changed(right, provider.deviations.logout_token), claims), key, alg, {"typ": "logout+jwt", **header}
        )

    async def send(self, token: str, uri: str, fields: Mapping[str, str]) -> LogoutAnswer:
        """POST a logout token, as section 2.5 says."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(uri, data={"logout_token": token, **fields}, ssl=False, allow_redirects=False) as response,
        ):
            answer = LogoutAnswer(response.status, dict(response.headers), await response.text())
        self._provider.logout_answers.append(answer)
        return answer

    async def end_session(self, request: web.Request) -> web.StreamResponse:
        """End the session of the hint (or the last one), tell the client, and send the browser back.

        Without a hint the redirect is for a client that names itself, and for a URI that it registered (RP-Initiated
        Logout 1.0, section 3); otherwise a page asks the person.
        """
        provider = self._provider
        if len(request.raw_path) > provider.habits.longest_address:
            return web.Response(status=414)
        # A form was recorded by the wrapper around every endpoint.
        sent = provider.seen[-1].form if request.method == "POST" else dict(request.query)
        hint = self._hinted(sent.get("id_token_hint", ""))
        if hint is None:
            return web.Response(status=400, text="id_token_hint is not one of ours")
        client = sent.get("client_id") or hint.get("aud")
        if sent.get("client_id") not in (None, "", provider.client_id) or client not in (None, provider.client_id):
            return web.Response(status=400, text="unknown client")
        uri, known = sent.get("post_logout_redirect_uri", ""), provider.post_logout_redirect_uris
        if uri and known is not None and uri not in known:
            return web.Response(status=400, text="post_logout_redirect_uri is not registered")
        await self._end(str(hint.get("sid", "")))
        if not uri or client is None or not (hint or provider.habits.redirects_without_hint):
            return web.Response(text="You are signed out.")
        back = changed({"state": sent["state"]} if "state" in sent else {}, provider.deviations.post_logout)
        joint = "&" if "?" in uri else "?"
        raise web.HTTPFound(uri + (joint + urlencode(back) if back else ""))

    async def _end(self, sid: str) -> None:
        provider = self._provider
        if not sid and provider.grants.all:
            sid = provider.grants.all[-1].sid
        ended = next((grant for grant in provider.grants.all if grant.sid == sid), None)
        provider.grants.end_session(sid)
        if ended is not None and provider.backchannel_logout_uri:
            token = provider.logout_token(sid=sid, sub=provider.subject_of(ended.sub))
            await self.send(token, provider.backchannel_logout_uri, {})

    def _hinted(self, token: str) -> dict[str, Any] | None:
        """The claims of a hint, which may be over; empty without one, None for one that the provider didn't issue."""
        if not token:
            return {}
        keys = KeySet([public_key(key.jwk()) for key in self._provider.keys])
        try:
            claims = jwt.decode(token, keys, algorithms=ASSERTION_ALGORITHMS).claims
        except (JoseError, ValueError):
            return None
        return dict(claims) if claims.get("iss") == self._provider.issuer else None
