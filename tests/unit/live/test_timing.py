"""The pauses between tries grow, but not so that a cluster which is back is left alone."""

from __future__ import annotations

from headlamp.clusters.errors import ClusterTimedOut, ClusterUnreachable
from headlamp.live.errors import Busy
from headlamp.live.timing import Backoff, Timing


def backoff(random: float = 1.0) -> Backoff:
    return Backoff(Timing(first_pause=0.5, away_pause=4.0, longest_pause=30.0), lambda: random)


def test_pauses_double_up_to_the_longest_and_begin_again_after_a_success() -> None:
    pauses = backoff()
    assert [pauses.next() for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    pauses.reset()
    assert pauses.next() == 0.5


def test_a_pause_is_at_least_half_as_long_so_that_viewers_come_back_one_by_one() -> None:
    assert backoff(random=0.0).next() == 0.25


def test_a_cluster_that_is_away_is_looked_for_every_few_seconds_however_long_it_has_been() -> None:
    pauses = backoff()
    assert [pauses.after(ClusterUnreachable()) for _ in range(20)][3:] == [4.0] * 17
    assert pauses.after(ClusterTimedOut()) == 4.0


def test_the_first_word_of_a_cluster_that_was_away_begins_the_pauses_anew() -> None:
    pauses = backoff()
    for _ in range(20):
        pauses.after(ClusterUnreachable())
    assert [pauses.after(Busy()) for _ in range(3)] == [0.5, 1.0, 2.0]


def test_a_cluster_that_goes_on_refusing_is_asked_ever_less() -> None:
    pauses = backoff()
    assert [pauses.after(Busy()) for _ in range(8)][-1] == 30.0


def test_the_servers_own_wish_comes_before_the_pause() -> None:
    assert backoff().after(Busy(retry_after=7.0)) == 7.5
