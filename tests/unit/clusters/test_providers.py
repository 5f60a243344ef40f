"""OpenID providers recognised in kubeconfigs."""

from __future__ import annotations

import pytest

from headlamp.clusters.cluster import KubeconfigProvider
from headlamp.clusters.providers import from_auth_provider, from_exec

ISSUER = "https://id.example/realms/x"


def pem(data: str | None, path: str | None) -> str | None:
    return f"data {data}" if data else f"path {path}" if path else None


def test_an_auth_provider_entry_makes_a_provider() -> None:
    provider = from_auth_provider(
        {
            "client-id": "kubernetes",
            "client-secret": "s",
            "idp-issuer-url": ISSUER,
            "idp-certificate-authority": "ca.pem",
            "extra-scopes": "groups,openid, offline_access,groups",
            "id-token": "never used",
        },
        pem,
    )
    assert provider == KubeconfigProvider(ISSUER, "kubernetes", "s", ("groups", "offline_access"), "path ca.pem")


def test_authority_data_wins_over_a_file() -> None:
    config = {"client-id": "k", "idp-issuer-url": ISSUER}
    config |= {"idp-certificate-authority": "f", "idp-certificate-authority-data": "d"}
    assert from_auth_provider(config, pem).ca_pem == "data d"


@pytest.mark.parametrize("missing", ["client-id", "idp-issuer-url"])
def test_an_auth_provider_without_issuer_or_client_is_an_error_that_names_it(missing: str) -> None:
    config = {"client-id": "k", "idp-issuer-url": ISSUER}
    del config[missing]
    with pytest.raises(ValueError, match=missing):
        from_auth_provider(config, pem)


@pytest.mark.parametrize(
    ("command", "first"),
    [
        ("kubectl", ["oidc-login", "get-token"]),
        ("/usr/local/bin/kubectl", ["oidc-login", "get-token"]),
        ("kubelogin", ["get-token"]),
        ("kubectl-oidc_login", ["get-token"]),
        ("C:\\tools\\kubectl-oidc_login.exe", ["get-token"]),
    ],
)
@pytest.mark.parametrize("spelling", ["=", " "])
def test_a_kubelogin_entry_makes_a_provider(command: str, first: list[str], spelling: str) -> None:
    options = [
        ("--oidc-issuer-url", ISSUER),
        ("--oidc-client-id", "kubernetes"),
        ("--oidc-client-secret", "s"),
        ("--oidc-extra-scope", "groups"),
        ("--oidc-extra-scope", "email,profile"),
        ("--certificate-authority-data", "d"),
    ]
    words = [word for pair in options for word in ([("=".join(pair))] if spelling == "=" else pair)]
    provider = from_exec(command, [*first, "-v1", *words, "--insecure-skip-tls-verify", "--grant-type=auto"], pem)
    assert provider == KubeconfigProvider(
        ISSUER, "kubernetes", "s", ("groups", "email", "profile"), "data d", skip_tls_verify=True
    )


def test_verification_that_is_not_skipped_stays_on() -> None:
    words = ["get-token", f"--oidc-issuer-url={ISSUER}", "--oidc-client-id=k", "--insecure-skip-tls-verify=false"]
    provider = from_exec("kubelogin", words, pem)
    assert provider is not None
    assert not provider.skip_tls_verify


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("aws", ["eks", "get-token", "--cluster-name", "x"]),
        ("kubelogin", ["get-token", "--server-id", "x", "--client-id", "y"]),
        ("kubectl", ["get", "pods", f"--oidc-issuer-url={ISSUER}"]),
        ("kubelogin", ["setup", f"--oidc-issuer-url={ISSUER}"]),
        ("gke-gcloud-auth-plugin", []),
        ("", []),
    ],
)
def test_other_programs_are_no_providers(command: str, arguments: list[str]) -> None:
    assert from_exec(command, arguments, pem) is None


def test_a_kubelogin_entry_without_client_is_an_error_that_names_the_option() -> None:
    with pytest.raises(ValueError, match="--oidc-client-id"):
        from_exec("kubelogin", ["get-token", f"--oidc-issuer-url={ISSUER}"], pem)
