"""What the way to a server means: findings about its name, its port, its certificate and its clock."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime

from headlamp.doctor.certificates import Certificate, Distrust
from headlamp.doctor.findings import Finding, Point
from headlamp.doctor.reaching import Connected, Failure, Handshake, Place, connect, look_up, shake_hands
from headlamp.doctor.tools import Tools
from headlamp.oidc.verification import LEEWAY
from headlamp.settings.addresses import is_loopback

SOON_S = 14 * 86400.0
SKEW_S = 30.0

_CLOCK_REMEDY = (
    "Let this machine and that one take their time from a time server. On this one `timedatectl` or `chronyc tracking` "
    "shows whether it does."
)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to type when the way to one kind of server is blocked. All are whole sentences.

    `address` says where the address is set, `authority` where an authority is named, `name` what sets another name to
    check the certificate for ("" when nothing does).
    """

    address: str
    authority: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Which faults of a certificate are only a warning, and because of what; whether the way `goes_on` behind any."""

    of: frozenset[Distrust]
    because: str
    goes_on: bool


NONE = Tolerance(frozenset(), "", goes_on=False)
NOT_VERIFIED = Tolerance(frozenset(Distrust), "It is not verified, as the settings say.", goes_on=True)


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a server: what was found on it, and whether it leads there. `address` is the one that answered."""

    findings: tuple[Finding, ...]
    open: bool
    address: str = ""
    handshake: Handshake | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Road:
    """The points on the way to one kind of server; `group` is the first word of their ids."""

    group: str
    who: str

    @property
    def dns(self) -> Point:
        return Point(f"{self.group}.dns", "Host name", f"Without its address nobody reaches {self.who}.")

    @property
    def tcp(self) -> Point:
        return Point(f"{self.group}.tcp", "Connection", f"Every request to {self.who} needs one.")

    @property
    def tls(self) -> Point:
        return Point(
            f"{self.group}.tls",
            "Certificate",
            f"It is how one knows that it is {self.who} who answers. Without trust in it nothing is sent there.",
        )

    @property
    def expiry(self) -> Point:
        return Point(f"{self.group}.expiry", "Certificate's end", "From that moment on nothing is sent there.")

    @property
    def clock(self) -> Point:
        return Point(
            f"{self.group}.clock",
            "Clock",
            "Tokens say from when and until when they are valid. Where clocks differ, good ones are refused.",
        )


async def travel(
    road: Road,
    place: Place,
    *,
    subject: str,
    context: ssl.SSLContext,
    advice: Advice,
    tools: Tools,
    tolerance: Tolerance = NONE,
) -> Way:
    """Look the name up, connect, shake hands: as far as it goes. `context` judges the certificate."""
    findings: list[Finding] = []
    addresses = await look_up(place, tools)
    if isinstance(addresses, Failure):
        remedy = (
            f"Check the spelling, and the DNS that this machine uses: `getent hosts {place.host}`. {advice.address}"
        )
        findings.append(road.dns.failed(f"{place.host}: {addresses.reason}.", remedy, subject=subject))
        return Way(tuple(findings), open=False)
    known = "It is an address." if addresses == [place.host] else f"{place.host} is {_listed(addresses)}."
    findings.append(road.dns.ok(known, subject=subject))

    connected = await connect(place, addresses, tools)
    findings.append(_connection(road, place, connected, advice, subject))
    if not connected.answering:
        return Way(tuple(findings), open=False)
    address = connected.answering[0]
    if not place.tls:
        findings.append(_plain(road, place, advice, subject))
        return Way(tuple(findings), open=True, address=address)

    handshake = await shake_hands(place, address, context, tools)
    if isinstance(handshake, Failure):
        remedy = (
            f"Check that {place} is the https port, and what is in front of it: "
            f"`openssl s_client -connect {place} -servername {place.expected_name}`. {advice.address}"
        )
        findings.append(road.tls.failed(f"{place}: {handshake.reason}.", remedy, subject=subject))
        return Way(tuple(findings), open=False, address=address)
    findings += _certificate(road, place, handshake, advice, tools, subject, tolerance)
    good = handshake.distrust is None or tolerance.goes_on
    return Way(tuple(findings), open=good, address=address, handshake=handshake)


def clock(road: Road, skew: float | None, *, subject: str) -> Finding:
    """What a `Date` header says about the clocks; `skew` in seconds, positive when the other one is ahead."""
    if skew is None:
        return road.clock.skipped("The answer does not say what time it is there (no Date header).", subject=subject)
    if abs(skew) <= SKEW_S:
        # Date has whole seconds: closer than that there is nothing to see.
        return road.clock.ok(f"It is within {max(1.0, abs(skew)):.0f} s of this machine's.", subject=subject)
    found = f"It is {_duration(abs(skew))} {'ahead of' if skew > 0 else 'behind'} this machine's."
    if abs(skew) <= LEEWAY:
        return road.clock.warning(found, _CLOCK_REMEDY, subject=subject)
    return road.clock.failed(found, _CLOCK_REMEDY, subject=subject)


def _connection(road: Road, place: Place, connected: Connected, advice: Advice, subject: str) -> Finding:
    silent = "; ".join(f"{address}: {reason}" for address, reason in connected.silent.items())
    if not connected.answering:
        remedy = (
            f"Check that it runs, and that no firewall or network policy is between: "
            f"`nc -vz {place.host} {place.port}`. "
            f"Proxies that the environment names are not used. {advice.address}"
        )
        return road.tcp.failed(f"Port {place.port} takes no connection ({silent}).", remedy, subject=subject)
    if connected.silent:
        remedy = "Take those that don't answer out of DNS, or make them answer: each attempt there costs people time."
        found = f"Port {place.port} answers at {_listed(connected.answering)}, but not everywhere ({silent})."
        return road.tcp.warning(found, remedy, subject=subject)
    return road.tcp.ok(f"Port {place.port} answers at {_listed(connected.answering)}.", subject=subject)


def _plain(road: Road, place: Place, advice: Advice, subject: str) -> Finding:
    if is_loopback(place.host):
        return road.tls.ok("Plain http, on this machine only.", subject=subject)
    remedy = f"Use https. {advice.address}"
    found = f"{place} is plain http: tokens are readable on the network between."
    return road.tls.warning(found, remedy, subject=subject)


def _certificate(
    road: Road,
    place: Place,
    handshake: Handshake,
    advice: Advice,
    tools: Tools,
    subject: str,
    tolerance: Tolerance,
) -> list[Finding]:
    certificate = handshake.certificate
    if handshake.distrust is not None:
        own = certificate.fault(place.expected_name, tools.now()) if certificate is not None else None
        faults = [handshake.distrust] if own in (None, handshake.distrust) else [handshake.distrust, own]
        told = [_distrust(place, handshake, fault, advice, tools.now()) for fault in faults]
        look = f"`openssl s_client -connect {place} -servername {place.expected_name} -showcerts` shows what it sends."
        found, remedy = " ".join(found for found, _ in told), " ".join([*(remedy for _, remedy in told), look])
        if not tolerance.of.issuperset(faults):
            return [road.tls.failed(found, remedy, subject=subject)]
        return [road.tls.warning(f"{tolerance.because} {found}", remedy, subject=subject)]
    by = f", issued by {certificate.issuer}" if certificate is not None else ""
    findings = [road.tls.ok(f"Trusted for {place.expected_name}{by}.", subject=subject)]
    if certificate is not None:
        findings.append(_end(road, certificate, tools.now(), subject))
    return findings


def _end(road: Road, certificate: Certificate, now: float, subject: str) -> Finding:
    left = certificate.not_after - now
    found = f"It ends on {_day(certificate.not_after)}, in {_duration(left)}."
    if left > SOON_S:
        return road.expiry.ok(found, subject=subject)
    remedy = "Renew it, and find out why that did not happen by itself."
    return road.expiry.warning(found, remedy, subject=subject)


def _distrust(place: Place, handshake: Handshake, distrust: Distrust, advice: Advice, now: float) -> tuple[str, str]:
    """What is wrong with a certificate, and what to do."""
    certificate = handshake.certificate
    match distrust:
        case Distrust.EXPIRED if certificate is not None and certificate.not_after <= now:
            return f"It ended on {_day(certificate.not_after)}.", f"Renew the certificate of {place}."
        case Distrust.EXPIRED:
            return (
                "A certificate in its chain has ended (the authority's, or one between).",
                f"Renew that certificate, or name the new authority. {advice.authority}",
            )
        case Distrust.NOT_YET_VALID:
            begin = _day(certificate.not_before) if certificate is not None else "a day to come"
            return f"It is valid from {begin} on.", _CLOCK_REMEDY
        case Distrust.WRONG_NAME:
            names = certificate.listed_names if certificate is not None else "other names"
            return (
                f"It is valid for {names}, and not for {place.expected_name}.",
                f"Use a name that it is valid for, or have one issued for {place.expected_name}. "
                f"{advice.address} {advice.name}".rstrip(),
            )
        case Distrust.SELF_SIGNED:
            return (
                "It is signed by itself, and not known here.",
                f"{advice.authority} The file may hold this very certificate.",
            )
        case Distrust.UNKNOWN_AUTHORITY:
            by = f" ({certificate.issuer})" if certificate is not None else ""
            return (
                f"Its authority{by} is not known here, or the server leaves out a certificate in between.",
                f"{advice.authority} If the authority is a public one, let the server send its whole chain.",
            )
        case _:
            return f"It is refused: {handshake.words or 'no reason is given'}.", f"{advice.authority}"


def _listed(addresses: list[str] | tuple[str, ...]) -> str:
    return ", ".join(addresses[:4]) + (f" and {len(addresses) - 4} more" if len(addresses) > 4 else "")


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
