"""The page's files, and the few that the server's own pages need."""

from __future__ import annotations

from importlib import resources

from aiohttp import web

from headlamp.web.gate import SESSION, STYLE_NONCE
from headlamp.web.headers import CSP, page_csp
from headlamp.web.page import Asset
from headlamp.web.popup import OPENER_POLICY
from headlamp.web.problems import NotFound
from headlamp.web.services import SERVICES
from headlamp.web.session_cookie import presented, take_back
from headlamp.web.sign_in_page import arrival

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
STATIC = {
    "pages.css": "text/css",
    "auth.js": "text/javascript",
    "callback.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


async def page(request: web.Request) -> web.StreamResponse:
    """GET anything else: a file of the page by its name, else the page itself."""
    services = request.app[SERVICES]
    name = request.match_info.get("name", "")
    found = services.page.asset(name)
    if found is not None:
        return _send(request, found)
    if name.startswith(("api/", "assets/", "static/")):
        raise NotFound("There is nothing at this address.")
    nonce = request[STYLE_NONCE]
    headers = {"Cache-Control": "no-store"}
    if services.page.foreign:
        headers[CSP] = page_csp(nonce, script_sources=services.page.script_hashes, foreign=True)
        # Its sign-in is a popup, which has to keep its opener.
        headers[OPENER_POLICY] = "same-origin-allow-popups"
        return web.Response(text=services.page.index(nonce), content_type="text/html", headers=headers)
    await services.clusters.refresh_if_changed()
    text = services.page.index(nonce, arrival(request))
    answer = web.Response(text=text, content_type="text/html", headers=headers)
    if request.get(SESSION) is None and presented(request) is not None:
        # Whoever sees the sign-in page holds no cookie afterwards that once opened something.
        take_back(request, answer)
    return answer


async def to_base(request: web.Request) -> web.StreamResponse:
    """GET outside the base URL: the start page is below it."""
    services = request.app[SERVICES]
    if request.path not in ("/", services.base_url):
        raise NotFound(f"Everything here is below {services.base_url}/.")
    return web.Response(status=307, headers={"Location": f"{services.base_url}/"})


async def static(request: web.Request) -> web.StreamResponse:
    """GET /static/…: what the pages written by the server refer to."""
    name = request.match_info["name"]
    if name not in STATIC:
        # Somebody else's frontend may have a folder of that name too.
        own = request.app[SERVICES].page.asset(f"static/{name}")
        if own is not None:
            return _send(request, own)
        raise NotFound("There is nothing at this address.")
    body = (resources.files("headlamp.web") / "assets" / name).read_bytes()
    return web.Response(body=body, content_type=STATIC[name], charset="utf-8", headers={"Cache-Control": REVALIDATE})


def _send(request: web.Request, asset: Asset) -> web.StreamResponse:
    headers = {"Cache-Control": IMMUTABLE if asset.immutable else REVALIDATE}
    if asset.body is None:
        return web.FileResponse(asset.path, headers=headers)
    headers |= {"ETag": f'"{asset.etag}"', "Vary": "Accept-Encoding"}
    if asset.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = f"{asset.content_type}; charset=utf-8"
    if asset.gzipped is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=asset.gzipped, headers=headers | {"Content-Encoding": "gzip"})
    return web.Response(body=asset.body, headers=headers)
