"""What a server's certificate says, and in which way it is not to be trusted."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

MOST_NAMES = 6


class Distrust(Enum):
    """Why a certificate is refused, by what has to be done about it."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    WRONG_NAME = "wrong name"
    SELF_SIGNED = "self-signed"
    UNKNOWN_AUTHORITY = "unknown authority"
    OTHER = "other"


# X509_V_ERR_* of OpenSSL's x509_vfy.h
_REASONS = {
    9: Distrust.NOT_YET_VALID,
    10: Distrust.EXPIRED,
    18: Distrust.SELF_SIGNED,
    19: Distrust.UNKNOWN_AUTHORITY,
    20: Distrust.UNKNOWN_AUTHORITY,
    21: Distrust.UNKNOWN_AUTHORITY,
    62: Distrust.WRONG_NAME,
    64: Distrust.WRONG_NAME,
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The parts of a certificate that explain a refusal. Times are in seconds since the epoch."""

    names: tuple[str, ...]
    issuer: str
    not_before: float
    not_after: float

    def fault(self, name: str, now: float) -> Distrust | None:
        """What is wrong with the certificate by itself, whoever has issued it: OpenSSL names only the first fault."""
        if now > self.not_after:
            return Distrust.EXPIRED
        if now < self.not_before:
            return Distrust.NOT_YET_VALID
        return None if any(_fits(own, name) for own in self.names) else Distrust.WRONG_NAME

    @property
    def listed_names(self) -> str:
        """The names that it is valid for, in words."""
        if not self.names:
            return "no host name at all"
        more = len(self.names) - MOST_NAMES
        return ", ".join(self.names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def read_certificate(der: bytes) -> Certificate | None:
    """Read a certificate; None when it can't be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = _names(certificate)
        issuer = _issuer(certificate)
    except ValueError:
        return None
    return Certificate(
        names=names,
        issuer=issuer,
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
    )


def authorities_in(pem: str) -> list[Certificate]:
    """The certificates of a file of authorities; empty when there are none."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []
    return [
        Certificate(
            names=(_name(certificate.subject),),
            issuer=_issuer(certificate),
            not_before=certificate.not_valid_before_utc.timestamp(),
            not_after=certificate.not_valid_after_utc.timestamp(),
        )
        for certificate in found
    ]


def why_distrusted(error: ssl.SSLCertVerificationError) -> Distrust:
    """The kind of refusal, by OpenSSL's number for it."""
    return _REASONS.get(error.verify_code, Distrust.OTHER)


def _fits(own: str, name: str) -> bool:
    """RFC 9525, section 6.3: a wildcard stands for the first label, and for the whole of it."""
    own, name = own.lower().rstrip("."), name.lower().rstrip(".")
    if own.startswith("*."):
        return own[1:] == name[name.find(".") :] and "." in name
    try:
        return ip_address(own) == ip_address(name)
    except ValueError:
        return own == name


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The subject alternative names; the common name counts for nothing in TLS (RFC 9525, section 2)."""
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except x509.ExtensionNotFound:
        return ()
    value = extension.value
    if not isinstance(value, x509.SubjectAlternativeName):
        return ()
    addresses = [str(address) for address in value.get_values_for_type(x509.IPAddress)]
    return (*value.get_values_for_type(x509.DNSName), *addresses)


def _issuer(certificate: x509.Certificate) -> str:
    return _name(certificate.issuer)


def _name(name: x509.Name) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(kind)
        if found:
            return str(found[0].value)
    return name.rfc4514_string() or "an unnamed authority"
