"""Lists, Tables and pages of the simulated cluster."""

from __future__ import annotations

import pytest
from tests.unit.demo.lab import TABLE, Cluster

PODS = "/api/v1/namespaces/shop/pods"
COLUMNS = {
    "/api/v1/pods": "Name Ready Status Restarts Age IP* Node* Nominated Node* Readiness Gates*",
    "/api/v1/nodes": "Name Status Roles Age Version Internal-IP* External-IP* OS-Image* Kernel-Version* "
    "Container-Runtime*",
    "/api/v1/namespaces": "Name Status Age",
    "/api/v1/services": "Name Type Cluster-IP External-IP Port(s) Age Selector*",
    "/api/v1/configmaps": "Name Data Age",
    "/api/v1/secrets": "Name Type Data Age",
    "/api/v1/serviceaccounts": "Name Age",
    "/api/v1/persistentvolumeclaims": "Name Status Volume Capacity Access Modes StorageClass VolumeAttributesClass "
    "Age VolumeMode*",
    "/api/v1/persistentvolumes": "Name Capacity Access Modes Reclaim Policy Status Claim StorageClass "
    "VolumeAttributesClass Reason Age VolumeMode*",
    "/api/v1/events": "Last Seen Type Reason Object Subobject* Source* Message First Seen* Count* Name*",
    "/apis/apps/v1/deployments": "Name Ready Up-to-date Available Age Containers* Images* Selector*",
    "/apis/apps/v1/replicasets": "Name Desired Current Ready Age Containers* Images* Selector*",
    "/apis/apps/v1/statefulsets": "Name Ready Age Containers* Images*",
    "/apis/apps/v1/daemonsets": "Name Desired Current Ready Up-to-date Available Node Selector Age Containers* "
    "Images* Selector*",
    "/apis/batch/v1/jobs": "Name Status Completions Duration Age Containers* Images* Selector*",
    "/apis/batch/v1/cronjobs": "Name Schedule Timezone Suspend Active Last Schedule Age Containers* Images* Selector*",
    "/apis/networking.k8s.io/v1/ingresses": "Name Class Hosts Address Ports Age",
    "/apis/certs.fernhill.example/v1/certificates": "Name Ready Secret Issuer* Status* Age",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings": "Name Role Age Users* Groups* ServiceAccounts*",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles": "Name Created At",
    "/apis/storage.k8s.io/v1/storageclasses": "Name Provisioner ReclaimPolicy VolumeBindingMode "
    "AllowVolumeExpansion Age",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": "Name Scope Versions Created At Group* Kind* "
    "ShortNames* Established*",
}


@pytest.mark.parametrize("path", COLUMNS)
async def test_tables_have_the_columns_of_a_real_server(cluster: Cluster, path: str) -> None:
    _, table = await cluster.get("anna", f"{path}?includeObject=None", accept=TABLE)
    names = " ".join(c["name"] + "*" * c["priority"] for c in table["columnDefinitions"])
    assert (table["kind"], names) == ("Table", COLUMNS[path])
    assert all(len(row["cells"]) == len(table["columnDefinitions"]) for row in table["rows"] or [])


async def test_rows_without_objects_say_none_of_them(cluster: Cluster) -> None:
    _, table = await cluster.get("ben", f"{PODS}?includeObject=None", accept=TABLE)
    assert table["rows"]
    assert all(row["object"] is None for row in table["rows"])


async def test_rows_come_with_metadata_by_default_and_with_objects_on_request(cluster: Cluster) -> None:
    _, partial = await cluster.get("ben", f"{PODS}?limit=1", accept=TABLE)
    _, whole = await cluster.get("ben", f"{PODS}?limit=1&includeObject=Object", accept=TABLE)
    assert partial["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert "spec" not in partial["rows"][0]["object"]
    assert whole["rows"][0]["object"]["kind"] == "Pod"


async def test_an_empty_table_has_null_for_rows(cluster: Cluster) -> None:
    _, table = await cluster.get("anna", "/api/v1/namespaces/nowhere/pods?includeObject=None", accept=TABLE)
    assert table["rows"] is None
    assert table["columnDefinitions"]


async def test_list_items_have_no_kind_but_custom_resources_do(cluster: Cluster) -> None:
    _, pods = await cluster.get("ben", f"{PODS}?limit=1")
    _, certificates = await cluster.get("ben", "/apis/certs.fernhill.example/v1/namespaces/shop/certificates")
    assert "kind" not in pods["items"][0]
    assert certificates["items"][0]["kind"] == "Certificate"


async def test_pages_add_up_to_the_whole_list(cluster: Cluster) -> None:
    _, whole = await cluster.get("anna", "/api/v1/pods")
    names, token, pages = [], "", 0
    while token or not pages:
        _, page = await cluster.get("anna", f"/api/v1/pods?limit=70&continue={token}")
        names += [item["metadata"]["uid"] for item in page["items"]]
        token, pages = page["metadata"].get("continue", ""), pages + 1
    assert pages > 2
    assert names == [item["metadata"]["uid"] for item in whole["items"]]


async def test_the_first_page_says_how_many_are_left(cluster: Cluster) -> None:
    _, whole = await cluster.get("ben", PODS)
    _, page = await cluster.get("ben", f"{PODS}?limit=5")
    assert page["metadata"]["remainingItemCount"] == len(whole["items"]) - 5


async def test_a_page_of_a_forgotten_version_is_gone(cluster: Cluster) -> None:
    _, page = await cluster.get("ben", f"{PODS}?limit=5")
    cluster.world.store.version += 1
    cluster.world.store.forget_history()
    status, body = await cluster.get("ben", f"{PODS}?limit=5&continue={page['metadata']['continue']}")
    assert (status, body["reason"]) == (410, "Expired")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("continue=abc", 400),
        ("limit=many", 400),
        ("fieldSelector=spec.color%3Dred", 400),
        ("labelSelector=a%20b", 400),
        ("resourceVersion=x", 400),
        ("includeObject=All", 400),
        ("resourceVersion=99999999", 504),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(cluster: Cluster, query: str, status: int) -> None:
    accept = TABLE if "include" in query else "application/json"
    assert (await cluster.get("ben", f"{PODS}?{query}", accept=accept))[0] == status


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("labelSelector=app.kubernetes.io/name%3Dbasket-cache", {"basket-cache"}),
        ("labelSelector=app.kubernetes.io/name+in+(storefront,basket-api)", {"storefront", "basket-api"}),
        ("labelSelector=app.kubernetes.io/name!%3Dstorefront,controller-revision-hash", {"basket-cache"}),
    ],
)
async def test_label_selectors_select(cluster: Cluster, selector: str, names: set[str]) -> None:
    _, pods = await cluster.get("ben", f"{PODS}?{selector}")
    assert {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods["items"]} == names


async def test_field_selectors_select(cluster: Cluster) -> None:
    _, one = await cluster.get("ben", f"{PODS}?fieldSelector=metadata.name%3Dbasket-cache-0")
    _, node = await cluster.get("anna", "/api/v1/pods?fieldSelector=spec.nodeName%3Dfra1-worker-001")
    _, done = await cluster.get("anna", "/api/v1/pods?fieldSelector=status.phase!%3DRunning,status.phase!%3DPending")
    assert [pod["metadata"]["name"] for pod in one["items"]] == ["basket-cache-0"]
    assert {pod["spec"]["nodeName"] for pod in node["items"]} == {"fra1-worker-001"}
    assert {pod["status"]["phase"] for pod in done["items"]} == {"Succeeded", "Failed"}


async def test_a_single_object_comes_in_every_form(cluster: Cluster) -> None:
    path = f"{PODS}/basket-cache-0"
    partial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    assert (await cluster.get("ben", path))[1]["kind"] == "Pod"
    assert (await cluster.get("ben", path, accept=partial))[1]["kind"] == "PartialObjectMetadata"
    assert len((await cluster.get("ben", path, accept=TABLE))[1]["rows"]) == 1


async def test_what_is_not_there_is_not_found(cluster: Cluster) -> None:
    status, body = await cluster.get("ben", f"{PODS}/nope")
    assert (status, body["message"]) == (404, 'pods "nope" not found')
    status, body = await cluster.get("anna", "/api/v1/gadgets")
    assert (status, body["message"]) == (404, "the server could not find the requested resource")


async def test_html_is_not_acceptable(cluster: Cluster) -> None:
    assert (await cluster.get("ben", PODS, accept="text/html"))[0] == 406
