"""The parts that the soak restarts, which are its own: a cluster, a provider that remembers, and the product."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.real.stack.admin import Admin
from tests.real.stack.apiserver import ApiServer, ClusterIdentity
from tests.real.stack.build import DEX, KUBERNETES
from tests.real.stack.dex import Dex, passwords_of
from tests.real.stack.etcd import Etcd
from tests.real.stack.kubeconfig import kubeconfig
from tests.real.stack.oidc_client import callback
from tests.real.stack.people import ADMINS, PREFIX, TEAM_A, Person
from tests.real.stack.pki import Pki
from tests.real.stack.ports import Ports
from tests.real.stack.processes import Program, Workplace
from tests.real.stack.product import Product
from tests.real.stack.whole import Stack

TOKENS_LIVE_S = 60
NAMESPACES = tuple(f"soak-{number}" for number in range(8))
TEAM_NAMESPACES = NAMESPACES[:3]
"""Where those who are no administrators may look."""
# Dex has one refresh token for a person: each of them has one session.
EVERYWHERE = tuple(Person(f"admin-{number}", (ADMINS,)) for number in range(8))
IN_THE_TEAM = tuple(Person(f"member-{number}", (TEAM_A,)) for number in range(2))


@dataclass
class World:
    """What runs during a soak. The provider keeps sessions and keys in the cluster's etcd: it may be restarted."""

    place: Workplace
    api_server: ApiServer
    dex: Dex
    product: Product
    web_pki: Pki
    _dex_program: Program

    def stop_provider(self) -> None:
        """As an administrator does it."""
        self._dex_program.stop()

    def start_provider(self) -> None:
        """It goes on where it was; the next one may be stopped again."""
        self._dex_program = self.dex.start()


def start_world(stack: Stack, folder: Path) -> World:
    """Start everything, in a folder of its own; it ends with the stack's supervisor, or by `Workplace.stop_all`."""
    place, ports = Workplace(folder, stack.place.supervisor), Ports()
    web_pki, identity = Pki(place, "web"), ClusterIdentity(Pki(place, "cluster"))
    programs = stack.programs(KUBERNETES)
    etcd = Etcd(place, programs / "etcd", ports.take(), ports.take())
    product_port = ports.take()
    dex = Dex(
        place,
        stack.programs(DEX) / "dex",
        web_pki,
        ports.take(),
        [callback(f"http://localhost:{product_port}")],
        {
            "storage": {"type": "etcd", "config": {"endpoints": [etcd.url], "namespace": "dex/"}},
            "expiry": {"idTokens": f"{TOKENS_LIVE_S}s", "refreshTokens": {"reuseInterval": "0s"}},
            "staticPasswords": passwords_of((*EVERYWHERE, *IN_THE_TEAM)),
        },
    )
    api_server = ApiServer(place, programs / "kube-apiserver", identity, etcd.url, ports.take(), (dex.trusted,))
    etcd.start()
    dex_program = dex.start()
    api_server.start()
    _set_up(api_server.admin)
    config = kubeconfig({"lab": api_server.url}, identity.pki.ca)
    product = Product(place, product_port, config, dex.client)
    product.start()
    return World(place, api_server, dex, product, web_pki, dex_program)


def _set_up(admin: Admin) -> None:
    """The namespaces, and who may do what in them."""
    kinds, rbac = {"apiGroup": "rbac.authorization.k8s.io"}, "/apis/rbac.authorization.k8s.io/v1"

    def subjects(group: str) -> list[dict[str, str]]:
        return [kinds | {"kind": "Group", "name": PREFIX + group}]

    def bound(role: str, group: str) -> dict[str, object]:
        return {
            "metadata": {"name": f"soak-{group}"},
            "roleRef": kinds | {"kind": "ClusterRole", "name": role},
            "subjects": subjects(group),
        }

    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}
    admin.create(f"{rbac}/clusterroles", {"metadata": {"name": "look-at-config-maps"}, "rules": [rule]})
    admin.create(f"{rbac}/clusterrolebindings", bound("cluster-admin", ADMINS))
    for namespace in NAMESPACES:
        admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    for namespace in TEAM_NAMESPACES:
        admin.create(f"{rbac}/namespaces/{namespace}/rolebindings", bound("look-at-config-maps", TEAM_A))
