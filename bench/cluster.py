"""A real API server with many pods, from a snapshot of its etcd that is made once.

etcd and kube-apiserver are the programs of the tests on real parts (`tests/real/stack`). Filling ten thousand pods in
takes minutes, so what etcd holds then is kept outside the repository, by what the objects and programs were.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tests.real.stack.apiserver import ADMINISTRATORS, ApiServer, ClusterIdentity, TrustedIssuer
from tests.real.stack.build import KUBERNETES, built
from tests.real.stack.cache import cache_root, cached
from tests.real.stack.etcd import Etcd
from tests.real.stack.kwok import PodLog, pod_log_path, start_kwok
from tests.real.stack.pki import Pki, trusting
from tests.real.stack.ports import Ports
from tests.real.stack.processes import Supervisor, Workplace
from tests.real.stack.progress import Progress

from bench.objects import Size, pods
from bench.seeding import Seeder

SNAPSHOT = "etcd.tar.gz"
# Zeroes and JSON: the fastest level makes a thirtieth of it.
LEVEL = 1
LOOKED_AT = 40


@dataclass(frozen=True)
class RealCluster:
    """A running API server, its kubectl, and the process ids of both halves."""

    api_server: ApiServer
    kubectl: Path
    size: Size

    @property
    def kubeconfig(self) -> Path:
        """For the administrator."""
        return self.api_server.kubeconfig(self.api_server.identity.admin)


@contextmanager
def real_cluster(env: dict[str, str], size: Size, issuers: Sequence[TrustedIssuer] = ()) -> Iterator[RealCluster]:
    """The cluster, running; whoever `issuers` sign in may do everything. The first time takes minutes."""
    supervisor = Supervisor()
    try:
        binaries = built(KUBERNETES, supervisor, env=env)
        kept = cached(
            cache_root(env),
            f"pods-{key(size)}",
            lambda folder: _Filling(binaries, supervisor, size).into(folder),
            waiting=lambda: Progress().say("Waiting for another run that fills the cluster …"),
        )
        with _workplace(supervisor) as place:
            with tarfile.open(kept / SNAPSHOT) as archive:
                archive.extractall(place.folder, filter="data")
            _, api_server = _start(place, binaries, issuers)
            yield RealCluster(api_server, binaries / "kubectl", size)
    finally:
        supervisor.close()


def key(size: Size) -> str:
    """Changes with the programs, the counts, and what the objects look like."""
    digest = hashlib.sha256(f"{KUBERNETES.key} {size}".encode())
    digest.update(json.dumps(list(islice(pods(size), LOOKED_AT))).encode())
    return f"{size.pods}-{digest.hexdigest()[:16]}"


class _Filling:
    def __init__(self, binaries: Path, supervisor: Supervisor, size: Size) -> None:
        self._binaries = binaries
        self._supervisor = supervisor
        self._size = size
        self._progress = Progress()

    def into(self, folder: Path) -> None:
        """Fill a cluster in a workplace of its own, and put the snapshot of its etcd into `folder`."""
        with _workplace(self._supervisor) as place:
            etcd, api = _start(place, self._binaries, ())
            pki = api.identity.pki
            tls = trusting(pki.pem, client=api.identity.admin)
            seeder = Seeder(api.url, tls, self._size, self._progress.update)
            # What kwok shows as the containers' log; nobody reads it here.
            PodLog(pod_log_path(place))
            kwok = start_kwok(
                place,
                self._binaries / "kwok",
                self._binaries / "stages",
                api,
                pki.client("kwok", ADMINISTRATORS),
                Ports().take(),
            )
            seeder.objects()
            kwok.stop()
            seeder.fates()
            self._progress.say("Filling the cluster: taking the snapshot")
            _tidy(etcd)
            place.stop_all()
            with tarfile.open(folder / SNAPSHOT, "w:gz", compresslevel=LEVEL) as archive:
                archive.add(place.folder / "etcd", "etcd")
        self._progress.done(f"Filled a cluster with {self._size.pods:,} pods")


@contextmanager
def _workplace(supervisor: Supervisor) -> Iterator[Workplace]:
    folder = Path(tempfile.mkdtemp(prefix="headlamp-bench-"))
    place = Workplace(folder, supervisor)
    try:
        yield place
    finally:
        place.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


def _start(place: Workplace, binaries: Path, issuers: Sequence[TrustedIssuer]) -> tuple[Etcd, ApiServer]:
    """Keys are new each time: nothing that etcd holds depends on them."""
    ports = Ports()
    etcd = Etcd(place, binaries / "etcd", ports.take(), ports.take())
    etcd.start()
    identity = ClusterIdentity(Pki(place, "cluster"))
    api = ApiServer(place, binaries / "kube-apiserver", identity, etcd.url, ports.take(), issuers)
    api.start()
    return etcd, api


def _tidy(etcd: Etcd) -> None:
    """Forget all but the latest revision of everything, and give the room back."""

    def ask(path: str, body: dict[str, object]) -> dict[str, dict[str, str]]:
        request = urllib.request.Request(f"{etcd.url}/v3/{path}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=120) as answer:
            found: dict[str, dict[str, str]] = json.load(answer)
            return found

    revision = ask("kv/range", {"key": "AA=="})["header"]["revision"]
    ask("kv/compaction", {"revision": revision, "physical": True})
    ask("maintenance/defragment", {})
