"""Clusters from kubeconfig files."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.certificates import Authority

from headlamp.clusters.cluster import Cluster, ClusterToken, LocalCredentials
from headlamp.clusters.files import WatchedFiles
from headlamp.clusters.kubeconfig import Kubeconfig, read_kubeconfigs
from headlamp.clusters.tls import client_context

PEM = Authority().pem


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kubeconfig(
    *names: str, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **context: Any
) -> dict[str, Any]:
    return {
        "clusters": [{"name": n, "cluster": {"server": f"https://{n}.example:6443"} | (cluster or {})} for n in names],
        "users": [{"name": n, "user": user or {}} for n in names],
        "contexts": [{"name": n, "context": {"cluster": n, "user": n} | context} for n in names],
    }


def write(path: Path, content: dict[str, Any] | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def read(*paths: Path, **options: Any) -> Kubeconfig:
    return read_kubeconfigs(paths, WatchedFiles(), **options)


def only(result: Kubeconfig) -> Cluster:
    (cluster,) = result.clusters
    assert not result.problems
    return cluster


def test_a_context_becomes_a_cluster_with_all_that_pages_show_of_it(tmp_path: Path) -> None:
    extensions = [{"name": "headlamp_info", "extension": {"customName": "x"}}]
    content = kubeconfig("one", namespace="team", extensions=extensions)
    path = write(tmp_path / "config", content)
    cluster = only(read(path))
    assert (cluster.name, cluster.original_name, cluster.server) == ("one", "one", "https://one.example:6443")
    assert cluster.namespace == "team"
    assert cluster.extensions == {"headlamp_info": {"customName": "x"}}
    assert cluster.kubeconfig_path == str(path)
    assert cluster.source == "kubeconfig"
    assert cluster.error is None
    assert cluster.local_credentials is None


def test_the_first_file_to_name_something_wins(tmp_path: Path) -> None:
    first = write(tmp_path / "a", kubeconfig("one", namespace="first"))
    second = kubeconfig("one", "two", namespace="second", cluster={"server": "https://other.example"})
    one, two = read(first, write(tmp_path / "b", second)).clusters
    assert (one.namespace, one.server) == ("first", "https://one.example:6443")
    assert (two.namespace, two.server) == ("second", "https://other.example")


def test_a_context_may_use_entries_of_other_files(tmp_path: Path) -> None:
    content = kubeconfig("one")
    clusters = write(tmp_path / "a", {"clusters": content.pop("clusters")})
    rest = write(tmp_path / "b", content)
    assert only(read(rest, clusters)).server == "https://one.example:6443"


def test_missing_files_are_skipped(tmp_path: Path) -> None:
    assert only(read(tmp_path / "nowhere", write(tmp_path / "a", kubeconfig("one")))).error is None


def test_relative_paths_are_relative_to_their_own_file(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/ca.crt").write_text(PEM)
    content = kubeconfig("one", cluster={"certificate-authority": "ca.crt"})
    contexts = {"contexts": content.pop("contexts")}
    cluster = only(read(write(tmp_path / "a/config", contexts), write(tmp_path / "b/config", content)))
    assert cluster.tls.ca_pem == PEM


def test_data_wins_over_a_file(tmp_path: Path) -> None:
    settings = {"certificate-authority": "/nowhere", "certificate-authority-data": encoded(PEM)}
    assert only(read(write(tmp_path / "a", kubeconfig("one", cluster=settings)))).tls.ca_pem == PEM


def test_tls_and_proxy_settings_are_kept(tmp_path: Path) -> None:
    settings = {"tls-server-name": "kubernetes", "proxy-url": "http://proxy:3128", "insecure-skip-tls-verify": True}
    cluster = only(read(write(tmp_path / "a", kubeconfig("one", cluster=settings))))
    assert cluster.tls.server_name == "kubernetes"
    assert cluster.tls.insecure_skip_verify
    assert cluster.proxy_url == "http://proxy:3128"


@pytest.mark.parametrize("inline", [True, False])
def test_an_authority_may_be_named_in_any_language(tmp_path: Path, inline: bool) -> None:
    named = f"# Főtanúsítvány\n{PEM}"
    (tmp_path / "ca.crt").write_text(named, "utf-8")
    member = {"certificate-authority-data": encoded(named)} if inline else {"certificate-authority": "ca.crt"}
    cluster = only(read(write(tmp_path / "a", kubeconfig("one", cluster=member))))
    assert cluster.error is None
    client_context(cluster)


def test_null_stands_for_a_field_that_is_not_there(tmp_path: Path) -> None:
    content = kubeconfig("one", namespace=None, cluster={"proxy-url": None}, user={"token": None})
    assert only(read(write(tmp_path / "a", content))).error is None


@pytest.mark.parametrize(
    ("cluster", "reason"),
    [
        ({"server": ""}, "no `server`"),
        ({"server": "one.example:6443"}, "not an http or https URL"),
        ({"server": "ftp://one.example"}, "not an http or https URL"),
        ({"server": "https://one.example:99999"}, "not an http or https URL"),
        ({"server": "https://one.example/\r\nX: y"}, "not an http or https URL"),
        ({"server": "https://user:secret@one.example"}, "user name"),
        ({"server": "https://one.example/?a=b"}, "query"),
        ({"server": "https://one.example/../x"}, "not plain"),
        ({"server": ["x"]}, "Expected `str`"),
        ({"proxy-url": "socks5://proxy:1080"}, "SOCKS"),
        ({"proxy-url": "proxy:3128"}, "`proxy-url` is not"),
        ({"certificate-authority": "nowhere.crt"}, "nowhere.crt can't be read: No such file"),
        ({"certificate-authority-data": "%%%"}, "not PEM text in base64"),
        ({"certificate-authority-data": encoded("MIIB")}, "not PEM text in base64"),
        ({"certificate-authority": "a"}, "is not PEM text"),
        ({"certificate-authority-data": encoded(PEM), "insecure-skip-tls-verify": True}, "only one can hold"),
    ],
)
def test_a_broken_context_says_why_and_harms_no_other(tmp_path: Path, cluster: dict[str, Any], reason: str) -> None:
    broken = write(tmp_path / "a", kubeconfig("broken", cluster=cluster))
    good = write(tmp_path / "b", kubeconfig("good"))
    first, second = read(broken, good).clusters
    assert first.name == "broken"
    assert reason in (first.error or "")
    assert "secret" not in (first.error or "")
    assert second.error is None


@pytest.mark.parametrize(("context", "name"), [({"cluster": "x"}, "x"), ({"user": "y"}, "y"), ({"cluster": ""}, "")])
def test_a_context_of_entries_that_are_not_there_says_so(tmp_path: Path, context: dict[str, Any], name: str) -> None:
    content = kubeconfig("one")
    content["contexts"][0]["context"] |= context
    cluster = only(read(write(tmp_path / "a", content)))
    assert f"no entry `{name}`" in (cluster.error or "")


@pytest.mark.parametrize(
    "content",
    [
        "clusters: [",
        "- a",
        "contexts: 5",
        "contexts: [{name: 5}]",
        "contexts: [x]",
        "[" * 10_000,
        "a: &a [x, x]\nb: &b [*a, *a]\nc: !!python/name:os.system",
    ],
)
def test_h1_a_file_that_cannot_be_used_is_named_and_the_others_hold(tmp_path: Path, content: str) -> None:
    broken = write(tmp_path / "broken.yaml", content)
    result = read(broken, write(tmp_path / "b", kubeconfig("good")))
    assert [cluster.name for cluster in result.clusters] == ["good"]
    (problem,) = result.problems
    assert str(broken) in problem


def test_a_file_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (problem,) = read(tmp_path).problems
    assert str(tmp_path) in problem


def test_skipped_contexts_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a", kubeconfig("one", "two/x", "three"))
    assert [cluster.name for cluster in read(path, skipped=["one", "two--x"]).clusters] == ["three"]


def test_credentials_are_not_even_looked_at_unless_they_may_be_used(tmp_path: Path) -> None:
    user = {"token": "t", "client-certificate": "/nowhere/cert.pem", "client-key-data": "%%%"}
    cluster = only(read(write(tmp_path / "a", kubeconfig("one", user=user))))
    assert cluster.local_credentials is None
    assert cluster.error is None


def test_in_the_laptop_case_a_user_has_its_credentials(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN KEY")
    user = {"client-certificate-data": encoded("-----BEGIN CERT"), "client-key": "key.pem", "tokenFile": "token"}
    cluster = only(read(write(tmp_path / "a", kubeconfig("one", user=user)), with_credentials=True))
    assert cluster.local_credentials == LocalCredentials(
        token_file=str(tmp_path / "token"), client_cert_pem="-----BEGIN CERT", client_key_pem="-----BEGIN KEY"
    )
    assert "BEGIN KEY" not in repr(cluster)


def test_in_the_laptop_case_a_user_without_credentials_has_empty_ones(tmp_path: Path) -> None:
    assert only(read(write(tmp_path / "a", kubeconfig("one")), with_credentials=True)).local_credentials == (
        LocalCredentials()
    )


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"exec": {"command": "aws", "args": ["eks", "get-token"]}}, "the program `aws`, which is not run"),
        ({"auth-provider": {"name": "gcp"}}, "auth-provider `gcp`, which is not supported"),
        ({"token": "t", "as": "bob"}, "acts as another user"),
    ],
)
def test_credentials_that_cannot_be_used_leave_the_cluster_usable_and_are_told(
    tmp_path: Path, user: dict[str, Any], words: str
) -> None:
    cluster = only(read(write(tmp_path / "a", kubeconfig("one", user=user)), with_credentials=True))
    assert cluster.error is None
    assert cluster.local_credentials == LocalCredentials()
    assert words in (cluster.notice or "")


@pytest.mark.parametrize("with_credentials", [False, True])
@pytest.mark.parametrize(
    "user",
    [
        {
            "auth-provider": {
                "name": "oidc",
                "config": {"client-id": "k", "idp-issuer-url": "https://id.example", "idp-certificate-authority": "ca"},
            }
        },
        {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "kubectl",
                "args": [
                    "oidc-login",
                    "get-token",
                    "--oidc-issuer-url=https://id.example",
                    "--oidc-client-id=k",
                    "--certificate-authority=ca",
                ],
                "env": None,
                "interactiveMode": "IfAvailable",
            }
        },
    ],
)
def test_a_user_with_a_provider_signs_in_there(tmp_path: Path, user: dict[str, Any], with_credentials: bool) -> None:
    (tmp_path / "ca").write_text(PEM)
    path = write(tmp_path / "a", kubeconfig("one", user=user))
    cluster = only(read(path, with_credentials=with_credentials))
    assert cluster.provider is not None
    assert (cluster.provider.issuer, cluster.provider.client_id) == ("https://id.example", "k")
    assert cluster.provider.ca_pem == PEM
    assert cluster.local_credentials is None


def test_a_client_secret_shows_in_no_repr(tmp_path: Path) -> None:
    config = {"client-id": "k", "idp-issuer-url": "https://id.example", "client-secret": "canary"}
    user = {"auth-provider": {"name": "oidc", "config": config}}
    assert "canary" not in repr(only(read(write(tmp_path / "a", kubeconfig("one", user=user)))))


OURS = [{"name": "pyheadlamp", "extension": {"useAccessToken": True, "validatorClientId": "aks"}}]
OTHER = [{"name": "pyheadlamp", "extension": {"validatorIdpIssuerUrl": "https://sts.example/"}}]


def test_a_context_can_say_which_token_its_cluster_wants(tmp_path: Path) -> None:
    path = write(tmp_path / "config", kubeconfig("one", extensions=OURS))
    assert only(read(path)).token == ClusterToken(use_access_token=True, audience="aks")


def test_a_cluster_entry_can_say_it_too_and_the_context_wins(tmp_path: Path) -> None:
    by_cluster = kubeconfig("one", cluster={"extensions": OTHER})
    assert only(read(write(tmp_path / "a", by_cluster))).token == ClusterToken(issuer="https://sts.example/")
    both = kubeconfig("one", cluster={"extensions": OTHER}, extensions=OURS)
    assert only(read(write(tmp_path / "b", both))).token == ClusterToken(use_access_token=True, audience="aks")


def test_a_cluster_that_says_nothing_leaves_it_to_its_provider(tmp_path: Path) -> None:
    assert only(read(write(tmp_path / "config", kubeconfig("one")))).token is None


@pytest.mark.parametrize("extension", [{"useAccesToken": True}, {"useAccessToken": "yes"}, "text", None, [1]])
def test_an_extension_of_ours_that_makes_no_sense_is_told(tmp_path: Path, extension: Any) -> None:
    extensions = [{"name": "pyheadlamp", "extension": extension}]
    cluster = only(read(write(tmp_path / "config", kubeconfig("one", extensions=extensions))))
    assert cluster.error is not None
    assert "pyheadlamp" in cluster.error
