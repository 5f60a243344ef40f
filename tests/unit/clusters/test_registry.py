"""The registry of clusters: names, sources, and files that change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.unit.clusters.test_kubeconfig import PEM, encoded, kubeconfig, write

from headlamp.clusters.names import url_name
from headlamp.clusters.registry import Clusters


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def names(clusters: Clusters) -> list[str]:
    return [cluster.name for cluster in clusters.all()]


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ("minikube", "minikube"),
        ("arn:aws:eks:eu-west-1:1:cluster/prod", "arn:aws:eks:eu-west-1:1:cluster--prod"),
        ("my cluster", "my__cluster"),
        ("admin@kind-kind", "admin@kind-kind"),
        ("..", "__"),
        ("a\\b", "a_b"),
        ("a%2fb", "a_2fb"),
        ("a\r\nb", "a__b"),
        ("a?b#c", "a_b_c"),
    ],
)
def test_f4_a_name_in_urls_is_one_plain_segment(context: str, name: str) -> None:
    assert url_name(context) == name


def test_clusters_are_found_by_the_name_in_urls(tmp_path: Path) -> None:
    clusters = Clusters(kubeconfig=str(write(tmp_path / "a", kubeconfig("a/b"))))
    assert (found := clusters.get("a--b")) is not None
    assert found.original_name == "a/b"
    assert clusters.get("a/b") is None


def test_several_files_are_separated_as_in_the_environment_variable(tmp_path: Path) -> None:
    paths = [str(write(tmp_path / name, kubeconfig(name))) for name in ("a", "b")]
    assert names(Clusters(kubeconfig=os.pathsep.join(["", *paths, str(tmp_path / "missing")]))) == ["a", "b"]


def test_two_names_that_look_alike_in_urls_are_both_shown(tmp_path: Path) -> None:
    clusters = Clusters(kubeconfig=str(write(tmp_path / "a", kubeconfig("a/b", "a--b", "c"))))
    first, second, third = clusters.all()
    assert (first.name, first.error) == ("a--b", None)
    assert second.name == "a--b--2"
    assert "can't be told from a/b" in (second.error or "")
    assert third.error is None


def in_cluster(folder: Path, **options: Any) -> Clusters:
    (folder / "ca.crt").write_text(PEM)
    (folder / "token").write_text("canary")
    return Clusters(in_cluster=True, service_account=folder, **options)


def test_the_surrounding_cluster_has_its_authority_and_no_token(tmp_path: Path) -> None:
    (cluster,) = in_cluster(tmp_path, local_credentials_allowed=True).all()
    assert (cluster.name, cluster.source) == ("main", "incluster")
    assert cluster.server == "https://kubernetes.default.svc"
    assert cluster.tls.ca_pem == PEM
    assert cluster.local_credentials is None
    assert "canary" not in repr(cluster)


def test_the_surrounding_cluster_may_have_another_name(tmp_path: Path) -> None:
    assert names(in_cluster(tmp_path, in_cluster_context_name="prod/eu")) == ["prod--eu"]


def test_without_the_authority_the_surrounding_cluster_says_so(tmp_path: Path) -> None:
    (cluster,) = Clusters(in_cluster=True, service_account=tmp_path).all()
    assert "ca.crt can't be read: No such file" in (cluster.error or "")


@pytest.mark.parametrize("allowed", [False, True])
def test_e4_credentials_of_a_kubeconfig_are_there_in_the_laptop_case_alone(tmp_path: Path, allowed: bool) -> None:
    path = write(tmp_path / "a", kubeconfig("one", user={"token": "canary"}))
    (cluster,) = Clusters(kubeconfig=str(path), local_credentials_allowed=allowed).all()
    assert (cluster.local_credentials is not None) is allowed


async def test_a_changed_file_is_read_again_after_two_seconds(tmp_path: Path) -> None:
    clock = Clock()
    path = write(tmp_path / "a", kubeconfig("one"))
    clusters = Clusters(kubeconfig=str(path), monotonic=clock)
    write(path, kubeconfig("one", "two"))
    assert not await clusters.refresh_if_changed()
    assert names(clusters) == ["one"]
    clock.now += 2
    before = clusters.generation
    assert await clusters.refresh_if_changed()
    assert names(clusters) == ["one", "two"]
    assert clusters.generation > before
    clock.now += 2
    assert not await clusters.refresh_if_changed()


async def test_a_file_that_appears_is_read(tmp_path: Path) -> None:
    clock = Clock()
    clusters = Clusters(kubeconfig=str(tmp_path / "a"), monotonic=clock)
    write(tmp_path / "a", kubeconfig("one"))
    clock.now += 2
    assert await clusters.refresh_if_changed()
    assert names(clusters) == ["one"]


async def test_a_file_of_same_size_and_time_under_a_new_inode_is_read_again(tmp_path: Path) -> None:
    clock = Clock()
    path = write(tmp_path / "a", kubeconfig("one"))
    clusters = Clusters(kubeconfig=str(path), monotonic=clock)
    other = write(tmp_path / "b", kubeconfig("two"))
    stat = path.stat()
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)
    clock.now += 2
    assert await clusters.refresh_if_changed()
    assert names(clusters) == ["two"]


async def test_a_renewed_authority_of_the_service_account_is_read_again(tmp_path: Path) -> None:
    clock = Clock()
    clusters = in_cluster(tmp_path, monotonic=clock)
    (tmp_path / "ca.crt").write_text(PEM + PEM)
    clock.now += 2
    assert await clusters.refresh_if_changed()
    assert clusters.all()[0].tls.ca_pem == PEM + PEM


async def test_a_file_that_a_context_names_is_watched_too(tmp_path: Path) -> None:
    clock = Clock()
    path = write(tmp_path / "a", kubeconfig("one", cluster={"certificate-authority": "ca.crt"}))
    clusters = Clusters(kubeconfig=str(path), monotonic=clock)
    assert clusters.all()[0].error is not None
    (tmp_path / "ca.crt").write_text(PEM)
    clock.now += 2
    assert await clusters.refresh_if_changed()
    assert clusters.all()[0].tls.ca_pem == PEM


def test_problems_of_whole_files_are_told(tmp_path: Path) -> None:
    data = encoded("x")
    broken = write(tmp_path / "broken", f"[{data}")
    clusters = Clusters(kubeconfig=str(broken))
    assert clusters.all() == []
    assert str(broken) in clusters.problems[0]
