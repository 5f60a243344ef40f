"""Jobs and cron jobs: started by the schedule, done when their pod is, forgotten after a few."""

from __future__ import annotations

import random
import re

from headlamp.demo import timestamps
from headlamp.demo.chance import suffix
from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.store import Change, Store, Stored
from headlamp.demo.world import pods
from headlamp.demo.world.agenda import Agenda
from headlamp.demo.world.ownership import Ownership
from headlamp.demo.world.recorder import Recorder

_EVERY = re.compile(r"\*/(?P<minutes>[1-9][0-9]?) \* \* \* \*|(?P<always>\* \* \* \* \*)")
_KEPT = 3


def job(cron: Json, name: str, now: float) -> Json:
    """The job that a cron job starts."""
    template = cron["spec"]["jobTemplate"]
    labels = dict(dig(template, "spec", "template", "metadata", "labels") or {})
    return {
        "metadata": {
            "name": name,
            "namespace": cron["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": [pods.owner_reference(kinds.CRON_JOBS, cron)],
            "generation": 1,
        },
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 0,
            "selector": {"matchLabels": {"batch.kubernetes.io/job-name": name}},
            "template": template["spec"]["template"],
        },
        "status": {"startTime": timestamps.written(now)},
    }


def job_pod(obj: Json, chance: random.Random) -> Json:
    """The pod of a job."""
    metadata = obj["metadata"]
    return pods.new_pod(
        obj["spec"]["template"],
        namespace=metadata["namespace"],
        name=f"{metadata['name']}-{suffix(chance)}",
        owner=pods.owner_reference(kinds.JOBS, obj),
        labels={"batch.kubernetes.io/job-name": metadata["name"]},
    )


def conclude(obj: Json, now: float, *, succeeded: bool) -> None:
    """Note on a job that it is over."""
    moment = timestamps.written(now)
    condition = {"type": "Complete" if succeeded else "Failed", "status": "True", "lastTransitionTime": moment}
    obj["status"] = {
        **obj.get("status", {}),
        "conditions": [condition],
        "ready": 0,
        **({"succeeded": 1, "completionTime": moment} if succeeded else {"failed": 1}),
    }
    obj["status"].pop("active", None)


def period(schedule: str) -> int | None:
    """Seconds between two starts; None for schedules that the simulation does not follow."""
    match = _EVERY.fullmatch(schedule)
    return int(match["minutes"] or 1) * 60 if match else None


class Jobs:
    """Starts what is due, and follows it to its end."""

    def __init__(
        self, store: Store, agenda: Agenda, ownership: Ownership, recorder: Recorder, chance: random.Random
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._ownership = ownership
        self._recorder = recorder
        self._chance = chance
        self._followed: set[str] = set()

    def heard(self, change: Change) -> None:
        """Follow new cron jobs, give new jobs their pod, and end jobs whose pod has ended."""
        stored = change.stored
        if stored.kind is kinds.CRON_JOBS and change.type != "DELETED" and stored.uid not in self._followed:
            self._followed.add(stored.uid)
            self._agenda.after(self._until_next(stored), lambda: self._tick(stored))
        elif stored.kind is kinds.JOBS and change.type == "ADDED":
            self._agenda.after(0.3, lambda: self._begin(stored))
        elif stored.kind is kinds.PODS and stored.fields["status.phase"] in ("Succeeded", "Failed"):
            self._agenda.after(0.3, lambda: self._end(stored))

    def _until_next(self, stored: Stored) -> float:
        seconds = period(stored.load()["spec"].get("schedule", ""))
        return seconds - self._agenda.now() % seconds if seconds else 3600

    def _tick(self, stored: Stored) -> None:
        current = self._store.get(kinds.CRON_JOBS, stored.namespace, stored.name)
        if current is None or current.uid != stored.uid:
            return
        cron, now = current.load(), self._agenda.now()
        self._agenda.after(max(self._until_next(current), 1), lambda: self._tick(stored))
        name = f"{stored.name}-{int(now) // 60}"
        taken = self._store.get(kinds.JOBS, stored.namespace, name) is not None
        if cron["spec"].get("suspend") or taken or period(cron["spec"]["schedule"]) is None:
            return
        made = self._store.create(kinds.JOBS, job(cron, name, now))
        reference = {
            "kind": "Job",
            "apiVersion": "batch/v1",
            "namespace": made.namespace,
            "name": name,
            "uid": made.uid,
        }
        active = [*(dig(cron, "status", "active") or []), reference]
        cron["status"] = {**cron.get("status", {}), "active": active, "lastScheduleTime": timestamps.written(now)}
        self._store.replace(kinds.CRON_JOBS, cron)
        message = f"Created job {name}"
        self._recorder.record(kinds.CRON_JOBS, cron, "SuccessfulCreate", message, component="cronjob-controller")

    def _begin(self, stored: Stored) -> None:
        current = self._store.get(kinds.JOBS, stored.namespace, stored.name)
        if current is None or self._ownership.owned_by(current.uid, kinds.PODS):
            return
        obj = current.load()
        pod = self._store.create(kinds.PODS, job_pod(obj, self._chance))
        moment = timestamps.written(self._agenda.now())
        obj["status"] = {"startTime": moment, **obj.get("status", {}), "active": 1, "ready": 0}
        self._store.replace(kinds.JOBS, obj)
        message = f"Created pod: {pod.name}"
        self._recorder.record(kinds.JOBS, obj, "SuccessfulCreate", message, component="job-controller")

    def _end(self, pod: Stored) -> None:
        name = pod.labels.get("batch.kubernetes.io/job-name", "")
        current = self._store.get(kinds.JOBS, pod.namespace, name)
        if current is None or current.uid != pod.owner:
            return
        obj = current.load()
        if dig(obj, "status", "conditions"):
            return
        succeeded = pod.fields["status.phase"] == "Succeeded"
        conclude(obj, self._agenda.now(), succeeded=succeeded)
        stored = self._store.replace(kinds.JOBS, obj)
        reason, message = ("Completed", "Job completed") if succeeded else ("BackoffLimitExceeded", "Job has failed")
        self._recorder.record(kinds.JOBS, obj, reason, message, component="job-controller", warning=not succeeded)
        self._tidy(stored)

    def _tidy(self, done: Stored) -> None:
        """Take the job off its cron job's list, and the oldest jobs away."""
        reference = next(iter(done.load()["metadata"].get("ownerReferences", [])), None)
        owner = self._store.get(kinds.CRON_JOBS, done.namespace, reference["name"]) if reference else None
        if owner is None:
            return
        cron = owner.load()
        active = [one for one in dig(cron, "status", "active") or [] if one["uid"] != done.uid]
        cron["status"] = {**cron.get("status", {}), "active": active}
        self._store.replace(kinds.CRON_JOBS, cron)
        finished = [one for one in self._ownership.owned_by(owner.uid, kinds.JOBS) if _is_over(one)]
        for one in finished[: max(len(finished) - _KEPT, 0)]:
            self._store.remove(kinds.JOBS, one.namespace, one.name)


def _is_over(stored: Stored) -> bool:
    return bool(dig(stored.load(), "status", "conditions"))
