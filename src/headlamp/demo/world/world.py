"""The simulated world as one piece: the store, and everything that happens in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headlamp.demo.chance import seeded
from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.store import Change, Store
from headlamp.demo.world import company
from headlamp.demo.world.agenda import Agenda
from headlamp.demo.world.controllers import Controllers
from headlamp.demo.world.garbage import Garbage
from headlamp.demo.world.happenings import Happenings
from headlamp.demo.world.jobs import Jobs
from headlamp.demo.world.kubelet import Kubelet
from headlamp.demo.world.logtext import Author
from headlamp.demo.world.ownership import Ownership
from headlamp.demo.world.populate import Populator, adopted
from headlamp.demo.world.recorder import Recorder


@dataclass(frozen=True, slots=True)
class World:
    """`agenda` has to be stepped, or run, for anything to happen."""

    store: Store
    agenda: Agenda
    scribe: Author


def create_world(*, pods: int, seed: int, now: Callable[[], float], eventful: bool = True) -> World:
    """Make the world of a seed with about `pods` pods.

    With `eventful` things happen by themselves; without, the world only reacts to what is done to it.
    """
    nodes = company.nodes_for(pods)
    workloads = company.sized(pods, nodes)
    store = Store(now=now, chance=seeded(seed, "store"))
    agenda = Agenda(now)
    recorder = Recorder(store, now=now, chance=seeded(seed, "events"))
    tempers = {(w.namespace, w.name): w.temper for w in workloads if w.temper is not company.Temper.STEADY}
    kubelet = Kubelet(store, agenda, recorder, tempers, seeded(seed, "kubelet"))
    Populator(store, kubelet, seeded(seed, "world"), now()).fill(workloads, nodes)

    ownership = Ownership(store)
    controllers = Controllers(store, agenda, ownership, recorder, seeded(seed, "controllers"))
    jobs = Jobs(store, agenda, ownership, recorder, seeded(seed, "jobs"))
    garbage = Garbage(store, agenda, ownership)
    for kind in kinds.STORED:
        for stored in store.select(kind):
            ownership.heard(Change("ADDED", stored, None, stored.version))
    store.listeners += [ownership.heard, kubelet.heard, controllers.heard, jobs.heard, garbage.heard]
    if eventful:
        for stored in store.select(kinds.CRON_JOBS):
            jobs.heard(Change("ADDED", stored, None, stored.version))
        for stored in store.select(kinds.PODS):
            kubelet.adopt(stored)
        steady = {(w.namespace, w.name) for w in workloads if w.scales}
        happenings = Happenings(store, agenda, kubelet, seeded(seed, "happenings"))
        happenings.begin([entry for entry in adopted(store) if entry[:2] in steady])
    store.forget_history()
    return World(store, agenda, Author())
