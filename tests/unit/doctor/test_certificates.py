"""What a certificate says by itself."""

from __future__ import annotations

import ssl
import time

import pytest
from tests.support.certificates import Authority

from headlamp.doctor.certificates import Certificate, Distrust, authorities_in, read_certificate


def certificate(*names: str) -> Certificate:
    return Certificate(names=names, issuer="Example CA", not_before=100.0, not_after=200.0)


@pytest.mark.parametrize(
    ("own", "name", "fits"),
    [
        ("idp.example.com", "IDP.example.com", True),
        ("idp.example.com", "idp.example.com.", True),
        ("idp.example.com", "other.example.com", False),
        ("*.example.com", "idp.example.com", True),
        ("*.example.com", "a.idp.example.com", False),
        ("*.example.com", "example.com", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("2001:db8::1", "2001:0db8:0::1", True),
        ("10.0.0.1", "10.0.0.2", False),
    ],
)
def test_a_certificate_is_for_its_names(own: str, name: str, fits: bool) -> None:
    assert (certificate("else.example.com", own).fault(name, 150.0) is None) is fits


@pytest.mark.parametrize(("now", "fault"), [(99.0, Distrust.NOT_YET_VALID), (150.0, None), (201.0, Distrust.EXPIRED)])
def test_a_certificate_is_for_its_time(now: float, fault: Distrust | None) -> None:
    assert certificate("a").fault("a", now) is fault


def test_without_names_it_is_for_nobody() -> None:
    assert certificate().fault("a", 150.0) is Distrust.WRONG_NAME
    assert certificate().listed_names == "no host name at all"


def test_many_names_are_counted() -> None:
    assert certificate(*(f"h{n}" for n in range(9))).listed_names == "h0, h1, h2, h3, h4, h5 and 3 more"


def test_a_real_one_is_read() -> None:
    pem, _ = Authority("Example CA").issue("idp.example.com", "10.0.0.1", ends=1000)
    read = read_certificate(ssl.PEM_cert_to_DER_cert(pem))
    assert read is not None
    assert (read.names, read.issuer) == (("idp.example.com", "10.0.0.1"), "Example CA")
    assert read.not_after - time.time() == pytest.approx(1000, abs=60)


def test_what_is_no_certificate_is_none() -> None:
    assert read_certificate(b"nothing") is None
    assert authorities_in("nothing") == []
