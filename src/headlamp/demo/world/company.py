"""What Fernhill Goods, a shop for outdoor equipment, runs in its cluster."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

REGISTRY = "registry.fernhill.example"
# How many past jobs of a cron job the cluster begins with.
JOBS_KEPT = 2
NAMESPACES: tuple[str, ...] = (
    "accounts",
    "catalogue",
    "cert-system",
    "checkout",
    "default",
    "delivery",
    "edge",
    "insights",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "messaging",
    "monitoring",
    "payments",
    "search",
    "shop",
    "warehouse",
)


class Temper(Enum):
    """How the pods of a workload behave."""

    STEADY = "steady"
    CRASHING = "crashing"
    RUNS_OUT_OF_MEMORY = "runs out of memory"
    IMAGE_IS_MISSING = "image is missing"
    FITS_NO_NODE = "fits no node"
    INIT_IS_FAILING = "init is failing"
    NOT_READY = "not ready"


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod template; CPU in millicores, memory in MiB."""

    name: str
    image: str
    cpu: int = 100
    memory: int = 128
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that runs: a Deployment unless `kind` says otherwise. `host` is its name on the internet."""

    namespace: str
    name: str
    containers: tuple[Container, ...]
    replicas: int = 2
    kind: str = "Deployment"
    temper: Temper = Temper.STEADY
    schedule: str = ""
    host: str = ""
    storage: str = ""
    configured: bool = True
    init: Container | None = None
    node_selector: dict[str, str] = field(default_factory=dict)

    @property
    def scales(self) -> bool:
        """Whether a larger company has more pods of this."""
        return self.kind == "Deployment" and self.temper is Temper.STEADY


_MESH = Container("mesh-proxy", f"{REGISTRY}/mesh/proxy:1.29.4", cpu=20, memory=64, port=15001)


def _service(
    namespace: str, name: str, version: str, replicas: int = 2, *, meshed: bool = False, temper: Temper = Temper.STEADY
) -> Workload:
    main = Container(name.split("-", maxsplit=1)[0], f"{REGISTRY}/{namespace}/{name}:{version}", 250, 512, 8080)
    return Workload(namespace, name, (main, _MESH) if meshed else (main,), replicas, temper=temper)


def _database(namespace: str, name: str, image: str, port: int, replicas: int, storage: str) -> Workload:
    container = Container(image.split("/")[-1].split(":")[0], image, 500, 1024, port)
    return Workload(namespace, name, (container,), replicas, kind="StatefulSet", storage=storage)


def _scheduled(namespace: str, name: str, version: str, schedule: str, temper: Temper = Temper.STEADY) -> Workload:
    container = Container("job", f"{REGISTRY}/{namespace}/{name}:{version}", 100, 256)
    return Workload(namespace, name, (container,), kind="CronJob", schedule=schedule, temper=temper, configured=False)


def _agent(namespace: str, name: str, image: str) -> Workload:
    return Workload(namespace, name, (Container("agent", image, 50, 96),), kind="DaemonSet", configured=False)


def _shop() -> tuple[Workload, ...]:
    storefront = _service("shop", "storefront", "5.12.0", 8, meshed=True)
    return (
        replace(storefront, host="www.fernhill.example"),
        _service("shop", "basket-api", "2.8.1", 5, meshed=True),
        _service("shop", "recommendations", "0.31.2", 3, temper=Temper.CRASHING),
        _service("shop", "wishlist-api", "1.4.0", 3),
        _service("shop", "voucher-api", "1.9.3", 2),
        _service("shop", "image-resizer", "3.0.2", 4),
        _database("shop", "basket-cache", "docker.io/library/redis:8.4", 6379, 3, "8Gi"),
        _scheduled("shop", "sitemap", "1.1.0", "*/4 * * * *"),
        replace(_service("checkout", "checkout-api", "2.18.3", 6, meshed=True), host="checkout.fernhill.example"),
        _service("checkout", "order-writer", "2.2.0", 4),
        _service("checkout", "tax-calculator", "1.0.9", 3),
        _service("checkout", "address-check", "0.9.4", 2),
        _database("checkout", "orders-db", "docker.io/library/postgres:18.1", 5432, 3, "200Gi"),
        _service("payments", "payment-gateway", "4.1.7", 5, meshed=True),
        _service("payments", "fraud-scorer", "0.14.0", 3, temper=Temper.RUNS_OUT_OF_MEMORY),
        _service("payments", "refunds", "1.3.2", 2),
        _database("payments", "ledger-db", "docker.io/library/postgres:18.1", 5432, 3, "100Gi"),
        _scheduled("payments", "reconciliation", "1.2.5", "*/7 * * * *"),
        replace(_service("accounts", "accounts-api", "3.6.0", 4, meshed=True), host="account.fernhill.example"),
        _service("accounts", "mail-sender", "1.7.7", 3),
        _service("accounts", "loyalty", "2.0.0", 2, temper=Temper.IMAGE_IS_MISSING),
        _database("accounts", "accounts-db", "docker.io/library/postgres:18.1", 5432, 2, "50Gi"),
    )


def _goods() -> tuple[Workload, ...]:
    embeddings = _service("search", "embeddings", "0.7.0", 1, temper=Temper.FITS_NO_NODE)
    migrating = _service("warehouse", "stock-api", "6.3.0", 1, temper=Temper.INIT_IS_FAILING)
    migration = Container("migrate", f"{REGISTRY}/warehouse/migrate:6.3.0")
    return (
        _service("catalogue", "catalogue-api", "7.0.4", 6, meshed=True),
        _service("catalogue", "price-feed", "1.15.0", 3),
        _service("catalogue", "media-store", "2.4.1", 4),
        _database("catalogue", "catalogue-db", "docker.io/library/postgres:18.1", 5432, 3, "80Gi"),
        _service("search", "query-router", "3.3.1", 4, meshed=True),
        _service("search", "indexer", "3.3.1", 4),
        _service("search", "suggest", "1.8.0", 3),
        replace(embeddings, node_selector={"fernhill.example/gpu": "true"}),
        _database("search", "index", "docker.io/opensearchproject/opensearch:3.4.0", 9200, 5, "300Gi"),
        _service("warehouse", "picking", "5.1.1", 4),
        _service("warehouse", "label-printer", "1.0.3", 2),
        replace(migrating, init=migration),
        _database("warehouse", "stock-db", "docker.io/library/postgres:18.1", 5432, 2, "60Gi"),
        _scheduled("warehouse", "stock-take", "2.0.1", "*/5 * * * *", Temper.CRASHING),
        _service("delivery", "route-planner", "4.4.0", 3),
        replace(_service("delivery", "tracking-api", "2.9.2", 4), host="track.fernhill.example"),
        _service("delivery", "carrier-sync", "1.6.0", 2, temper=Temper.NOT_READY),
    )


def _platform() -> tuple[Workload, ...]:
    ingress = Container("controller", "registry.k8s.io/ingress-controller:1.14.1", 300, 512, 8443)
    system = "registry.k8s.io"
    return (
        _service("messaging", "event-router", "2.1.0", 3),
        _database("messaging", "kafka", "docker.io/apache/kafka:4.1.1", 9092, 5, "500Gi"),
        _service("insights", "clickstream", "1.22.0", 4),
        _service("insights", "dashboards", "12.3.0", 2),
        _database("insights", "clickhouse", "docker.io/clickhouse/clickhouse-server:25.11", 8123, 3, "400Gi"),
        _scheduled("insights", "daily-figures", "3.1.4", "*/6 * * * *"),
        Workload("edge", "ingress-controller", (ingress,), 4),
        _database("monitoring", "prometheus", "quay.io/prometheus/prometheus:v3.8.0", 9090, 2, "250Gi"),
        _service("monitoring", "alert-router", "0.28.1", 2),
        _agent("monitoring", "node-exporter", "quay.io/prometheus/node-exporter:v1.10.2"),
        Workload("cert-system", "certificate-controller", (Container("controller", f"{REGISTRY}/certs:1.3.0"),), 2),
        Workload("kube-system", "coredns", (Container("coredns", f"{system}/coredns/coredns:v1.13.1", port=53),), 3),
        Workload("kube-system", "metrics-server", (Container("metrics", f"{system}/metrics-server:v0.8.0"),), 2),
        _agent("kube-system", "node-local-dns", f"{system}/dns/node-cache:1.26.7"),
        _agent("kube-system", "network-agent", f"{REGISTRY}/network/agent:1.18.4"),
    )


def workloads() -> tuple[Workload, ...]:
    """Everything that the company runs, at its ordinary size."""
    return (*_shop(), *_goods(), *_platform())


def sized(pods: int, nodes: int) -> tuple[Workload, ...]:
    """The company's workloads with replicas chosen so that there are about `pods` pods, on `nodes` nodes.

    What crashes stays as small as it is: a larger company is not a more broken one. Of a very small one every
    workload keeps one pod, so that there are at least as many pods as workloads.
    """
    everything = workloads()
    agents = sum(1 for workload in everything if workload.kind == "DaemonSet")
    fixed = sum(w.replicas for w in everything if w.kind in ("Deployment", "StatefulSet") and not w.scales)
    fixed += sum(JOBS_KEPT for w in everything if w.kind == "CronJob")
    scaling = [workload for workload in everything if workload.scales]
    ordinary = sum(workload.replicas for workload in scaling)
    left = max(pods - fixed - agents * nodes, len(scaling))
    result, given, seen = [], 0, 0
    for workload in everything:
        if not workload.scales:
            result.append(workload)
            continue
        seen += workload.replicas
        # Each takes its share of what has been due up to here, so that roundings don't add up.
        replicas = max(1, round(left * seen / ordinary) - given)
        given += replicas
        result.append(replace(workload, replicas=replicas))
    return tuple(result)


def nodes_for(pods: int) -> int:
    """How many nodes a cluster of this size has."""
    return max(4, min(8, pods // 25)) if pods <= 1000 else pods // 60
