"""Who gets into the simulated cluster, and what RBAC says there, in a real API server's words."""

from __future__ import annotations

import pytest
from tests.unit.demo.lab import Clock, Cluster

from headlamp.demo.provider.keys import SigningKey


async def test_a_good_token_is_honoured(cluster: Cluster) -> None:
    status, pods = await cluster.get("anna", "/api/v1/pods?limit=3")
    assert (status, pods["kind"], len(pods["items"])) == (200, "PodList", 3)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "http://localhost:1"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 9_999_999_999},
        {"email": None},
        {"email_verified": False},
        {"groups": "platform-admins"},
    ],
)
async def test_a_token_that_does_not_fit_is_unauthorized(cluster: Cluster, changed: dict[str, object]) -> None:
    headers = {"Authorization": f"Bearer {cluster.token_of('anna', **changed)}"}
    async with cluster.http.get(f"{cluster.url}/api/v1/pods", headers=headers, ssl=cluster.tls) as answer:
        assert answer.status == 401
        assert (await answer.json())["message"] == "Unauthorized"


async def test_a_token_of_another_key_is_unauthorized(cluster: Cluster) -> None:
    forged = SigningKey().sign({"iss": "x"})
    async with cluster.http.get(
        f"{cluster.url}/version", headers={"Authorization": f"Bearer {forged}"}, ssl=cluster.tls
    ) as answer:
        assert answer.status == 401


async def test_a_token_that_was_good_ends_at_its_expiry(cluster: Cluster, clock: Clock) -> None:
    headers = cluster.as_("anna")
    async with cluster.http.get(f"{cluster.url}/version", headers=headers, ssl=cluster.tls) as answer:
        assert answer.status == 200
    clock.at += 301
    async with cluster.http.get(f"{cluster.url}/version", headers=headers, ssl=cluster.tls) as answer:
        assert answer.status == 401


async def test_a_token_of_twelve_kilobytes_is_taken(cluster: Cluster) -> None:
    assert (await cluster.get("dora", "/api/v1/nodes"))[0] == 200


async def test_without_a_token_only_public_paths_are_open(cluster: Cluster) -> None:
    async with cluster.http.get(f"{cluster.url}/version", ssl=cluster.tls) as answer:
        assert (answer.status, (await answer.json())["gitVersion"]) == (200, "v1.37.2-demo")
    async with cluster.http.get(f"{cluster.url}/api/v1/pods", ssl=cluster.tls) as answer:
        assert answer.status == 403
        assert 'User "system:anonymous"' in (await answer.json())["message"]


@pytest.mark.parametrize(
    ("method", "path", "message", "details"),
    [
        (
            "GET",
            "/api/v1/pods",
            'pods is forbidden: User "ben@fernhill.example" cannot list resource "pods" in API group "" '
            "at the cluster scope",
            {"kind": "pods"},
        ),
        (
            "GET",
            "/apis/apps/v1/namespaces/payments/deployments/x",
            'deployments.apps "x" is forbidden: User "ben@fernhill.example" cannot get resource "deployments" '
            'in API group "apps" in the namespace "payments"',
            {"name": "x", "group": "apps", "kind": "deployments"},
        ),
        (
            "GET",
            "/api/v1/namespaces/payments/pods/x/log",
            'pods "x" is forbidden: User "ben@fernhill.example" cannot get resource "pods/log" in API group "" '
            'in the namespace "payments"',
            {"name": "x", "kind": "pods"},
        ),
        (
            "GET",
            "/api/v1/pods?watch=1",
            'pods is forbidden: User "ben@fernhill.example" cannot watch resource "pods" in API group "" '
            "at the cluster scope",
            {"kind": "pods"},
        ),
        (
            "DELETE",
            "/api/v1/namespaces/payments/secrets",
            'secrets is forbidden: User "ben@fernhill.example" cannot deletecollection resource "secrets" '
            'in API group "" in the namespace "payments"',
            {"kind": "secrets"},
        ),
        ("GET", "/metrics", 'forbidden: User "ben@fernhill.example" cannot get path "/metrics"', {}),
    ],
)
async def test_a_refusal_reads_as_a_real_one(
    cluster: Cluster, method: str, path: str, message: str, details: dict[str, str]
) -> None:
    status, body = await cluster.ask("ben", method, path)
    assert status == 403
    assert body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "Forbidden",
        "details": details,
        "code": 403,
    }


async def test_ben_works_in_his_namespace(cluster: Cluster) -> None:
    assert (await cluster.get("ben", "/api/v1/namespaces/shop/pods"))[0] == 200
    assert (await cluster.get("ben", "/api/v1/namespaces/shop"))[0] == 200
    assert (await cluster.get("ben", "/api/v1/namespaces"))[0] == 403


async def test_cleo_may_do_nothing_and_can_still_ask_who_she_is(cluster: Cluster) -> None:
    assert (await cluster.get("cleo", "/api/v1/namespaces/shop/pods"))[0] == 403
    status, review = await cluster.ask("cleo", "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", json={})
    assert status == 201
    assert review["status"]["userInfo"] == {
        "username": "cleo@fernhill.example",
        "groups": ["oidc:everybody", "system:authenticated"],
    }


async def test_dora_reads_everything_but_secrets(cluster: Cluster) -> None:
    assert (await cluster.get("dora", "/api/v1/configmaps"))[0] == 200
    assert (await cluster.get("dora", "/api/v1/secrets"))[0] == 403


@pytest.mark.parametrize(
    ("person", "attributes", "allowed"),
    [
        ("ben", {"namespace": "shop", "verb": "create", "resource": "pods", "subresource": "exec"}, True),
        ("ben", {"namespace": "payments", "verb": "list", "resource": "pods"}, False),
        ("anna", {"verb": "*", "group": "*", "resource": "*"}, True),
        ("dora", {"namespace": "shop", "verb": "delete", "resource": "pods"}, False),
    ],
)
async def test_access_reviews_say_what_requests_would_be_told(
    cluster: Cluster, person: str, attributes: dict[str, str], allowed: bool
) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    status, review = await cluster.ask(person, "POST", path, json={"spec": {"resourceAttributes": attributes}})
    assert (status, review["status"]["allowed"]) == (201, allowed)


async def test_a_rules_review_lists_the_rules_of_the_namespace(cluster: Cluster) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    _, here = await cluster.ask("ben", "POST", path, json={"spec": {"namespace": "shop"}})
    _, there = await cluster.ask("ben", "POST", path, json={"spec": {"namespace": "payments"}})
    assert any("deployments" in rule["resources"] for rule in here["status"]["resourceRules"])
    assert {r for rule in there["status"]["resourceRules"] for r in rule["resources"]} == {
        "selfsubjectaccessreviews",
        "selfsubjectrulesreviews",
        "selfsubjectreviews",
    }
    assert here["status"]["incomplete"] is False


async def test_a_rules_review_needs_a_namespace(cluster: Cluster) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    assert (await cluster.ask("ben", "POST", path, json={"spec": {}}))[0] == 400


async def test_a_new_binding_counts_at_once(cluster: Cluster) -> None:
    assert (await cluster.get("cleo", "/api/v1/namespaces/shop/pods"))[0] == 403
    binding = {
        "metadata": {"name": "cleo"},
        "subjects": [{"kind": "User", "name": "cleo@fernhill.example"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    }
    path = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings"
    assert (await cluster.ask("anna", "POST", path, json=binding))[0] == 201
    assert (await cluster.get("cleo", "/api/v1/namespaces/shop/pods"))[0] == 200


async def test_a_rule_for_one_name_opens_no_other_object_and_no_whole_list(cluster: Cluster) -> None:
    api, maps = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop", "/api/v1/namespaces/shop/configmaps"
    rule = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"]}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "one"}
    subject = {"kind": "User", "name": "cleo@fernhill.example"}
    await cluster.ask("anna", "POST", f"{api}/roles", json={"metadata": {"name": "one"}, "rules": [rule]})
    binding = {"metadata": {"name": "one"}, "subjects": [subject], "roleRef": reference}
    await cluster.ask("anna", "POST", f"{api}/rolebindings", json=binding)
    assert (await cluster.get("cleo", f"{maps}/one"))[0] == 404
    assert (await cluster.get("cleo", f"{maps}/two"))[0] == 403
    assert (await cluster.get("cleo", maps))[0] == 403
    assert (await cluster.get("cleo", f"{maps}?fieldSelector=metadata.name%3Done"))[0] == 200


async def test_impersonation_headers_change_nobody(cluster: Cluster) -> None:
    review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    _, body = await cluster.ask("cleo", "POST", review, json={}, **{"Impersonate-User": "anna@fernhill.example"})
    assert body["status"]["userInfo"]["username"] == "cleo@fernhill.example"


async def test_aggregated_discovery_tells_of_every_kind_in_two_answers(cluster: Cluster) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    _, core = await cluster.get("cleo", "/api", accept=accept)
    _, groups = await cluster.get("cleo", "/apis", accept=accept)
    assert core["kind"] == groups["kind"] == "APIGroupDiscoveryList"
    assert "pods" in {resource["resource"] for resource in core["items"][0]["versions"][0]["resources"]}
    assert "certs.fernhill.example" in {group["metadata"]["name"] for group in groups["items"]}


async def test_the_older_discovery_agrees(cluster: Cluster) -> None:
    _, groups = await cluster.get("cleo", "/apis")
    _, resources = await cluster.get("cleo", "/apis/apps/v1")
    assert "apps" in {group["name"] for group in groups["groups"]}
    assert {"deployments", "deployments/scale"} <= {resource["name"] for resource in resources["resources"]}
