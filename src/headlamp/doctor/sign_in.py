"""A real sign-in for trying out: a person signs in at the provider, and comes back to this program.

It listens on the callback URL itself, so that what is registered is what is tried; that works where the callback URL is
this machine's and nothing else listens there.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from headlamp.doctor.findings import Finding, Point
from headlamp.listening import CannotListen, listen
from headlamp.oidc.errors import OidcProblem, quoted
from headlamp.oidc.provider import Provider
from headlamp.oidc.tokens import SignIn
from headlamp.oidc.transaction import Transaction
from headlamp.settings.addresses import is_loopback

RESULT = Point(
    "sign_in.result", "Sign-in", "It goes the whole way: the provider, the callback URL, the secret, the ID token."
)
RENEWAL = Point(
    "sign_in.renewal", "Renewal", "Without it people are asked to sign in again whenever their ID token ends."
)

WAIT_S = 300.0
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>headlamp doctor</title></head>
<body><p>You can close this window. What came of it is told where you started <code>headlamp doctor</code>.</p></body>
</html>
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a test sign-in; `sign_in` is None when it failed."""

    findings: tuple[Finding, ...]
    sign_in: SignIn | None = field(default=None, repr=False)


async def try_sign_in(
    party: Provider,
    callback_url: str,
    *,
    tls: ssl.SSLContext | None,
    show: Callable[[str], None],
    within: float = WAIT_S,
) -> Tried:
    """Sign one person in at `party`: `show` is given the address to open. `within` is in seconds."""
    subject = party.config.issuer
    parts = urlsplit(callback_url)
    if not is_loopback(parts.hostname or ""):
        where = callback_url or "not known"
        remedy = "Sign in in the browser, and open /doctor there; or use --as-session with the value of your cookie."
        found = f"The callback URL is not this machine's ({where}), so the answer can't come here."
        return Tried((RESULT.skipped(found, remedy, subject=subject),))
    if parts.scheme == "https" and tls is None:
        remedy = "Give the flags -tls-cert-path and -tls-key-path of the server too, or use --as-session."
        return Tried(
            (RESULT.skipped("The callback URL is https, and there is no certificate.", remedy, subject=subject),)
        )
    try:
        async with _listening(callback_url, tls) as answers:
            url, transaction = await party.begin(redirect_uri=callback_url, return_to="/", cluster="")
            show(url)
            async with asyncio.timeout(within):
                sign_in = await _finish(party, transaction, answers)
    except CannotListen as problem:
        remedy = "If the server runs there: sign in in the browser and open /doctor, or use --as-session."
        return Tried((RESULT.skipped(problem.message, remedy, subject=subject),))
    except TimeoutError:
        found = f"Nobody came back within {within / 60:.0f} minutes."
        return Tried((RESULT.failed(found, "Look at the page that the provider shows.", subject=subject),))
    except OidcProblem as problem:
        return Tried((RESULT.failed(problem.message, problem.remedy, subject=subject),))
    return Tried((_result(sign_in, subject), await _renewal(party, sign_in, subject)), sign_in)


async def _finish(party: Provider, transaction: Transaction, answers: asyncio.Queue[dict[str, str]]) -> SignIn:
    """The sign-in that the answer belongs to; answers to others (an older tab's) are left alone."""
    while True:
        answer = await answers.get()
        if answer.get("state") == transaction.state:
            return await party.finish(transaction, answer)


def _result(sign_in: SignIn, subject: str) -> Finding:
    claims, tokens = sign_in.claims, sign_in.tokens
    groups = claims.get("groups")
    count = f"{len(groups)} groups" if isinstance(groups, list) else "no claim `groups`"
    minutes = (float(claims["exp"]) - float(claims["iat"])) / 60
    found = (
        f"{quoted(str(claims.get('preferred_username') or claims['sub']), 80)} is signed in. The ID token has "
        f"{len(tokens.id_token)} bytes and {count}, and lasts {minutes:.0f} minutes."
    )
    return RESULT.ok(found, subject=subject)


async def _renewal(party: Provider, sign_in: SignIn, subject: str) -> Finding:
    if sign_in.tokens.refresh_token is None:
        remedy = "Ask for offline_access with -oidc-scopes, and allow refresh tokens for this client at the provider."
        return RENEWAL.warning("The provider gave no refresh token.", remedy, subject=subject)
    try:
        await party.refresh(sign_in.tokens, subject=sign_in.subject, claims=sign_in.claims)
    except OidcProblem as problem:
        return RENEWAL.failed(problem.message, problem.remedy, subject=subject)
    return RENEWAL.ok("The provider renews the sign-in.", subject=subject)


@asynccontextmanager
async def _listening(callback_url: str, tls: ssl.SSLContext | None) -> AsyncIterator[asyncio.Queue[dict[str, str]]]:
    """The parameters that come to the callback URL. Raises `CannotListen`."""
    parts = urlsplit(callback_url)
    answers: asyncio.Queue[dict[str, str]] = asyncio.Queue(maxsize=16)

    async def callback(request: web.Request) -> web.Response:
        if not answers.full():
            answers.put_nowait(dict(request.query))
        return web.Response(text=_PAGE, content_type="text/html", headers=_HEADERS)

    app = web.Application()
    app.router.add_get(parts.path or "/", callback)
    async with AsyncExitStack() as stack:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, max_line_size=65536)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        for listener in listen(parts.hostname or "", port):
            await web.SockSite(runner, listener, ssl_context=tls if parts.scheme == "https" else None).start()
        yield answers
