"""What the settings of sign-in must be together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from headlamp.settings import Settings, SettingsError, load, parse

ENV = {"HOME": "/home/ada"}
PROVIDER = ["-oidc-client-id=headlamp", "-oidc-idp-issuer-url=https://idp.example"]
ENTRA = ["-oidc-client-id=headlamp", "-oidc-idp-issuer-url=https://login.microsoftonline.com/T/v2.0"]
KEY = ec.generate_private_key(ec.SECP256R1())


def pem(encryption: serialization.KeySerializationEncryption | None = None) -> bytes:
    return KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    )


def errors(*argv: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(argv, ENV)
    return "\n".join(caught.value.lines)


def warnings(*argv: str) -> str:
    return "\n".join(load(argv, ENV).warnings)


@pytest.mark.parametrize(
    "argument",
    [
        "-oidc-use-access-token",
        "-oidc-validator-client-id=x",
        "-oidc-validator-idp-issuer-url=https://sts.example/",
        "-oidc-trusted-audiences=x",
        "-oidc-prompt=login",
        "-oidc-max-age=0",
        "-oidc-login-hint=x",
        "-oidc-acr-values=mfa",
        "-oidc-extra-params=a=b",
        "-oidc-logout-hint",
    ],
)
def test_what_is_about_a_provider_needs_one(argument: str) -> None:
    found = errors(argument)
    assert found.startswith(argument.partition("=")[0])
    assert "needs -oidc-idp-issuer-url" in found
    assert isinstance(parse([*PROVIDER, argument], ENV), Settings)


def test_a_provider_that_could_not_be_read_is_complained_of_once() -> None:
    found = errors("-oidc-client-id=x", "-oidc-idp-issuer-url=nonsense", "-oidc-use-access-token")
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize("content", [pem(), json.dumps(ECKey.import_key(KEY).as_dict(private=True)).encode()])
def test_a_private_key_is_taken(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    found = load([*PROVIDER, f"-oidc-client-key-file={path}", "-oidc-client-auth-method=private_key_jwt"], ENV)
    assert found.settings.oidc_client_key_file == path
    assert found.warnings == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key",
        b"{",
        b'{"kty": "oct", "k": "c2VjcmV0"}',
        b'{"kty": "EC"}',
        pem(serialization.BestAvailableEncryption(b"password")),
        KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        json.dumps(ECKey.import_key(KEY).as_dict(private=False)).encode(),
        b"x" * 100_000,
    ],
)
def test_a_file_that_is_no_private_key_is_refused_without_its_content(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    found = errors(*PROVIDER, f"-oidc-client-key-file={path}")
    assert "must be a private key in PEM or JWK form" in found
    assert str(path) in found
    assert len(found) < 400


def test_a_key_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "no such file" in errors(*PROVIDER, f"-oidc-client-key-file={tmp_path}/nowhere")


def test_a_method_needs_what_it_proves_itself_with() -> None:
    assert "needs -oidc-client-key-file" in errors(*PROVIDER, "-oidc-client-auth-method=private_key_jwt")
    assert "needs -oidc-client-secret-file" in errors(*PROVIDER, "-oidc-client-auth-method=client_secret_post")
    assert "needs -oidc-client-key-file" in errors(*PROVIDER, "-oidc-client-key-id=x")


def test_what_is_set_and_not_used_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(pem())
    none = [*PROVIDER, "-oidc-client-auth-method=none", "-oidc-client-secret=s"]
    assert "the client secret is not used" in warnings(*none)
    secret = [*PROVIDER, "-oidc-client-auth-method=client_secret_basic", "-oidc-client-secret=s"]
    assert "is not used" in warnings(*secret, f"-oidc-client-key-file={path}")
    assert warnings(*PROVIDER, "-oidc-client-secret=s", f"-oidc-client-key-file={path}") == ""


def test_with_entra_id_the_access_token_of_graph_is_warned_of() -> None:
    argv = [*ENTRA, "-oidc-use-access-token"]
    assert "Microsoft Graph" in warnings(*argv, "-oidc-scopes=profile,email,offline_access")
    assert warnings(*argv, "-oidc-scopes=6dae42f8-4368-4678-94ff-3960e28e3630/user.read,offline_access") == ""
    assert warnings(*ENTRA, "-oidc-scopes=profile,offline_access") == ""


def test_with_entra_id_sign_ins_that_last_an_hour_are_warned_of() -> None:
    assert "no offline_access" in warnings(*ENTRA)
    assert warnings(*PROVIDER) == ""


def test_h1_parameters_that_would_make_too_long_a_redirect_are_refused() -> None:
    assert "-oidc-extra-params" in errors(*PROVIDER, "-oidc-extra-params=a=" + "x" * 1000)
    assert "-oidc-login-hint" in errors(*PROVIDER, "-oidc-login-hint=" + "ä" * 200)
    assert "-oidc-login-hint" in errors(*PROVIDER, "-oidc-login-hint=a\nb")
