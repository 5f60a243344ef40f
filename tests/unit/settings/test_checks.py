"""What settings must be together, and what is in the files that they name."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from headlamp.settings import Settings, SettingsError, load, parse

ENV = {"HOME": "/home/ada"}
PROVIDER = ["-oidc-client-id=headlamp", "-oidc-idp-issuer-url=https://idp.example"]
CANARY = "canary-of-a-secret-0123456789abcdef"


def errors(*argv: str, **env: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(argv, ENV | env)
    assert CANARY not in str(caught.value) + repr(caught.value)
    return "\n".join(caught.value.lines)


def key_pair(folder: Path, password: bytes | None = None) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password)
    folder.mkdir(exist_ok=True)
    certificate_path, key_path = folder / "tls.crt", folder / "tls.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return certificate_path, key_path


def test_a_provider_needs_client_id_and_issuer() -> None:
    settings = parse(PROVIDER, ENV)
    assert settings.oidc_configured
    assert not Settings().oidc_configured


def test_a_client_id_without_an_issuer_is_refused() -> None:
    found = errors("-oidc-client-id=headlamp")
    assert found == (
        "-oidc-client-id (HEADLAMP_CONFIG_OIDC_CLIENT_ID) needs "
        "-oidc-idp-issuer-url (HEADLAMP_CONFIG_OIDC_IDP_ISSUER_URL) too."
    )


def test_an_issuer_without_a_client_id_is_refused() -> None:
    found = errors(HEADLAMP_CONFIG_OIDC_IDP_ISSUER_URL="https://idp.example")
    assert found == (
        "HEADLAMP_CONFIG_OIDC_IDP_ISSUER_URL (-oidc-idp-issuer-url) needs "
        "-oidc-client-id (HEADLAMP_CONFIG_OIDC_CLIENT_ID) too."
    )


def test_a_client_secret_without_a_client_id_is_refused() -> None:
    assert "-oidc-client-secret (HEADLAMP_CONFIG_OIDC_CLIENT_SECRET) needs" in errors(f"-oidc-client-secret={CANARY}")


def test_an_issuer_over_plain_http_is_for_loopback_hosts_only() -> None:
    assert "must be an https URL" in errors("-oidc-client-id=a", "-oidc-idp-issuer-url=http://idp.example")
    for host in ("localhost:5556", "127.0.0.1:5556", "[::1]:5556", "idp.localhost"):
        assert parse(["-oidc-client-id=a", f"-oidc-idp-issuer-url=http://{host}/dex"], ENV).oidc_configured


def test_a_ca_file_that_is_missing_is_refused() -> None:
    assert '-oidc-ca-file (HEADLAMP_CONFIG_OIDC_CA_FILE) can\'t be read: "/nowhere/ca": no such file' in errors(
        *PROVIDER, "-oidc-ca-file=/nowhere/ca"
    )


@pytest.mark.parametrize("content", [b"", b"not PEM", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_ca_file_without_certificates_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ca.crt"
    path.write_bytes(content)
    assert "-oidc-ca-file" in errors(*PROVIDER, f"-oidc-ca-file={path}")


def test_a_ca_file_with_a_certificate_is_taken(tmp_path: Path) -> None:
    certificate, _ = key_pair(tmp_path)
    assert parse([*PROVIDER, f"-oidc-ca-file={certificate}"], ENV).oidc_ca_file == certificate


def test_a_ca_file_may_name_its_authorities_in_any_language(tmp_path: Path) -> None:
    certificate, _ = key_pair(tmp_path)
    certificate.write_bytes("# Főtanúsítvány\n".encode() + certificate.read_bytes())
    assert parse([*PROVIDER, f"-oidc-ca-file={certificate}"], ENV).oidc_ca_file == certificate


def test_certificate_and_key_are_both_given_or_none(tmp_path: Path) -> None:
    certificate, key = key_pair(tmp_path)
    assert "-tls-cert-path (HEADLAMP_CONFIG_TLS_CERT_PATH) needs -tls-key-path" in errors(
        f"-tls-cert-path={certificate}"
    )
    assert "-tls-key-path (HEADLAMP_CONFIG_TLS_KEY_PATH) needs -tls-cert-path" in errors(f"-tls-key-path={key}")
    assert parse([f"-tls-cert-path={certificate}", f"-tls-key-path={key}"], ENV).tls_key_path == key


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    certificate, _ = key_pair(tmp_path / "a")
    _, key = key_pair(tmp_path / "b")
    assert "its own private key" in errors(f"-tls-cert-path={certificate}", f"-tls-key-path={key}")


def test_an_encrypted_key_is_refused_without_asking_for_its_password(tmp_path: Path) -> None:
    certificate, key = key_pair(tmp_path, password=b"hunter2hunter2")
    assert "not encrypted" in errors(f"-tls-cert-path={certificate}", f"-tls-key-path={key}")


def test_both_files_of_a_key_pair_that_are_missing_are_named() -> None:
    assert len(errors("-tls-cert-path=/nowhere/a", "-tls-key-path=/nowhere/b").splitlines()) == 2


@pytest.mark.parametrize("text", [f"{CANARY}\n", f"\ufeff{CANARY}\r\n"])
def test_a_secret_is_read_from_its_file_without_what_editors_put_around_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(text.encode())
    settings = parse([*PROVIDER, f"-oidc-client-secret-file={path}"], ENV)
    assert settings.oidc_client_secret is not None
    assert settings.oidc_client_secret.reveal() == CANARY
    assert CANARY not in repr(settings) + str(settings)


def test_a_secret_and_its_file_are_not_both_set(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(CANARY)
    found = errors(*PROVIDER, f"-oidc-client-secret-file={path}", HEADLAMP_CONFIG_OIDC_CLIENT_SECRET=CANARY)
    assert found == (
        "HEADLAMP_CONFIG_OIDC_CLIENT_SECRET (-oidc-client-secret) and "
        "-oidc-client-secret-file (HEADLAMP_CONFIG_OIDC_CLIENT_SECRET_FILE) are both set; leave one of them out."
    )


@pytest.mark.parametrize("name", ["oidc-client-secret-file", "session-secret-file"])
def test_a_secret_file_that_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    assert f"-{name} (" in errors(*PROVIDER, f"-{name}=/nowhere/secret")
    assert "is a directory" in errors(*PROVIDER, f"-{name}={tmp_path}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\n", "is empty"), (b"\xff" + CANARY.encode(), "is not a text file"), (b"x" * 70_000, "is too large")],
)
def test_a_secret_file_with_something_else_in_it_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert reason in errors(*PROVIDER, f"-oidc-client-secret-file={path}")


def test_a_short_session_secret_is_refused() -> None:
    assert "must hold at least 32 characters" in errors("-session-secret=short")
    assert parse([f"-session-secret={CANARY}"], ENV).session_secret is not None


def test_the_public_url_is_kept_with_the_base_url_and_without_a_slash_at_the_end() -> None:
    for given in ("https://Headlamp.example", "https://headlamp.example/", "https://headlamp.example/k8s/"):
        assert parse([f"-public-url={given}", "-base-url=k8s"], ENV).public_url == "https://headlamp.example/k8s"


def test_a_public_url_with_another_path_than_the_base_url_is_refused() -> None:
    assert "it must be that of -base-url" in errors("-public-url=https://h.example/a", "-base-url=/b")


def test_several_workers_need_a_session_store_that_they_can_share() -> None:
    assert "-session-store=sqlite" in errors("-workers=2", "-session-store=memory")
    assert parse(["-workers=2"], ENV).workers == 2
    assert parse(["-workers=1", "-session-store=memory"], ENV).workers == 1


def test_a_frontend_directory_without_a_page_is_refused(tmp_path: Path) -> None:
    assert "must be a directory with an index.html" in errors(f"-html-static-dir={tmp_path}")
    (tmp_path / "index.html").write_text("<html>")
    assert parse([f"-html-static-dir={tmp_path}"], ENV).html_static_dir == tmp_path


@pytest.mark.parametrize("name", ["me-username-path", "me-email-path", "me-groups-path"])
def test_an_expression_that_is_not_jmespath_is_refused(name: str) -> None:
    assert 'is not JMESPath: "a["' in errors(f"-{name}=email,a[")


@pytest.mark.parametrize("switch", ["insecure-ssl", "oidc-skip-tls-verify", "insecure-cookie"])
def test_a_switch_that_weakens_security_is_warned_of(switch: str) -> None:
    (warning,) = load([f"-{switch}"], ENV).warnings
    assert warning.startswith(f"-{switch} (")


def test_safe_settings_have_no_warnings() -> None:
    assert load(PROVIDER, ENV).warnings == ()
