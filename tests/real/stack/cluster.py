"""One cluster out of its parts, each started when it is first needed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.real.stack.admin import Admin
from tests.real.stack.apiserver import ADMINISTRATORS, ApiServer, ClusterIdentity, TrustedIssuer
from tests.real.stack.build import KUBERNETES, Recipe
from tests.real.stack.controllers import start_controller_manager, start_scheduler
from tests.real.stack.etcd import Etcd
from tests.real.stack.kubeconfig import kubeconfig
from tests.real.stack.kwok import PodLog, pod_log_path, start_kwok
from tests.real.stack.objects import node
from tests.real.stack.people import ADMINS, KEYCLOAK_PREFIX, OIDC_PROVIDER_PREFIX, PREFIX, PROVIDER_PREFIX, TEAM_A
from tests.real.stack.pki import Pki
from tests.real.stack.ports import Ports
from tests.real.stack.processes import Program, Workplace
from tests.real.stack.releases import Release

NODES = ("node-1", "node-2")
PREFIXES = (PREFIX, KEYCLOAK_PREFIX, OIDC_PROVIDER_PREFIX, PROVIDER_PREFIX)
DEFAULT_ACCOUNT_WITHIN_S = 30.0


@dataclass
class Cluster:
    """A control plane, and nodes that are played.

    `api_server` is enough for objects; `nodes` brings pods to life. `programs` gives the folder of a recipe's programs.
    The control plane is of one `release`; what is around it is the same for all of them.
    """

    place: Workplace
    release: Release
    programs: Callable[[Recipe], Path]
    ports: Ports
    issuers: Sequence[TrustedIssuer]

    def __post_init__(self) -> None:
        self._around = self.programs(KUBERNETES)
        self._control_plane = self.programs(self.release.control_plane)
        self.identity = ClusterIdentity(Pki(self.place, "cluster"))
        self.etcd = Etcd(self.place, self._around / "etcd", self.ports.take(), self.ports.take())
        self._api_server = self._new_api_server("kube-apiserver", self.issuers)
        # Another door to the same cluster, where nobody knows the providers.
        self._strict_api_server = self._new_api_server("kube-apiserver-without-oidc", ())
        servers = {"lab": self._api_server.url, "strict": self._strict_api_server.url}
        self.kubeconfig = kubeconfig(servers, self.identity.pki.ca)
        """The product's, which names both doors, whether they are started or not."""

    @functools.cached_property
    def api_server(self) -> ApiServer:
        """The API server, with the rights of the people set up."""
        self.etcd.start()
        self._api_server.start()
        self._set_up_rights(self._api_server.admin)
        return self._api_server

    @functools.cached_property
    def strict_api_server(self) -> ApiServer:
        """An API server that does not trust any provider."""
        assert self.api_server is not None
        self._strict_api_server.start()
        return self._strict_api_server

    @functools.cached_property
    def nodes(self) -> PodLog:
        """Two nodes on which pods run; the log that all their containers have."""
        api, pki = self.api_server, self.identity.pki
        log = PodLog(pod_log_path(self.place))
        start_controller_manager(
            self.place,
            self._control_plane / "kube-controller-manager",
            api,
            pki.client("system:kube-controller-manager"),
            self.ports.take(),
        )
        start_kwok(
            self.place,
            self._around / "kwok",
            self._around / "stages",
            api,
            pki.client("kwok", ADMINISTRATORS),
            self.ports.take(),
        )
        for name in NODES:
            api.admin.create("/api/v1/nodes", node(name))
        # Pods are refused until their namespace has it.
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        api.wait_until(lambda: api.admin.is_there(account), within=DEFAULT_ACCOUNT_WITHIN_S)
        return log

    @functools.cached_property
    def scheduler(self) -> Program:
        """For pods that don't say which node they are for."""
        assert self.nodes is not None
        user = self.identity.pki.client("system:kube-scheduler")
        binary = self._control_plane / "kube-scheduler"
        return start_scheduler(self.place, binary, self.api_server, user, self.ports.take())

    def _new_api_server(self, name: str, issuers: Sequence[TrustedIssuer]) -> ApiServer:
        return ApiServer(
            self.place,
            self._control_plane / "kube-apiserver",
            self.identity,
            self.etcd.url,
            self.ports.take(),
            issuers,
            name=name,
            release=self.release,
        )

    def _set_up_rights(self, admin: Admin) -> None:
        kinds = {"apiGroup": "rbac.authorization.k8s.io"}
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        admin.create(
            f"{rbac}/clusterrolebindings",
            {
                "metadata": {"name": "people-who-may-everything"},
                "roleRef": kinds | {"kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [kinds | {"kind": "Group", "name": prefix + ADMINS} for prefix in PREFIXES],
            },
        )
        for namespace in (TEAM_A, "team-b"):
            admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        # Not the role `view`, which is empty until a controller manager has put it together.
        admin.create(
            f"{rbac}/namespaces/{TEAM_A}/roles",
            {
                "metadata": {"name": "look"},
                "rules": [
                    {
                        "apiGroups": [""],
                        "resources": ["pods", "pods/log", "configmaps"],
                        "verbs": ["get", "list", "watch"],
                    }
                ],
            },
        )
        admin.create(
            f"{rbac}/namespaces/{TEAM_A}/rolebindings",
            {
                "metadata": {"name": "people-who-may-look"},
                "roleRef": kinds | {"kind": "Role", "name": "look"},
                "subjects": [kinds | {"kind": "Group", "name": prefix + TEAM_A} for prefix in PREFIXES],
            },
        )
