"""The reviews by which users ask about themselves: who am I, may I, what may I do."""

from __future__ import annotations

from headlamp.demo import timestamps
from headlamp.demo.cluster import status
from headlamp.demo.cluster.authentication import User
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.rbac import Rbac, Rule
from headlamp.demo.cluster.targets import Target


def subject_review(user: User, now: float) -> Json:
    """`SelfSubjectReview`: the user as the cluster sees them."""
    return {
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": timestamps.written(now)},
        "status": {"userInfo": {"username": user.name, "groups": list(user.groups)}},
    }


def access_review(user: User, rbac: Rbac, review: Json) -> Json:
    """`SelfSubjectAccessReview`: whether one request would be allowed. Raises the API's 422 for an empty question."""
    resource, path = dig(review, "spec", "resourceAttributes"), dig(review, "spec", "nonResourceAttributes")
    if isinstance(resource, dict) == isinstance(path, dict):
        problem = "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise status.invalid("SelfSubjectAccessReview", "authorization.k8s.io", "", "spec.resourceAttributes", problem)
    if isinstance(resource, dict):
        target = Target(
            verb=resource.get("verb", ""),
            path="",
            group=resource.get("group", ""),
            resource=resource.get("resource", ""),
            subresource=resource.get("subresource", ""),
            namespace=resource.get("namespace", ""),
            name=resource.get("name", ""),
        )
    else:
        target = Target(verb=dig(path, "verb") or "", path=dig(path, "path") or "")
    return {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": review["spec"],
        "status": {"allowed": rbac.allows(user, target)},
    }


def rules_review(user: User, rbac: Rbac, review: Json) -> Json:
    """`SelfSubjectRulesReview`: every rule that the user has in a namespace. Raises the API's 400 without one."""
    namespace = dig(review, "spec", "namespace")
    if not isinstance(namespace, str) or not namespace:
        raise status.bad_request("no namespace on request")
    rules = rbac.rules_for(user, namespace)
    return {
        "kind": "SelfSubjectRulesReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": {},
        "status": {
            "resourceRules": [_resource_rule(rule) for rule in rules if rule.resources],
            "nonResourceRules": [
                {"verbs": list(rule.verbs), "nonResourceURLs": list(rule.non_resource_urls)}
                for rule in rules
                if rule.non_resource_urls
            ],
            "incomplete": False,
        },
    }


def _resource_rule(rule: Rule) -> Json:
    return {
        "verbs": list(rule.verbs),
        "apiGroups": list(rule.api_groups),
        "resources": list(rule.resources),
        **({"resourceNames": list(rule.resource_names)} if rule.resource_names else {}),
    }
