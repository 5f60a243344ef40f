"""The simulated world: its size, its life, and that the same seed gives the same one."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.unit.demo.lab import Clock

from headlamp.demo.cluster import kinds
from headlamp.demo.world.world import World, create_world


def world_of(clock: Clock, *, pods: int = 200, seed: int = 1) -> World:
    return create_world(pods=pods, seed=seed, now=clock)


def walk(world: World, clock: Clock, seconds: int) -> None:
    for _ in range(seconds):
        clock.at += 1
        world.agenda.step()


def words(world: World) -> Counter[object]:
    return Counter(pod.cells[2] for pod in world.store.select(kinds.PODS))


@pytest.mark.parametrize("wanted", [200, 1000, 3000])
def test_there_are_as_many_pods_as_were_asked_for(clock: Clock, wanted: int) -> None:
    assert abs(world_of(clock, pods=wanted).store.count(kinds.PODS) - wanted) <= wanted * 0.02


def test_a_very_small_world_has_at_least_one_pod_of_everything(clock: Clock) -> None:
    assert 50 < world_of(clock, pods=1).store.count(kinds.PODS) < 150


def test_every_kind_that_is_kept_has_objects_soon(clock: Clock) -> None:
    world = world_of(clock)
    walk(world, clock, 60)
    assert [kind.plural for kind in kinds.STORED if not world.store.count(kind)] == ["roles"]


def test_some_pods_are_in_trouble_from_the_beginning(clock: Clock) -> None:
    found = words(world_of(clock))
    assert {"Running", "CrashLoopBackOff", "ImagePullBackOff", "Pending", "Init:CrashLoopBackOff", "Completed"} <= set(
        found
    )
    assert found["Running"] > 150


def test_the_same_seed_gives_the_same_life(clock: Clock) -> None:
    begin = clock.at
    seen = []
    for _ in range(2):
        clock.at = begin
        world = world_of(clock, seed=5)
        walk(world, clock, 120)
        seen.append([pod.body for pod in world.store.select(kinds.PODS)])
    assert seen[0] == seen[1]


def test_another_seed_gives_other_names(clock: Clock) -> None:
    first, second = world_of(clock, seed=1), world_of(clock, seed=2)
    assert {p.name for p in first.store.select(kinds.PODS)} != {p.name for p in second.store.select(kinds.PODS)}


def test_life_goes_on_and_stays_in_bounds(clock: Clock) -> None:
    world = world_of(clock)
    before = {pod.name for pod in world.store.select(kinds.PODS)}
    restarts = _restarts(world)
    walk(world, clock, 900)
    after = {pod.name for pod in world.store.select(kinds.PODS)}
    assert len(before ^ after) > 10
    assert _restarts(world) > restarts
    assert 170 < world.store.count(kinds.PODS) < 260
    assert words(world)["Running"] > 150


def test_jobs_are_started_and_completed(clock: Clock) -> None:
    world = world_of(clock)
    before = {job.name for job in world.store.select(kinds.JOBS)}
    walk(world, clock, 600)
    new = [job for job in world.store.select(kinds.JOBS) if job.name not in before]
    assert "Complete" in {job.cells[1] for job in new}
    assert "Failed" in {job.cells[1] for job in new}


def test_events_are_counted_rather_than_repeated(clock: Clock) -> None:
    world = world_of(clock)
    walk(world, clock, 600)
    back_offs = [event for event in world.store.select(kinds.EVENTS) if event.fields["reason"] == "BackOff"]
    assert any(int(event.cells[8]) > 1 for event in back_offs if isinstance(event.cells[8], int))


def _restarts(world: World) -> int:
    return sum(
        status["restartCount"]
        for pod in world.store.select(kinds.PODS)
        for status in pod.load()["status"].get("containerStatuses", [])
    )
