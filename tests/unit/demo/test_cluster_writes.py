"""Creating, changing and deleting in the simulated cluster."""

from __future__ import annotations

from typing import Any

from tests.unit.demo.lab import Cluster

MAPS = "/api/v1/namespaces/shop/configmaps"
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/wishlist-api"


async def patch(cluster: Cluster, path: str, content_type: str, body: Any) -> tuple[int, Any]:
    return await cluster.ask("ben", "PATCH", path, json=body, **{"Content-Type": content_type})


async def test_an_object_is_created_once(cluster: Cluster) -> None:
    made = {"metadata": {"name": "x"}, "data": {"a": "b"}}
    status, body = await cluster.ask("ben", "POST", MAPS, json=made)
    again, conflict = await cluster.ask("ben", "POST", MAPS, json=made)
    assert (status, body["data"], bool(body["metadata"]["uid"])) == (201, {"a": "b"}, True)
    assert (again, conflict["reason"]) == (409, "AlreadyExists")
    assert conflict["message"] == 'configmaps "x" already exists'


async def test_a_dry_run_keeps_nothing(cluster: Cluster) -> None:
    status, _ = await cluster.ask("ben", "POST", f"{MAPS}?dryRun=All", json={"metadata": {"name": "x"}})
    assert status == 201
    assert (await cluster.get("ben", f"{MAPS}/x"))[0] == 404


async def test_a_bad_name_is_invalid(cluster: Cluster) -> None:
    status, body = await cluster.ask("ben", "POST", MAPS, json={"metadata": {"name": "Not Good"}})
    assert (status, body["reason"]) == (422, "Invalid")
    assert body["details"]["causes"][0]["field"] == "metadata.name"


async def test_an_object_without_its_parts_is_refused_and_breaks_nothing(cluster: Cluster) -> None:
    path = "/api/v1/namespaces/shop/services"
    assert (await cluster.ask("ben", "POST", path, json={"metadata": {"name": "x"}}))[0] == 400
    assert (await cluster.get("ben", path))[0] == 200


async def test_an_update_from_an_older_version_is_a_conflict(cluster: Cluster) -> None:
    _, obj = await cluster.get("ben", DEPLOYMENT)
    first = await cluster.ask("ben", "PUT", DEPLOYMENT, json=obj | {"spec": obj["spec"] | {"replicas": 4}})
    second, body = await cluster.ask("ben", "PUT", DEPLOYMENT, json=obj | {"spec": obj["spec"] | {"replicas": 5}})
    assert (first[0], second, body["reason"]) == (200, 409, "Conflict")
    assert "the object has been modified; please apply your changes to the latest version" in body["message"]


async def test_an_update_that_changes_nothing_makes_no_new_version(cluster: Cluster) -> None:
    _, obj = await cluster.get("ben", DEPLOYMENT)
    _, same = await cluster.ask("ben", "PUT", DEPLOYMENT, json=obj)
    assert same["metadata"]["resourceVersion"] == obj["metadata"]["resourceVersion"]


async def test_the_three_kinds_of_patch(cluster: Cluster) -> None:
    await cluster.ask("ben", "POST", MAPS, json={"metadata": {"name": "x"}, "data": {"a": "1", "b": "2"}})
    path = f"{MAPS}/x"
    _, merged = await patch(cluster, path, "application/merge-patch+json", {"data": {"a": None, "c": "3"}})
    operations = [{"op": "test", "path": "/data/b", "value": "2"}, {"op": "replace", "path": "/data/b", "value": "4"}]
    _, patched = await patch(cluster, path, "application/json-patch+json", operations)
    _, applied = await patch(
        cluster,
        f"{path}?fieldManager=t",
        "application/apply-patch+yaml",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"d": "5"}},
    )
    assert merged["data"] == {"b": "2", "c": "3"}
    assert patched["data"] == {"b": "4", "c": "3"}
    assert applied["data"] == {"b": "4", "c": "3", "d": "5"}


async def test_a_patch_whose_test_fails_changes_nothing(cluster: Cluster) -> None:
    operations = [{"op": "test", "path": "/spec/replicas", "value": 99}, {"op": "remove", "path": "/spec"}]
    status, _ = await patch(cluster, DEPLOYMENT, "application/json-patch+json", operations)
    assert status == 422
    assert (await cluster.get("ben", DEPLOYMENT))[1]["spec"]["replicas"] == 3


async def test_an_unknown_kind_of_patch_is_refused(cluster: Cluster) -> None:
    assert (await patch(cluster, DEPLOYMENT, "application/json", {}))[0] == 415


async def test_a_strategic_patch_finds_containers_by_their_name(cluster: Cluster) -> None:
    body = {"spec": {"template": {"spec": {"containers": [{"name": "wishlist", "image": "new"}]}}}}
    _, obj = await patch(cluster, DEPLOYMENT, "application/strategic-merge-patch+json", body)
    container = obj["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["ports"][0]["containerPort"]) == ("new", 8080)


async def test_deleting_answers_success_and_then_not_found(cluster: Cluster) -> None:
    await cluster.ask("ben", "POST", MAPS, json={"metadata": {"name": "x"}})
    status, body = await cluster.ask("ben", "DELETE", f"{MAPS}/x")
    assert (status, body["status"], body["details"]["kind"]) == (200, "Success", "configmaps")
    assert (await cluster.ask("ben", "DELETE", f"{MAPS}/x"))[0] == 404


async def test_a_deleted_pod_is_terminating_then_gone_and_replaced(cluster: Cluster) -> None:
    pods = "/api/v1/namespaces/shop/pods?labelSelector=app.kubernetes.io/name%3Dwishlist-api"
    _, before = await cluster.get("ben", pods)
    name = before["items"][0]["metadata"]["name"]
    status, body = await cluster.ask("ben", "DELETE", f"/api/v1/namespaces/shop/pods/{name}")
    assert (status, "deletionTimestamp" in body["metadata"]) == (200, True)
    cluster.walk(15)
    _, after = await cluster.get("ben", pods)
    assert name not in {pod["metadata"]["name"] for pod in after["items"]}
    assert [pod["status"]["phase"] for pod in after["items"]] == ["Running"] * 3


async def test_scaling_makes_pods(cluster: Cluster) -> None:
    status, scale = await patch(
        cluster, f"{DEPLOYMENT}/scale", "application/merge-patch+json", {"spec": {"replicas": 6}}
    )
    assert (status, scale["kind"], scale["spec"]["replicas"]) == (200, "Scale", 6)
    cluster.walk(15)
    _, deployment = await cluster.get("ben", DEPLOYMENT)
    assert deployment["status"]["readyReplicas"] == 6


async def test_fewer_than_no_replicas_is_invalid(cluster: Cluster) -> None:
    status, body = await patch(cluster, DEPLOYMENT, "application/merge-patch+json", {"spec": {"replicas": -1}})
    assert (status, body["reason"]) == (422, "Invalid")


async def test_a_new_image_rolls_out_with_enough_pods_at_all_times(cluster: Cluster) -> None:
    operations = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example/x:2"}]
    await patch(cluster, DEPLOYMENT, "application/json-patch+json", operations)
    fewest = 99
    for _ in range(60):
        cluster.walk(1)
        _, deployment = await cluster.get("ben", DEPLOYMENT)
        fewest = min(fewest, deployment["status"]["readyReplicas"])
    assert fewest >= 3
    assert deployment["status"]["updatedReplicas"] == deployment["status"]["replicas"] == 3


async def test_a_deleted_deployment_takes_its_replica_sets_and_pods_along(cluster: Cluster) -> None:
    await cluster.ask("ben", "DELETE", DEPLOYMENT)
    cluster.walk(10)
    _, pods = await cluster.get(
        "ben", "/api/v1/namespaces/shop/pods?labelSelector=app.kubernetes.io/name%3Dwishlist-api"
    )
    _, sets = await cluster.get("ben", "/apis/apps/v1/namespaces/shop/replicasets")
    assert pods["items"] == []
    assert not any(one["metadata"]["name"].startswith("wishlist-api") for one in sets["items"])


async def test_a_deleted_namespace_goes_with_its_content(cluster: Cluster) -> None:
    assert (await cluster.ask("anna", "DELETE", "/api/v1/namespaces/messaging"))[0] == 200
    _, namespace = await cluster.get("anna", "/api/v1/namespaces/messaging")
    assert namespace["status"]["phase"] == "Terminating"
    cluster.walk(15)
    assert (await cluster.get("anna", "/api/v1/namespaces/messaging"))[0] == 404
    assert (await cluster.get("anna", "/api/v1/namespaces/messaging/pods"))[1]["items"] == []
