"""How providers that are no test provider answer the doctor's questions, as observed or documented."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from aiohttp import web
from tests.adversarial.provider import MisbehavingProvider


class KeycloakLike(MisbehavingProvider):
    """Pages for a wrong client or callback URL, each with its own words; unauthorized_client for a wrong secret."""

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("client_id") != self.client.client_id:
            return _page("<title>Sign in</title><p>We are sorry...</p><p>Client not found.</p>")
        if self.redirect_uris is not None and request.query.get("redirect_uri") not in self.redirect_uris:
            return _page("<p>We are sorry...</p><p>Invalid parameter: redirect_uri</p><a>« Back to Application</a>")
        return await super()._authorize(request)


class NodeLike(MisbehavingProvider):
    """oidc-provider: its page about the callback URL speaks of the client too."""

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        if self.redirect_uris is not None and request.query.get("redirect_uri") not in self.redirect_uris:
            return _page("redirect_uri did not match any of the client's registered redirect_uris")
        return await super()._authorize(request)


class DexLike(MisbehavingProvider):
    """Ignores prompt=none: it goes on to its sign-in page, and looks at the request on the way there."""

    def add_routes(self, app: web.Application) -> None:
        super().add_routes(app)
        app.router.add_get("/authorize/local", self._connector)
        app.router.add_get("/authorize/local/login", self._login)

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"/authorize/local?{request.query_string}")

    async def _connector(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("client_id") != self.client.client_id:
            return _page("Invalid client_id (&quot;other&quot;).", 404)
        if self.redirect_uris is not None and request.query.get("redirect_uri") not in self.redirect_uris:
            return _page("Unregistered redirect_uri (&quot;x&quot;).")
        raise web.HTTPFound(f"/authorize/local/login?{urlencode({'state': secrets.token_hex(16)})}")

    async def _login(self, _: web.Request) -> web.StreamResponse:
        return _page(f"<form><input name=password><input type=hidden value={secrets.token_hex(16)}></form>", 200)


class GoogleLike(MisbehavingProvider):
    """Sends the browser to an error page of its own."""

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        if self.redirect_uris is not None and request.query.get("redirect_uri") not in self.redirect_uris:
            raise web.HTTPFound(f"{self.issuer}/signin/oauth/error?authError=Cg9yZWRpcmVj")
        return await super()._authorize(request)


class GitLabLike(MisbehavingProvider):
    """Asks for a sign-in before it looks at anything."""

    def add_routes(self, app: web.Application) -> None:
        super().add_routes(app)
        app.router.add_get("/users/sign_in", self._login)

    async def _login(self, _: web.Request) -> web.StreamResponse:
        return _page(f"<form><input type=hidden value={secrets.token_hex(16)}></form>", 200)

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{self.issuer}/users/sign_in")


class CodeFirst(MisbehavingProvider):
    """Looks at the code before it looks at the client."""

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if form.get("grant_type") == "client_credentials":
            right = self.client_is_right(request, {name: str(value) for name, value in form.items()})
            return self.refusal(400, "unauthorized_client") if right else self.refusal(401, "invalid_client")
        return self.refusal(400, "invalid_grant")


class EntraPage(MisbehavingProvider):
    """Answers 200 with a page whose number says what is wrong."""

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("client_id") != self.client.client_id:
            return _page("AADSTS700016: Application with identifier 'x' was not found in the directory.", 200)
        if self.redirect_uris is not None and request.query.get("redirect_uri") not in self.redirect_uris:
            return _page("AADSTS50011: The redirect URI specified in the request does not match.", 200)
        return await super()._authorize(request)


def _page(text: str, status: int = 400) -> web.Response:
    return web.Response(status=status, text=f"<html><body>{text}</body></html>", content_type="text/html")
