"""Why the gate refuses a request, one class a cause."""

from __future__ import annotations

from headlamp.problems import Problem


class BadRequestHead(Problem):
    """The request line or a header that decides something is not as HTTP has it, or comes more than once."""

    code = "gate.bad_request"
    status = 400
    title = "The request is malformed"
    remedy = "Check the program that sends it, and any proxy in between."


class HostNotAllowed(Problem):
    """The Host header names somebody else: a misrouted request, or DNS rebinding. `host` is what it named."""

    code = "gate.host"
    status = 421
    title = "This server does not answer under this name"
    remedy = (
        "The administrator can allow the name: set -public-url (HEADLAMP_CONFIG_PUBLIC_URL) to the address that people "
        "use, or add the name to -allowed-hosts (HEADLAMP_CONFIG_ALLOWED_HOSTS)."
    )

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"The request is for the host {host}, which this server does not know as its own.")


class ForeignRequest(Problem):
    """Another site's page made the browser send this."""

    code = "gate.cross_site"
    status = 403
    title = "This request comes from another site"
    remedy = (
        "Open the page itself and try again. Behind a reverse proxy the administrator should set -public-url, or let "
        "the proxy pass on Host and X-Forwarded-Proto."
    )


class OriginRequired(ForeignRequest):
    """An upgrade that does not say which page wants it."""

    code = "gate.origin_required"
    title = "A WebSocket needs an Origin"
    remedy = "Send an Origin header with this server's own scheme, host and port, as browsers do."


class FormBody(Problem):
    """A body of a type that any page of any site can send without asking."""

    code = "gate.content_type"
    status = 403
    title = "This kind of body is not accepted"
    remedy = "Send JSON or YAML, with its Content-Type."


class MethodOverride(Problem):
    """A header asks to take the method for another one than it is."""

    code = "gate.method_override"
    status = 403
    title = "Method overrides are not accepted"
    remedy = "Send the method itself."


class MethodRefused(Problem):
    """The method does not exist here."""

    code = "gate.method"
    status = 405
    title = "This method is not allowed here"
    remedy = "Check the method and the address."


class SignInRequired(Problem):
    """Nobody is signed in, and this address is for those who are."""

    code = "session.none"
    status = 401
    title = "Sign in first"
    remedy = "Press Sign in."


class RouteWithoutPolicy(Problem):
    """A route that nobody has said anything about is shut."""

    code = "gate.no_policy"
    status = 500
    title = "This address is not ready"
    remedy = "This is a mistake in the program; please report it."
