"""The kinds that the simulated API server knows, with what discovery tells about them."""

from __future__ import annotations

from dataclasses import dataclass, field

_EVERY_VERB = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Subresource:
    """`pods/log` and the like. `kind` is what it answers with, when that is not the resource's own."""

    name: str
    verbs: tuple[str, ...] = ("get", "patch", "update")
    kind: str = ""
    group: str = ""
    version: str = ""


STATUS = Subresource("status")
SCALE = Subresource("scale", kind="Scale", group="autoscaling", version="v1")


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One resource of one API version. There is one object a kind, so identity is equality (and a fast dict key)."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()
    verbs: tuple[str, ...] = field(default=_EVERY_VERB)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """`pods`, `deployments.apps`: how messages call the resource."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def subresource(self, name: str) -> Subresource | None:
        return next((one for one in self.subresources if one.name == name), None)


NAMESPACES = Kind("", "v1", "namespaces", "Namespace", namespaced=False, short_names=("ns",), subresources=(STATUS,))
NODES = Kind("", "v1", "nodes", "Node", namespaced=False, short_names=("no",), subresources=(STATUS,))
PODS = Kind(
    "",
    "v1",
    "pods",
    "Pod",
    short_names=("po",),
    categories=("all",),
    subresources=(
        Subresource("attach", ("create", "get"), "PodAttachOptions"),
        Subresource("eviction", ("create",), "Eviction", "policy", "v1"),
        Subresource("exec", ("create", "get"), "PodExecOptions"),
        Subresource("log", ("get",)),
        Subresource("portforward", ("create", "get"), "PodPortForwardOptions"),
        STATUS,
    ),
)
SERVICES = Kind("", "v1", "services", "Service", short_names=("svc",), categories=("all",), subresources=(STATUS,))
CONFIG_MAPS = Kind("", "v1", "configmaps", "ConfigMap", short_names=("cm",))
SECRETS = Kind("", "v1", "secrets", "Secret")
SERVICE_ACCOUNTS = Kind("", "v1", "serviceaccounts", "ServiceAccount", short_names=("sa",))
CLAIMS = Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", short_names=("pvc",), subresources=(STATUS,))
VOLUMES = Kind("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False, short_names=("pv",))
EVENTS = Kind("", "v1", "events", "Event", short_names=("ev",))
DEPLOYMENTS = Kind("apps", "v1", "deployments", "Deployment", True, ("deploy",), ("all",), (SCALE, STATUS))
REPLICA_SETS = Kind("apps", "v1", "replicasets", "ReplicaSet", True, ("rs",), ("all",), (SCALE, STATUS))
STATEFUL_SETS = Kind("apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), ("all",), (SCALE, STATUS))
DAEMON_SETS = Kind("apps", "v1", "daemonsets", "DaemonSet", True, ("ds",), ("all",), (STATUS,))
JOBS = Kind("batch", "v1", "jobs", "Job", True, (), ("all",), (STATUS,))
CRON_JOBS = Kind("batch", "v1", "cronjobs", "CronJob", True, ("cj",), ("all",), (STATUS,))
INGRESSES = Kind("networking.k8s.io", "v1", "ingresses", "Ingress", True, ("ing",), (), (STATUS,))
CLUSTER_ROLES = Kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Kind(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)
ROLES = Kind("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLE_BINDINGS = Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
STORAGE_CLASSES = Kind("storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False, short_names=("sc",))
DEFINITIONS = Kind(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
)
CERTIFICATES = Kind(
    "certs.fernhill.example", "v1", "certificates", "Certificate", True, ("cert", "certs"), ("certs",), (STATUS,)
)
SUBJECT_REVIEWS = Kind(
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False, verbs=("create",)
)
ACCESS_REVIEWS = Kind(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
    verbs=("create",),
)
RULES_REVIEWS = Kind(
    "authorization.k8s.io",
    "v1",
    "selfsubjectrulesreviews",
    "SelfSubjectRulesReview",
    namespaced=False,
    verbs=("create",),
)

STORED: tuple[Kind, ...] = (
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    CLAIMS,
    VOLUMES,
    EVENTS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    DAEMON_SETS,
    JOBS,
    CRON_JOBS,
    INGRESSES,
    CLUSTER_ROLES,
    CLUSTER_ROLE_BINDINGS,
    ROLES,
    ROLE_BINDINGS,
    STORAGE_CLASSES,
    DEFINITIONS,
    CERTIFICATES,
)
ALL: tuple[Kind, ...] = (*STORED, SUBJECT_REVIEWS, ACCESS_REVIEWS, RULES_REVIEWS)


def find(group: str, version: str, plural: str) -> Kind | None:
    """The kind that is served under this group, version and plural name."""
    return next((k for k in ALL if k.plural == plural and k.group == group and k.version == version), None)
