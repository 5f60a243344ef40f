"""OpenID providers recognised in kubeconfigs."""

from __future__ import annotations

import pytest

from headlamp.clusters.cluster import ClusterToken, KubeconfigProvider
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
    "issuer",
    ["https://[::1", "id.example", "https://", "https://id.example:99999", "https://a:b@id.example", "https://x/?y"],
)
def test_an_issuer_that_is_no_url_is_an_error_of_its_context(issuer: str) -> None:
    with pytest.raises(ValueError, match="`idp-issuer-url`"):
        from_auth_provider({"client-id": "k", "idp-issuer-url": issuer}, pem)


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


def kubelogin(*words: str) -> KubeconfigProvider:
    found = from_exec("kubelogin", ["get-token", f"--oidc-issuer-url={ISSUER}", "--oidc-client-id=k", *words], pem)
    assert found is not None
    return found


def test_an_auth_provider_entry_can_ask_for_the_access_token_and_say_what_it_must_claim() -> None:
    config = {"client-id": "k", "idp-issuer-url": ISSUER, "use-access-token": "true"}
    config |= {"validator-client-id": "aks", "validator-idp-issuer-url": "https://sts.example/"}
    assert from_auth_provider(config, pem).token == ClusterToken(True, "aks", "https://sts.example/")


@pytest.mark.parametrize(("value", "on"), [("1", True), ("T", True), ("false", False), ("", False)])
def test_the_switch_of_an_auth_provider_entry_is_spelled_as_in_go(value: str, on: bool) -> None:
    config = {"client-id": "k", "idp-issuer-url": ISSUER, "use-access-token": value}
    assert from_auth_provider(config, pem).token.use_access_token is on


def test_a_switch_that_is_neither_on_nor_off_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="use-access-token"):
        from_auth_provider({"client-id": "k", "idp-issuer-url": ISSUER, "use-access-token": "yes"}, pem)


def test_kubelogin_can_ask_for_the_access_token() -> None:
    assert kubelogin("--oidc-use-access-token").token == ClusterToken(use_access_token=True)
    assert kubelogin("--oidc-use-access-token=true").token.use_access_token
    assert not kubelogin("--oidc-use-access-token=false").token.use_access_token
    assert kubelogin().token == ClusterToken()


@pytest.mark.parametrize(
    ("words", "params"),
    [
        (["--oidc-auth-request-extra-params=ttl=86400"], {"ttl": "86400"}),
        (["--oidc-auth-request-extra-params", "ttl=86400"], {"ttl": "86400"}),
        (
            ["--oidc-auth-request-extra-params=a=1,b=2", "--oidc-auth-request-extra-params=c=3,4"],
            {"a": "1", "b": "2", "c": "3,4"},
        ),
        (['--oidc-auth-request-extra-params=a=1,"b=2,3"'], {"a": "1", "b": "2,3"}),
        (["--oidc-auth-request-extra-params=prompt=select_account"], {"prompt": "select_account"}),
        (["--oidc-auth-request-extra-params=prompt=none"], {}),
    ],
)
def test_extra_parameters_are_read_as_kubelogin_reads_them(words: list[str], params: dict[str, str]) -> None:
    assert dict(kubelogin(*words).auth_params) == params


@pytest.mark.parametrize("name", ["redirect_uri", "client_id", "state", "nonce", "code_challenge", "request", "scope"])
def test_a2_a_kubeconfig_has_no_say_in_the_parameters_that_protect_a_sign_in(name: str) -> None:
    assert kubelogin(f"--oidc-auth-request-extra-params={name}=x,a=1").auth_params == (("a", "1"),)


@pytest.mark.parametrize("value", ["novalue", "=x", "a=" + "x" * 2000, 'a=1,b=2\n"', ""])
def test_extra_parameters_that_are_none_are_an_error_that_names_the_option(value: str) -> None:
    if not value:
        assert kubelogin("--oidc-auth-request-extra-params=").auth_params == ()
        return
    with pytest.raises(ValueError, match="--oidc-auth-request-extra-params"):
        kubelogin(f"--oidc-auth-request-extra-params={value}")


def test_kubelogins_own_ways_of_signing_in_change_nothing_here() -> None:
    words = ["--oidc-pkce-method", "no", "--oidc-redirect-url=http://localhost:8000", "--grant-type=password"]
    words += ["--username=alice", "--listen-address=127.0.0.1:8000", "--oidc-request-header=X-A=b"]
    assert kubelogin(*words) == kubelogin()


def test_a_home_directory_in_the_path_of_an_authority_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert kubelogin("--certificate-authority=~/ca.pem").ca_pem == "path /home/ada/ca.pem"
