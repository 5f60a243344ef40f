"""The settings: that they can be used is known by now; here is what they risk, and what they leave out."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from headlamp.doctor.evidence import Case
from headlamp.doctor.examined import Examined
from headlamp.doctor.findings import Finding, Point
from headlamp.settings.addresses import is_loopback
from headlamp.settings.checks import risks
from headlamp.settings.declaring import declarations
from headlamp.settings.errors import SettingsError
from headlamp.settings.table import Settings

LOAD = Point("settings.load", "Settings", "The server does not start with settings that it does not understand.")
RISK = Point("settings.risk", "Risky setting", "It weakens what keeps people's sessions and tokens safe.")
VARIABLE = Point("settings.unused", "Setting without effect", "Somebody may believe that it has one.")
SIGN_IN = Point("settings.sign_in", "Sign-in", "Without an identity provider people can only paste tokens.")
PUBLIC_URL = Point(
    "settings.public_url",
    "Public URL",
    "The callback URL, cookies and the check of who asks depend on the address that people have in their browsers.",
)
PROXIES = Point(
    "settings.trusted_proxies",
    "Trusted proxies",
    "Whoever is trusted as a proxy can make the server believe that a connection is https.",
)
FILES = Point("settings.secret_files", "Files with secrets", "Whoever can read a secret can use it.")
CLUSTERS = Point("settings.clusters", "Clusters", "Without a cluster there is nothing to see.")

_SECRET_FILES = ("oidc_client_secret_file", "oidc_client_key_file", "session_secret_file", "tls_key_path")
# A network of so many addresses is the internet, or a good part of it.
_WIDEST = {4: 8, 6: 7}


def unusable(error: SettingsError) -> Iterator[Finding]:
    """What there is to say when the settings can't be used: nothing else can be looked at then."""
    for line in error.lines:
        yield LOAD.failed(line, error.remedy)


async def check(case: Case) -> AsyncIterator[Finding]:
    """All points about the settings."""
    settings, examined = case.settings, case.examined
    given = sum(getattr(settings, row.name) != row.default for row in declarations(Settings))
    yield LOAD.ok(f"They can be used; {given} differ from their defaults.")
    for finding in _risky(examined):
        yield finding
    yield _sign_in(examined)
    yield _public_url(settings, has_providers=bool(examined.providers))
    yield _proxies(settings)
    if (files := _secret_files(settings)) is not None:
        yield files
    yield _clusters(examined)


def _risky(examined: Examined) -> Iterator[Finding]:
    known = {row.name: row.both_names for row in declarations(Settings)}
    told = [(f"{known[name]} {message}.", known[name]) for name, message in risks(examined.settings)]
    for found, setting in told:
        yield RISK.warning(found, f"Leave {setting} out.")
    endings = tuple(found.removeprefix(setting) for found, setting in told)
    for warning in examined.warnings:
        # The same risk, named after the variable that it was set by.
        if not endings or not warning.endswith(endings):
            yield VARIABLE.warning(warning, "Correct its name, or take it out of the environment.")


def _sign_in(examined: Examined) -> Finding:
    if examined.local:
        return SIGN_IN.ok(
            "No provider, and this machine only: whoever is at it works with the kubeconfig's own credentials."
        )
    if not examined.providers:
        remedy = "Set -oidc-idp-issuer-url, -oidc-client-id and -oidc-client-secret-file."
        return SIGN_IN.warning("There is no identity provider.", remedy)
    names = ", ".join(provider.config.issuer for provider in examined.providers)
    return SIGN_IN.ok(f"People sign in at {names}.")


def _public_url(settings: Settings, *, has_providers: bool) -> Finding:
    if settings.public_url:
        parts = urlsplit(settings.public_url)
        if parts.scheme == "http" and not is_loopback(parts.hostname or "") and not settings.insecure_cookie:
            remedy = f"Serve https, and set -public-url=https://{parts.netloc}{parts.path}."
            found = f"{settings.public_url} is plain http: there is no session cookie over that, so nobody can sign in."
            return PUBLIC_URL.failed(found, remedy)
        return PUBLIC_URL.ok(settings.public_url)
    if settings.loopback_only or not has_providers:
        return PUBLIC_URL.ok("It is not set, and not needed: the server is for this machine, or nobody signs in.")
    if settings.oidc_callback_url:
        return PUBLIC_URL.ok("It is not set; the callback URL is.")
    remedy = "Set -public-url=https://HOST to the address that people open."
    found = "It is not set: the callback URL is made from what each request says, and is right only if a proxy says it."
    return PUBLIC_URL.warning(found, remedy)


def _proxies(settings: Settings) -> Finding:
    wide = [str(net) for net in settings.trusted_proxies if net.prefixlen < _WIDEST[net.version]]
    if wide:
        remedy = "Set -trusted-proxies to the addresses of your ingress alone."
        return PROXIES.warning(f"{', '.join(wide)} is nearly everybody.", remedy)
    return PROXIES.ok(f"{len(settings.trusted_proxies)} networks.")


def _secret_files(settings: Settings) -> Finding | None:
    paths = [path for name in _SECRET_FILES if (path := getattr(settings, name)) is not None]
    if not paths:
        return None
    open_ones = [str(path) for path in paths if _mode(path) & 0o007]
    if open_ones:
        remedy = f"chmod o= {' '.join(open_ones)}"
        return FILES.warning(f"Everybody on this machine may read {', '.join(open_ones)}.", remedy)
    return FILES.ok(f"{len(paths)}, none of which everybody may read.")


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode) if os.name == "posix" else 0
    except OSError:
        return 0


def _clusters(examined: Examined) -> Finding:
    if examined.cluster_problems:
        remedy = "Correct the file; it is read again by itself."
        return CLUSTERS.failed(" ".join(examined.cluster_problems), remedy)
    if not examined.clusters:
        remedy = "Name a kubeconfig with -kubeconfig=/path/to/config, or set -in-cluster in a pod."
        return CLUSTERS.warning("There is none.", remedy)
    return CLUSTERS.ok(", ".join(cluster.cluster.original_name for cluster in examined.clusters[:8]))
