"""When the token is good: `exp` and `nbf`, by the cluster's clock, and how far that is from ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.findings import Finding
from headlamp.access.explanation.shortening import in_words
from headlamp.access.explanation.token_reading import instant

NBF_LEEWAY_S = 60.0
"""So far in the future kube-apiserver allows `nbf` to be; it has no leeway for `exp`."""

# The Date header has whole seconds, and an answer takes a moment.
_CLOCKS_AGREE_S = 5.0


def lifetime_findings(case: Case) -> Iterator[Finding]:
    """`exp`, `nbf` where there is one, and the clock where the cluster's differs from ours; nothing if no JWT."""
    if case.token.format != "jwt":
        return
    yield _expiry(case)
    if case.token.claims.get("nbf") is not None:
        yield _not_before(case)
    yield from _clock(case)


def _expiry(case: Case) -> Finding:
    expiry = case.token.expires_at
    if expiry is None:
        return Finding(
            "exp",
            in_words(case.token.claims.get("exp")),
            "a time in the future",
            "off",
            "An API server takes no token that never expires.",
            "Have the provider give its tokens an `exp`.",
            fatal=True,
        )
    left = expiry - case.cluster_time
    if left < 0:
        ours = expiry - case.now
        return Finding(
            "exp",
            _moment(expiry),
            "a time in the future",
            "off",
            f"The token expired {_duration(-left)} ago"
            + (" by the cluster's clock, and not yet by ours." if ours > 0 else ".")
            + " The API server's log says `token is expired`.",
            "Set the clocks of both machines by NTP." if ours > 0 else "Sign in again, or paste a new token.",
        )
    return Finding("exp", _moment(expiry), "a time in the future", "ok", f"It is good for {_duration(left)} more.")


def _not_before(case: Case) -> Finding:
    value = case.token.claims["nbf"]
    begins = instant(value)
    if begins is None:
        return Finding(
            "nbf",
            in_words(value),
            "a time in the past",
            "off",
            "An API server can't read a token whose `nbf` is not a number of seconds since 1970.",
            "Correct what makes `nbf` at the identity provider.",
            fatal=True,
        )
    early = begins - case.cluster_time
    if early > NBF_LEEWAY_S:
        return Finding(
            "nbf",
            _moment(begins),
            "a time in the past",
            "off",
            f"The token is good only in {_duration(early)}, by the cluster's clock; a minute is forgiven.",
            "Set the clocks of the provider and of the API server by NTP.",
        )
    return Finding("nbf", _moment(begins), "a time in the past", "ok", "It is good already.")


def _clock(case: Case) -> Iterator[Finding]:
    if case.acceptance.server_time is None:
        return
    ahead = case.acceptance.server_time - case.now
    if abs(ahead) <= _CLOCKS_AGREE_S:
        return
    yield Finding(
        "clock",
        _moment(case.now),
        _moment(case.acceptance.server_time),
        "off" if abs(ahead) > NBF_LEEWAY_S else "unknown",
        f"The cluster's clock is {_duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} ours. It judges the "
        "token's times by its own.",
        "Set the clocks of both machines by NTP.",
    )


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f}"


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
