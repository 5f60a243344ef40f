"""What is in use is not closed, and what nobody uses any more is."""

from __future__ import annotations

import pytest

from headlamp.clusters.usage import Usage


def test_it_is_told_each_time_that_the_last_one_has_ended_and_not_before() -> None:
    told: list[int] = []
    usage = Usage(lambda: told.append(usage.users))
    with usage:
        usage.begin()
        usage.end()
        assert not told
    assert told == [0]
    with usage:
        pass
    assert told == [0, 0]


def test_whoever_fails_uses_it_no_longer() -> None:
    usage = Usage(lambda: None)
    with pytest.raises(ValueError, match="failed"), usage:
        raise ValueError("failed")
    assert usage.users == 0
