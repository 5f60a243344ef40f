"""Extra columns on the real API server: what kubectl prints of the same objects, and never what rows must not carry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.extra import ExtraList, extra_list
from tests.real.clients.kubectl import Kubectl
from tests.real.clients.live import PODS
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.cluster import NODES
from tests.real.stack.kwok import PodLog
from tests.real.stack.metrics import measured
from tests.real.stack.objects import phase, pod
from tests.real.stack.people import ALICE, BOB, TEAM_A
from tests.real.stack.product import Product
from tests.real.stack.releases import RELEASES

pytestmark = pytest.mark.parametrize("cluster", RELEASES, indirect=True, ids=str)

SECRETS = {"group": "", "version": "v1", "plural": "secrets", "namespaced": True}
PATH = f"/api/v1/namespaces/{TEAM_A}/pods"
NAME = "columns"
KEY = (TEAM_A, NAME)
WITHIN_S = 60.0
HIDDEN = "never-on-the-page"
MEBI = 2.0**20


@pytest.fixture(scope="module")
def crashed(api_server: ApiServer, pod_log: PodLog) -> str:
    """The path of a running pod of two containers, of which one ended before; its owner is a config map."""
    admin = api_server.admin
    owner = admin.create(f"/api/v1/namespaces/{TEAM_A}/configmaps", {"metadata": {"name": "columns-owner"}})
    made = pod(NAME, node_name=NODES[0])
    made["metadata"] |= {
        "labels": {"app": "web", "example.com/tier": "front"},
        "annotations": {"example.com/team": "blue"},
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "columns-owner", "uid": owner["metadata"]["uid"]}
        ],
    }
    made["spec"]["containers"][0] |= {
        "env": [{"name": "PASSWORD", "value": HIDDEN}],
        "resources": {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
    }
    made["spec"]["containers"].append({"name": "side", "image": "registry.example.com/side:1.0"})
    account = f"/api/v1/namespaces/{TEAM_A}/serviceaccounts/default"
    api_server.wait_until(lambda: admin.is_there(account), within=WITHIN_S)
    admin.create(PATH, made)
    api_server.wait_until(lambda: phase(admin.get(f"{PATH}/{NAME}")) == "Running", within=WITHIN_S)
    statuses = admin.get(f"{PATH}/{NAME}")["status"]["containerStatuses"]
    for status in statuses:
        if status["name"] == "web":
            ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-02T03:04:05Z"}
            status |= {"restartCount": 3, "lastState": {"terminated": ended}}
    admin.patch(f"{PATH}/{NAME}/status", {"status": {"containerStatuses": statuses}})
    return f"{PATH}/{NAME}"


@pytest.fixture
async def alice(product: Product, browser: Browser) -> AsyncIterator[ExtraList]:
    """The pods of a team, as an administrator sees them."""
    await browser.sign_in(product.url, ALICE)
    async with asyncio.timeout(WITHIN_S):
        yield await extra_list(browser, product.url, PODS, TEAM_A)


async def test_labels_annotations_and_expressions_say_what_kubectl_prints(
    crashed: str, alice: ExtraList, kubectl: Kubectl
) -> None:
    expressions = {
        r"label:example.com/tier": r"{.metadata.labels.example\.com/tier}",
        "annotation:example.com/team": r"{.metadata.annotations.example\.com/team}",
    } | {
        f"jsonpath:{expression}": expression
        for expression in (
            "{.spec.nodeName}",
            "{.metadata.labels['app']}",
            "{.spec.containers[*].image}",
            "{.spec.containers[-1].name}",
            '{.status.conditions[?(@.type=="Ready")].status}',
            "{.status.podIP}",
            "{.spec.containers[0].resources.limits.memory}",
            "{.status.containerStatuses[*].restartCount}",
        )
    }
    await alice.read(list(expressions), [KEY], count=1)
    printed = {
        extra: await kubectl("get", "pod", NAME, "-n", TEAM_A, "-o", f"jsonpath={expression}")
        for extra, expression in expressions.items()
    }
    assert {extra: str(cell) for extra, cell in alice.cells[KEY].items()} == printed
    assert "" not in printed.values()
    assert set(alice.problems.values()) == {""}


async def test_an_absent_value_is_empty_where_kubectl_says_none(
    crashed: str, alice: ExtraList, kubectl: Kubectl
) -> None:
    await alice.read(["label:nobody", "jsonpath:{.spec.nodeSelector}"], [KEY], count=1)
    table = "custom-columns=A:.metadata.labels.nobody,B:.spec.nodeSelector"
    printed = await kubectl("get", "pod", NAME, "-n", TEAM_A, "--no-headers", "-o", table)
    assert printed.split() == ["<none>", "<none>"]
    assert list(alice.cells[KEY].values()) == [None, None]


async def test_containers_restarts_resources_and_the_owner_of_a_pod(crashed: str, alice: ExtraList) -> None:
    await alice.read(["containers", "last-restart", "owner", "requests:cpu", "limits:memory"], [KEY], count=1)
    assert alice.cells[KEY] == {
        "containers": [
            {"name": "web", "state": "running", "ready": True, "restarts": 3},
            {"name": "side", "state": "running", "ready": True},
        ],
        "last-restart": {"container": "web", "reason": "OOMKilled", "exit_code": 137, "at": 1767323045.0},
        "owner": {"api_version": "v1", "kind": "ConfigMap", "name": "columns-owner"},
        "requests:cpu": {"value": 0.25, "text": "250m"},
        "limits:memory": {"value": 128 * MEBI, "text": "128Mi"},
    }


async def test_a_label_that_changes_is_told(crashed: str, alice: ExtraList, api_server: ApiServer) -> None:
    await alice.read(["label:changing"], [KEY], count=1)
    await asyncio.to_thread(api_server.admin.patch, crashed, {"metadata": {"labels": {"changing": "yes"}}})
    while alice.cells[KEY] != {"label:changing": "yes"}:
        await alice.take()
    await asyncio.to_thread(api_server.admin.patch, crashed, {"metadata": {"labels": {"changing": None}}})


async def test_all_rows_are_read_for_a_list_that_is_sorted(crashed: str, alice: ExtraList, kubectl: Kubectl) -> None:
    names = (await kubectl("get", "pods", "-n", TEAM_A, "-o", "jsonpath={.items[*].metadata.name}")).split()
    await alice.read(["label:app"], None, count=len(names))
    assert {name for _, name in alice.cells} == set(names)


async def test_usage_without_metrics_is_refused_in_words(crashed: str, alice: ExtraList) -> None:
    await alice.read(["usage:cpu"], [KEY], count=1)
    while not alice.problems["usage:cpu"]:
        await alice.take()
    assert "metrics.k8s.io" in alice.problems["usage:cpu"]
    assert alice.cells[KEY]["usage:cpu"] == {"value": None, "text": "", "request": 0.25, "limit": None}


async def test_usage_is_that_of_the_metrics_api_and_only_for_whom_may_read_it(
    crashed: str, api_server: ApiServer, product: Product, browser: Browser
) -> None:
    async with measured(api_server, {NAME: {"cpu": "125m", "memory": "32Mi"}}):
        await browser.sign_in(product.url, ALICE)
        async with asyncio.timeout(WITHIN_S):
            pods = await extra_list(browser, product.url, PODS, TEAM_A)
            await pods.read(["usage:cpu", "usage:memory"], [KEY], count=1)
            while pods.cells[KEY]["usage:cpu"]["value"] is None:
                await pods.take()
        assert pods.cells[KEY] == {
            "usage:cpu": {"value": 0.125, "text": "125m", "request": 0.25, "limit": None},
            "usage:memory": {"value": 32 * MEBI, "text": "32Mi", "request": 64 * MEBI, "limit": None},
        }
        await browser.sign_in(product.url, BOB)
        async with asyncio.timeout(WITHIN_S):
            pods = await extra_list(browser, product.url, PODS, TEAM_A)
            await pods.read(["usage:cpu", "label:app"], [KEY], count=1)
            while not pods.problems["usage:cpu"]:
                await pods.take()
        assert f'User "{BOB.username}" cannot list resource "pods"' in pods.problems["usage:cpu"]
        assert 'API group "metrics.k8s.io"' in pods.problems["usage:cpu"]
        assert pods.problems["label:app"] == ""
        assert pods.cells[KEY]["label:app"] == "web"


async def test_environments_and_values_of_secrets_never_come_out(
    crashed: str, api_server: ApiServer, product: Product, browser: Browser, alice: ExtraList
) -> None:
    of_pods = [
        "jsonpath:{.spec.containers[*].env}",
        "jsonpath:{.spec.containers[0].env[0].value}",
        "jsonpath:{.spec.containers[*]['env'][*].value}",
        'jsonpath:{.spec.containers[?(@.name=="web")].env}',
        "jsonpath:{.spec.containers}",
        "jsonpath:{.spec}",
        "jsonpath:{.*}",
        "jsonpath:{.metadata.managedFields}",
    ]
    await alice.read(of_pods, [KEY], count=1)
    assert alice.cells[KEY]["jsonpath:{.spec.containers[*].env}"] is None
    assert "managedFields" in alice.problems["jsonpath:{.metadata.managedFields}"]

    secret = {"metadata": {"name": "columns-secret", "labels": {"app": "s"}}, "stringData": {"password": HIDDEN}}
    made = await asyncio.to_thread(api_server.admin.create, f"/api/v1/namespaces/{TEAM_A}/secrets", secret)
    async with asyncio.timeout(WITHIN_S):
        secrets = await extra_list(browser, product.url, SECRETS, TEAM_A)
        of_secrets = [
            "label:app",
            "jsonpath:{.data}",
            "jsonpath:{.data.password}",
            "jsonpath:{.*}",
            "jsonpath:{['data']}",
            "jsonpath:{.metadata.name}",
        ]
        await secrets.read(of_secrets, [(TEAM_A, "columns-secret")], count=1)
    assert list(secrets.cells[TEAM_A, "columns-secret"].values()) == ["s", None, None, None, None, "columns-secret"]
    assert "Of secrets only the metadata can be shown" in secrets.problems["jsonpath:{.data}"]
    said = "".join(alice.texts + secrets.texts)
    assert HIDDEN not in said
    assert made["data"]["password"] not in said
