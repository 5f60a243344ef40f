"""The way to an identity provider: its address, name, port, certificate, clock."""

from __future__ import annotations

from collections.abc import AsyncIterator

from headlamp.doctor.asking import Reply, ask
from headlamp.doctor.certificates import authorities_in
from headlamp.doctor.evidence import PROVIDER_ROAD, ProviderCase
from headlamp.doctor.findings import Finding, Point
from headlamp.doctor.judging import SOON_S, clock
from headlamp.oidc.errors import InsecureAddress, OidcProblem
from headlamp.oidc.http import require_secure
from headlamp.oidc.metadata import discovery_url

ADDRESS = Point(
    "provider.address", "Issuer URL", "Whoever can answer in the provider's place signs people in as whom they like."
)
AUTHORITY = Point(
    "provider.authority", "Its authority's file", "The provider's certificate is judged by the certificates in it."
)
VERIFYING = Point(
    "provider.verifying",
    "Verification",
    "Without it anybody on the network between can answer in the provider's place, and sign in as whom they like.",
)


async def check(case: ProviderCase) -> AsyncIterator[Finding]:
    """All points on the way to the provider."""
    subject = case.subject
    try:
        require_secure(case.config.issuer, "issuer")
    except InsecureAddress as problem:
        remedy = f"Set the provider's https address: {case.knobs.set('issuer', 'https://…')}."
        yield ADDRESS.failed(problem.message, remedy, subject=subject)
        return
    try:
        context = case.context()
    except OidcProblem as problem:
        remedy = f"Name a PEM file of certificates: {case.knobs.set('authority', '/path/to/ca.pem')}."
        yield AUTHORITY.failed(problem.message, remedy, subject=subject)
        return
    for finding in _authorities(case):
        yield finding
    if case.config.skip_tls_verify:
        remedy = (
            f"Leave out {case.knobs.name('skip_verify')}; for an authority of your own set "
            f"{case.knobs.set('authority', '/path/to/ca.pem')}."
        )
        yield VERIFYING.warning("The provider's certificate is not verified.", remedy, subject=subject)
    way = await case.way.get()
    for finding in way.findings:
        yield finding
    if way.open:
        reply = await ask(discovery_url(case.config.issuer), context=context, tools=case.tools)
        if isinstance(reply, Reply):
            yield clock(PROVIDER_ROAD, reply.skew, subject=subject)


def _authorities(case: ProviderCase) -> list[Finding]:
    if case.config.ca_pem is None:
        return []
    now = case.tools.now()
    known = authorities_in(case.config.ca_pem)
    ending = [authority for authority in known if authority.not_after - now <= SOON_S]
    if not ending:
        names = ", ".join(authority.names[0] for authority in known[:4])
        return [AUTHORITY.ok(f"It has {len(known)}: {names}.", subject=case.subject)]
    names = ", ".join(authority.names[0] for authority in ending[:4])
    found = f"It holds certificates that have ended, or do within 14 days: {names}."
    remedy = f"Put the new ones into the file of {case.knobs.name('authority')}, beside the others."
    return [AUTHORITY.warning(found, remedy, subject=case.subject)]
