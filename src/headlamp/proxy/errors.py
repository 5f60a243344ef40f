"""Why a request is not passed on to a cluster, or its answer not passed back: one class a cause."""

from __future__ import annotations

from headlamp.problems import Problem


class BadPath(Problem):
    """The request target has no single meaning (encoded slashes or dots, `//`, control characters, absolute form)."""

    code = "proxy.bad_path"
    status = 400
    title = "The address can't be passed on"
    remedy = "Use a plain Kubernetes API path."


class BadHeader(Problem):
    """A header that can only have one value came several times."""

    code = "proxy.bad_header"
    status = 400
    title = "A header can't be passed on"
    remedy = "Send the header once."


class MethodNotProxied(Problem):
    """A method that no Kubernetes API has."""

    code = "proxy.method"
    status = 405
    title = "The method is not known to Kubernetes"
    remedy = "Use GET, HEAD, POST, PUT, PATCH or DELETE."


class OnlyWebSocket(Problem):
    """An upgrade to something else, such as SPDY, or one that is not a proper WebSocket handshake."""

    code = "proxy.only_websocket"
    status = 400
    title = "Only WebSocket upgrades are passed on"
    remedy = "Use a client that speaks WebSocket; kubectl does since 1.31."


class NotSignedIn(Problem):
    """Nobody has signed in for this cluster, and its kubeconfig's own credentials may not be used."""

    code = "proxy.not_signed_in"
    status = 401
    title = "You are not signed in"
    remedy = "Sign in."


class BodyStalled(Problem):
    """The client has announced a body, and says no more of it."""

    code = "proxy.body_stalled"
    status = 408
    title = "The request did not come to its end"
    remedy = "Send it again. If it stays, check the connection between the browser and this server."


class SessionOver(Problem):
    """The session ended while the request was under way."""

    code = "proxy.session_over"
    status = 401
    title = "Your session has ended"
    remedy = "Sign in again."


class SubresourceOff(Problem):
    """`…/proxy` of pods, services and nodes, which reaches anything in the cluster's network, is off."""

    code = "proxy.subresource_off"
    status = 403
    title = "The proxy subresource is switched off"
    remedy = "An administrator can allow it with -allow-proxy-subresource."


class NotAPagePart(Problem):
    """A browser asks for a script, style, frame or the like: content of others must not become part of a page."""

    code = "proxy.not_a_page_part"
    status = 403
    title = "Content of a cluster can't be part of a page"
    remedy = "Open the address by itself."


class RedirectElsewhere(Problem):
    """The cluster redirects to another host (or outside its own path); it is neither followed nor passed on."""

    code = "proxy.redirect_elsewhere"
    status = 502
    title = "The cluster redirects to somewhere else"
    remedy = "Check the cluster's `server` setting: it must be the API server itself."
