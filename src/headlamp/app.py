"""Puts the application together: which parts there are, who gets what, and the order in which they start and end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog
import uvloop
from aiohttp import web

from headlamp import __version__
from headlamp.clusters.registry import Clusters
from headlamp.clusters.transports import CLIENTS, Transports
from headlamp.doctor.desk import Desk
from headlamp.doctor.tickets import ProbeTickets
from headlamp.doctor.tools import Tools
from headlamp.listening import BACKLOG, listen
from headlamp.live.hub import Hub
from headlamp.live.window import WINDOW_FROM
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.provider import Provider
from headlamp.oidc.token_rule import TokenRule
from headlamp.open_files import allow_many
from headlamp.problems import Problem
from headlamp.sessions.cookie import LoginCookies, LogoutCookie, SessionCookie
from headlamp.sessions.manager import Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.sealing import Sealer
from headlamp.sessions.secret import load_or_make_secret, secret_from_text
from headlamp.sessions.sqlite import SqliteStore
from headlamp.sessions.store import SessionStore
from headlamp.settings import Settings
from headlamp.settings.addresses import is_loopback
from headlamp.settings.pem import pem_text
from headlamp.web.callback_url import expected_callback_url, expected_logout_urls
from headlamp.web.event_streams import EventStreams
from headlamp.web.gate import Gate
from headlamp.web.origin import Origins
from headlamp.web.page import Page, bundled_directory
from headlamp.web.policy import RoutePolicies
from headlamp.web.problems import problems_middleware
from headlamp.web.providers import DEFAULT, Providers
from headlamp.web.routes import add_routes
from headlamp.web.services import SERVICES, Services
from headlamp.web.sign_outs import SignOuts
from headlamp.web.transactions import Transactions

# A cookie header, a deep link: more than any browser sends, less than would hurt. Tokens are not among them.
LONGEST_FIELD = 16 * 1024
SHUTDOWN_S = 1.5

log = structlog.stdlib.get_logger("headlamp")

POLICIES = web.AppKey("policies", RoutePolicies)


class CannotStart(Problem):
    code = "server.cannot_start"
    title = "The server can't start"
    remedy = "See whether the files and folders that the settings name are there and readable for this user."


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections on `port`."""

    app: web.Application
    port: int


def build(
    settings: Settings, *, now: Callable[[], float] = time.time, window_from: int = WINDOW_FROM
) -> web.Application:
    """The application, not started yet: usable in a test without a port.

    Raises `SecretUnusable` when there is no place for the server's secret.
    """
    return _application(assemble(settings, _secret(settings), now=now, window_from=window_from))


def assemble(
    settings: Settings, secret: bytes, *, now: Callable[[], float] = time.time, window_from: int = WINDOW_FROM
) -> Services:
    """The parts of the application, with `secret` to seal sessions and sign-ins; none of them is started.

    Lists with more rows than `window_from` are sent in windows.
    """
    local = not settings.oidc_configured and settings.loopback_only
    sealer = Sealer(secret)
    clusters = Clusters(
        kubeconfig=settings.kubeconfig,
        skipped_kube_contexts=settings.skipped_kube_contexts,
        in_cluster=settings.in_cluster,
        in_cluster_context_name=settings.in_cluster_context_name,
        local_credentials_allowed=local,
    )
    providers = Providers(
        _default_provider(settings),
        lambda config: Provider(config, now=now),
        clusters,
        signing_algs=frozenset(settings.oidc_signing_algs),
    )
    store = _store(settings)
    return Services(
        settings=settings,
        clusters=clusters,
        transports=Transports(insecure_ssl=settings.insecure_ssl, make=CLIENTS[settings.cluster_client]),
        providers=providers,
        sessions=Sessions(
            store, sealer, providers, ttl=settings.session_ttl, idle=settings.session_idle_timeout, now=now
        ),
        cookie=SessionCookie(settings.base_url, insecure=settings.insecure_cookie),
        transactions=Transactions(sealer, LoginCookies(settings.base_url)),
        sign_outs=SignOuts(sealer, LogoutCookie(settings.base_url)),
        origins=Origins(
            public_url=settings.public_url,
            trusted_proxies=settings.trusted_proxies,
            allowed_hosts=settings.allowed_hosts,
        ),
        hub=Hub(between_users=settings.live_sharing == "cluster", now=now, window_from=window_from),
        streams=EventStreams(),
        page=Page(
            settings.html_static_dir or bundled_directory(),
            base_url=settings.base_url,
            foreign=settings.html_static_dir is not None,
        ),
        desk=Desk(tools=Tools(now=now)),
        tickets=ProbeTickets(sealer, now=now),
        local_credentials=local,
        now=now,
    )


@asynccontextmanager
async def serving(
    settings: Settings,
    *,
    sockets: Sequence[socket.socket] = (),
    now: Callable[[], float] = time.time,
    window_from: int = WINDOW_FROM,
) -> AsyncIterator[Running]:
    """A running server, ended with the block, on `sockets` if they are given (several processes share them).

    Raises a kind of `CannotListen`, and other kinds of `Problem` for secret and store.
    """
    app = build(settings, now=now, window_from=window_from)
    async with AsyncExitStack() as stack:
        runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,
            max_line_size=LONGEST_FIELD,
            max_field_size=LONGEST_FIELD,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        tls = _tls(settings)
        for listener in sockets or listen(settings.listen_addr, settings.port):
            await web.SockSite(runner, listener, ssl_context=tls, backlog=BACKLOG).start()
        yield Running(app, runner.addresses[0][1])


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit status: 0, or 1 when it could not start."""
    allow_many()
    try:
        uvloop.run(_serve(settings))
    except (Problem, OSError) as error:
        complain(error)
        return 1
    return 0


def as_problem(error: Problem | OSError) -> Problem:
    """A problem as it is, and in words what the operating system refused."""
    if isinstance(error, Problem):
        return error
    where = f" ({error.filename})" if error.filename else ""
    return CannotStart(f"The server can't start: {error.strerror or type(error).__name__}{where}.")


def complain(error: Problem | OSError) -> None:
    """Say on standard error why the program ends."""
    problem = as_problem(error)
    sys.stderr.write(f"{problem.message} {problem.remedy}\n")


async def _serve(settings: Settings) -> None:
    stop = until_signal()
    async with serving(settings) as running:
        announce(settings, running)
        await stop.wait()


def until_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Where loops have no signal handlers (Windows), Ctrl-C arrives as KeyboardInterrupt.
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def announce(settings: Settings, running: Running) -> None:
    """What an administrator wants to see first: where it listens, which clusters, and the URI to register."""
    services = running.app[SERVICES]
    log.info(
        "ready",
        version=__version__,
        port=running.port,
        workers=settings.workers,
        base_url=settings.base_url or "/",
        clusters=len(services.clusters.all()),
    )
    for problem in services.clusters.problems:
        log.warning("kubeconfig", problem=problem)
    for cluster in services.clusters.all():
        if cluster.error is not None:
            log.warning("cluster", cluster=cluster.name, problem=cluster.error)
    if not services.clusters.all():
        log.warning("no cluster: name a kubeconfig with -kubeconfig, or set -in-cluster in a pod")
    if services.providers:
        log.info("register this callback URL", callback_url=expected_callback_url(settings, running.port))
        after, backchannel = expected_logout_urls(settings, running.port)
        log.info("for sign-out at the provider too", post_logout_redirect_uri=after, backchannel_logout_uri=backchannel)
        public = urlsplit(settings.public_url)
        if public.scheme == "http" and not is_loopback(public.hostname or "") and not settings.insecure_cookie:
            log.warning("nobody can sign in over plain http: serve https, and set -public-url=https://…")
    elif services.local_credentials:
        log.info("no identity provider: whoever is at this machine works with the kubeconfig's own credentials")
    else:
        log.warning("no identity provider: people can only paste tokens; see -oidc-idp-issuer-url")


def _application(services: Services) -> web.Application:
    app = web.Application(client_max_size=0)
    app[SERVICES] = services
    policies = app[POLICIES] = RoutePolicies()
    app.middlewares.append(problems_middleware)
    Gate(
        sessions=services.sessions,
        cookie=services.cookie,
        origins=services.origins,
        policies=policies,
        local_user=services.local_credentials,
    ).install(app)
    add_routes(app, policies, services.base_url)
    app.cleanup_ctx.append(_lifespan)
    return app


async def _lifespan(app: web.Application) -> AsyncIterator[None]:
    services = app[SERVICES]
    await services.sessions.start()
    yield
    await services.desk.close()
    await services.hub.close()
    await services.sessions.close()
    await services.transports.close()
    await services.providers.close()


def _secret(settings: Settings) -> bytes:
    if settings.session_secret is not None:
        return secret_from_text(settings.session_secret.reveal())
    return load_or_make_secret(settings.state_dir)


def _store(settings: Settings) -> SessionStore:
    database = settings.session_database
    return MemoryStore() if database is None else SqliteStore(database)


def _default_provider(settings: Settings) -> ProviderConfig | None:
    if not settings.oidc_configured:
        return None
    return ProviderConfig(
        id=DEFAULT,
        issuer=settings.oidc_idp_issuer_url,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.reveal() if settings.oidc_client_secret else None,
        scopes=settings.oidc_scopes,
        display_name=settings.oidc_display_name or urlsplit(settings.oidc_idp_issuer_url).hostname or "",
        ca_pem=pem_text(settings.oidc_ca_file.read_bytes()) if settings.oidc_ca_file else None,
        skip_tls_verify=settings.oidc_skip_tls_verify,
        signing_algs=frozenset(settings.oidc_signing_algs),
        token_rule=TokenRule(
            use_access_token=settings.oidc_use_access_token,
            audience=settings.oidc_validator_client_id,
            issuer=settings.oidc_validator_idp_issuer_url,
        ),
        trusted_audiences=frozenset(settings.oidc_trusted_audiences),
        client_auth=settings.oidc_client_auth_method,
        client_key_pem=_key_text(settings.oidc_client_key_file) if settings.oidc_client_key_file else None,
        client_key_id=settings.oidc_client_key_id,
        client_assertion_audience=settings.oidc_client_assertion_audience,
        auth_params=_request_parameters(settings),
        max_age=settings.oidc_max_age,
        acr_values=settings.oidc_acr_values,
        send_id_token_hint=settings.oidc_logout_hint,
    )


def _key_text(path: Path) -> str:
    # PEM or JWK: whatever is no UTF-8 stands in a comment.
    return path.read_text("utf-8", errors="replace")


def _request_parameters(settings: Settings) -> tuple[tuple[str, str], ...]:
    """What goes into every authorization request beside the protocol's own."""
    named = (("prompt", settings.oidc_prompt), ("login_hint", settings.oidc_login_hint))
    return (*((name, value) for name, value in named if value), *settings.oidc_extra_params)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert_path is None or settings.tls_key_path is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_cert_path, settings.tls_key_path)
    return context
