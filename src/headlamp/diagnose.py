"""The command `headlamp doctor`: from its command line to a report and an exit status."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import msgspec

from headlamp.app import assemble
from headlamp.clusters.cluster import Cluster
from headlamp.doctor.checks.settings import LOAD, unusable
from headlamp.doctor.credentials import HandedToken
from headlamp.doctor.examination import Progress, examine
from headlamp.doctor.examined import ShownToken
from headlamp.doctor.findings import Finding
from headlamp.doctor.options import HELP, BadOptions, Options, read_options
from headlamp.doctor.printing import printed
from headlamp.doctor.report import Report, Scrubber
from headlamp.doctor.sign_in import try_sign_in
from headlamp.oidc.cluster_token import credential
from headlamp.problems import Problem
from headlamp.sessions.cookie import Ticket
from headlamp.sessions.secret import FILE_NAME, read_secret, secret_from_text
from headlamp.settings import Loaded, SettingsError, load
from headlamp.web.callback_url import expected_callback_url, expected_logout_urls
from headlamp.web.diagnosing import examined, shown_token, tokens_of_session
from headlamp.web.providers import DEFAULT
from headlamp.web.services import Services

_HELP = frozenset({"-h", "-help", "--help"})
_LARGEST_FILE = 2 * 1024 * 1024
_UNKNOWN_HOST = "YOUR-HOST"

ALL_WELL, SOMETHING_FAILED, NOT_UNDERSTOOD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where the report goes, and where everything else does. `colour` and `width` are for the first."""

    out: TextIO
    err: TextIO
    colour: bool = False
    width: int = 100

    def show(self, text: str) -> None:
        """Say something that is no part of the report."""
        self.err.write(text)
        self.err.flush()


@dataclass(slots=True)
class _Shown:
    """The tokens that clusters are shown, and what came of getting them."""

    tokens: Mapping[str, ShownToken] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)


def run(argv: Sequence[str], env: Mapping[str, str], terminal: Terminal) -> int:
    """Examine, print, and return the exit status."""
    if not _HELP.isdisjoint(argv):
        terminal.out.write(HELP)
        return ALL_WELL
    try:
        options = read_options(argv)
        loaded = load(options.flags, env)
    except BadOptions as error:
        terminal.show(f"headlamp: {error} `headlamp doctor --help` explains the options.\n")
        return NOT_UNDERSTOOD
    except SettingsError as error:
        _print(Report(tuple(unusable(error))), options, terminal)
        return NOT_UNDERSTOOD
    try:
        report = asyncio.run(_examine(loaded, options, terminal))
    except BadOptions as error:
        terminal.show(f"headlamp: {error}\n")
        return NOT_UNDERSTOOD
    except KeyboardInterrupt:
        return SOMETHING_FAILED
    _print(report, options, terminal)
    return ALL_WELL if report.healthy else SOMETHING_FAILED


async def _examine(loaded: Loaded, options: Options, terminal: Terminal) -> Report:
    settings = loaded.settings
    secret = _secret(loaded)
    try:
        # Without the server's secret nothing is opened or sealed, and the parts want one all the same.
        services = assemble(settings, secret or bytes(32))
    except (Problem, OSError, ValueError) as error:
        # A file that the settings name and that was readable a moment ago, for example.
        why = error.message if isinstance(error, Problem) else f"The server can't be put together: {error}."
        return Report((LOAD.failed(why, "Correct the settings; `headlamp serve --help` explains them."),))
    callback = expected_callback_url(settings, settings.port)
    known = _UNKNOWN_HOST not in callback
    async with AsyncExitStack() as stack:
        stack.push_async_callback(services.providers.close)
        stack.push_async_callback(services.transports.close)
        shown = await _tokens(services, options, callback if known else "", secret, terminal, stack)
        report = await examine(
            examined(
                services,
                callback_url=callback if known else "",
                logout_urls=expected_logout_urls(settings, settings.port) if known else (),
                address=_address(loaded),
                tickets=services.tickets if secret is not None else None,
                shown=shown.tokens,
                warnings=loaded.warnings,
            ),
            progress=_progress(terminal),
            skip=options.skip,
        )
    scrub = Scrubber(shown.secrets)
    return Report(tuple(scrub(finding) for finding in (*shown.findings, *report.findings)))


async def _tokens(
    services: Services,
    options: Options,
    callback: str,
    secret: bytes | None,
    terminal: Terminal,
    stack: AsyncExitStack,
) -> _Shown:
    """What the clusters are shown. Raises `BadOptions` when what was asked for can't be had."""
    if options.token_file:
        return _of_file(services, options.token_file)
    if options.session_file:
        return await _of_session(services, options.session_file, secret, stack)
    if options.sign_in:
        return await _of_sign_in(services, callback, terminal)
    return _Shown(tokens_of_session(services, None, whose="") if services.local_credentials else {})


def _of_file(services: Services, path: str) -> _Shown:
    token = _read(path)
    if not token or not token.isascii() or any(c.isspace() for c in token):
        raise BadOptions("--token-file must hold one token and nothing else.")
    whose = "the token of standard input" if path == "-" else f"the token in {path}"
    handed = HandedToken(token)
    tokens = {
        cluster.name: shown_token(services, cluster, handed, whose=whose, kind="pasted_token")
        for cluster in _usable(services)
    }
    return _Shown(tokens, secrets=(token,))


async def _of_session(services: Services, path: str, secret: bytes | None, stack: AsyncExitStack) -> _Shown:
    """The tokens of a session in the server's store; a renewal that is due is made, and stored for the server too."""
    if services.settings.session_database is None:
        raise BadOptions("--as-session needs a session store that two programs can share: -session-store=sqlite.")
    if secret is None:
        raise BadOptions("--as-session needs the server's secret: run it as the server's user, with its -state-dir.")
    value = next((part for part in _read(path).replace("=", " ").split() if Ticket.decode(part.rstrip(";"))), "")
    if not value:
        raise BadOptions("--as-session: the file holds no value of a session cookie (64 letters).")
    try:
        await services.sessions.start()
        stack.push_async_callback(services.sessions.close)
        session = await services.sessions.resolve(value.rstrip(";"))
    except Problem as problem:
        raise BadOptions(f"--as-session: {problem.message} {problem.remedy}") from None
    if session is None:
        raise BadOptions("--as-session: there is no such session (any more). Sign in again, and take the new cookie.")
    return _Shown(tokens_of_session(services, session, whose="the token of that session"), secrets=(value,))


async def _of_sign_in(services: Services, callback: str, terminal: Terminal) -> _Shown:
    providers = dict(services.providers)
    party = providers.get(DEFAULT) or next(iter(providers.values()), None)
    if party is None:
        raise BadOptions("--sign-in needs an identity provider: -oidc-idp-issuer-url and -oidc-client-id.")
    tried = await try_sign_in(
        party,
        callback,
        tls=_tls(services),
        show=lambda url: terminal.show(f"Open this address in a browser on this machine, and sign in:\n\n{url}\n\n"),
    )
    if tried.sign_in is None:
        return _Shown(findings=tried.findings)
    signed_in = tried.sign_in.tokens
    tokens = {}
    for cluster in _usable(services):
        if services.providers.for_cluster(cluster) is party:
            rule = services.providers.rule_for(cluster)
            tokens[cluster.name] = shown_token(
                services,
                cluster,
                HandedToken(credential(signed_in, rule)),
                whose="the token of the test sign-in",
                kind="access_token" if rule.use_access_token else "id_token",
            )
    secrets = (signed_in.id_token, signed_in.access_token, signed_in.refresh_token or "")
    return _Shown(tokens, tried.findings, secrets)


def _usable(services: Services) -> list[Cluster]:
    return [cluster for cluster in services.clusters.all() if cluster.error is None]


def _read(path: str) -> str:
    try:
        if path == "-":
            content = sys.stdin.buffer.read(_LARGEST_FILE)
        else:
            with Path(path).open("rb") as file:
                content = file.read(_LARGEST_FILE)
    except OSError as error:
        raise BadOptions(f"{path} can't be read: {(error.strerror or 'it is not readable').lower()}.") from None
    return content.decode("utf-8", "replace").strip()


def _secret(loaded: Loaded) -> bytes | None:
    """The server's secret, if it is there and can be read; never a new one: that is the server's to make."""
    settings = loaded.settings
    path = settings.state_dir / FILE_NAME
    try:
        if settings.session_secret is not None:
            return secret_from_text(settings.session_secret.reveal())
        return read_secret(path) if path.exists() else None
    except (Problem, OSError):
        return None  # the check of sessions says what is wrong with it


def _address(loaded: Loaded) -> str:
    settings = loaded.settings
    if settings.public_url:
        return settings.public_url
    if not settings.loopback_only or not settings.port:
        return ""
    return f"{'https' if settings.tls_cert_path else 'http'}://localhost:{settings.port}{settings.base_url}"


def _tls(services: Services) -> ssl.SSLContext | None:
    settings = services.settings
    if settings.tls_cert_path is None or settings.tls_key_path is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_cert_path, settings.tls_key_path)
    return context


def _progress(terminal: Terminal) -> Progress:
    interactive = terminal.err.isatty()

    def show(done: int, of: int) -> None:
        if interactive:
            # Back to the beginning, and nothing of the line before.
            terminal.show(f"\r\x1b[KChecking: {done} of {of}" if done < of else "\r\x1b[K")

    return show


def _print(report: Report, options: Options, terminal: Terminal) -> None:
    if options.as_json:
        terminal.out.write(msgspec.json.format(msgspec.json.encode(report.as_json()), indent=2).decode() + "\n")
    else:
        terminal.out.write(printed(report, colour=terminal.colour, width=terminal.width))
