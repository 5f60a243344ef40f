"""Rows of jobs and cron jobs."""

from __future__ import annotations

from headlamp.demo import timestamps
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.printing.cells import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    NONE,
    SELECTOR,
    Cell,
    Column,
    Printer,
    age,
    duration,
    name,
    selector,
    since,
    template_cells,
)


def _job_word(job: Json) -> str:
    holding = {c["type"] for c in dig(job, "status", "conditions") or [] if c["status"] == "True"}
    for condition, word in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if condition in holding:
            return word
    return "Terminating" if dig(job, "metadata", "deletionTimestamp") else "Running"


def _job_duration(job: Json) -> Cell:
    started, ended = dig(job, "status", "startTime"), dig(job, "status", "completionTime")
    if not started:
        return ""
    return duration(timestamps.read(ended) - timestamps.read(started)) if ended else since(started)


def _job(job: Json) -> tuple[Cell, ...]:
    return (
        name(job),
        _job_word(job),
        f"{dig(job, 'status', 'succeeded') or 0}/{dig(job, 'spec', 'completions') or 1}",
        _job_duration(job),
        age(job),
        *template_cells(job),
        selector(dig(job, "spec", "selector")),
    )


def _cron_job(cron: Json) -> tuple[Cell, ...]:
    return (
        name(cron),
        cron["spec"]["schedule"],
        cron["spec"].get("timeZone") or NONE,
        "True" if cron["spec"].get("suspend") else "False",
        len(dig(cron, "status", "active") or []),
        since(dig(cron, "status", "lastScheduleTime"), missing=NONE),
        age(cron),
        *template_cells(dig(cron, "spec", "jobTemplate") or {}),
        NONE,
    )


JOB = Printer(
    (
        NAME,
        Column("Status", "How the job is, in one word."),
        Column("Completions", "Pods that succeeded of those that have to."),
        Column("Duration", "How long the job took, or has been running."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    _job,
)
CRON_JOB = Printer(
    (
        NAME,
        Column("Schedule", "When jobs start, in cron's notation."),
        Column("Timezone", "The time zone of the schedule."),
        Column("Suspend", "Whether no further jobs start.", type="boolean"),
        Column("Active", "How many jobs are running.", type="integer"),
        Column("Last Schedule", "How long ago a job was last started."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    _cron_job,
)
