"""The provider's pages: plain HTML that works without a script, under a strict policy."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from headlamp.demo.people import COMPANY, Person
from headlamp.demo.provider.config import ProviderConfig
from headlamp.demo.provider.grants import AuthorizationRequest

_MARK = (
    '<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><rect x="4" y="10" width="16" height="11" rx="2.5"/>'
    '<path d="M8 10V7a4 4 0 0 1 8 0v3"/><path d="M12 14v3"/></svg>'
)
_NOTE = "This is a simulation for trying out pyheadlamp. There are no passwords: choose whom you want to be."


async def stylesheet(_: web.Request) -> web.Response:
    """The pages' one style sheet."""
    text = files("headlamp.demo.provider").joinpath("signin.css").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/css", headers={hdrs.CACHE_CONTROL: "max-age=60"})


def sign_in(config: ProviderConfig, request_name: str, request: AuthorizationRequest) -> web.Response:
    """The page that lists the people whom one can be."""
    people = "".join(_choice(person, _is_hinted(person, request.login_hint)) for person in config.people)
    body = (
        f'<h1>Sign in to {escape(COMPANY)}</h1><p class="lead">and go on to <b>{escape(config.client.name)}</b>.</p>'
        '<form method="post" action="/authorize/choice">'
        f'<input type="hidden" name="request" value="{escape(request_name)}">'
        f'<ul class="people">{people}</ul>'
        '<button class="cancel" name="person" value="nobody">Go back without signing in</button></form>'
    )
    back = urlsplit(request.redirect_uri)
    # Browsers hold a form's redirects to this policy too, so the way back to the client is named in it.
    return _page("Sign in", body, form_targets=("'self'", f"{back.scheme}://{back.netloc}"))


def home(config: ProviderConfig) -> web.Response:
    """What somebody sees who opens the provider's own address."""
    people = "".join(
        f'<li><span class="avatar" aria-hidden="true">{escape(person.initials)}</span>{_about(person)}</li>'
        for person in config.people
    )
    body = f'<h1>{escape(COMPANY)} accounts</h1><p class="lead">The people here:</p><ul class="people">{people}</ul>'
    return _page("Accounts", body)


def refused(reason: str) -> web.Response:
    """The request can't be answered at the application that sent it."""
    body = f'<h1>That did not work</h1><p class="lead">{escape(reason)}</p>'
    return _page("Refused", body, status=400)


def signed_out() -> web.Response:
    return _page("Signed out", '<h1>You are signed out</h1><p class="lead">You can close this page.</p>')


def redirect(location: str) -> web.Response:
    """303: whatever the method was, the browser goes on with GET."""
    headers = {hdrs.LOCATION: location, hdrs.CACHE_CONTROL: "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=303, headers=headers)


def _is_hinted(person: Person, hint: str) -> bool:
    return hint.lower() in (person.key, person.email) and bool(hint)


def _choice(person: Person, hinted: bool) -> str:
    focus = " autofocus" if hinted else ""
    return (
        f'<li><button name="person" value="{escape(person.key)}"{focus}>'
        f'<span class="avatar" aria-hidden="true">{escape(person.initials)}</span>{_about(person)}'
        '<span class="go" aria-hidden="true">→</span></button></li>'
    )


def _about(person: Person) -> str:
    return (
        f'<span class="who"><b>{escape(person.name)}</b> <span class="role">{escape(person.role)}</span>'
        f'<span class="purpose">{escape(person.purpose)}</span></span>'
    )


def _page(title: str, body: str, *, status: int = 200, form_targets: Iterable[str] = ("'none'",)) -> web.Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} · {escape(COMPANY)} (simulation)</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/signin.css"></head>'
        f'<body><main><p class="brand">{_MARK}<span>{escape(COMPANY)}</span><span class="tag">simulation</span></p>'
        f'{body}<p class="note">{_NOTE}</p></main></body></html>'
    )
    policy = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {' '.join(form_targets)}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        hdrs.CACHE_CONTROL: "no-store",
    }
    return web.Response(text=html, content_type="text/html", status=status, headers=headers)
