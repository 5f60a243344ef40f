"""The size of the token against what is read of a request's headers on the way to, and at, the API server."""

from __future__ import annotations

from collections.abc import Iterator

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.findings import Finding
from headlamp.clusters.errors import TokenTooLarge
from headlamp.clusters.head_limit import API_SERVER_HEAD_LIMIT, SMALLEST_HEAD_LIMIT

# What stock nginx reads of one header line: the smallest limit that is common.
_EVERYBODY_READS = 8 * 1024 - 256


def size_findings(case: Case) -> Iterator[Finding]:
    """`size`, always."""
    size, problem = case.token.size, case.acceptance.problem
    shown = f"{size:,} bytes"
    refused = isinstance(problem, TokenTooLarge)
    if refused or size > API_SERVER_HEAD_LIMIT - SMALLEST_HEAD_LIMIT:
        yield Finding(
            "size",
            shown,
            f"less than {API_SERVER_HEAD_LIMIT:,} bytes with all headers, or what is in front of the cluster reads",
            "off",
            problem.message
            if isinstance(problem, TokenTooLarge)
            else "kube-apiserver answers 431 to a request whose headers are larger.",
            TokenTooLarge.remedy,
            fatal=not refused,
        )
    elif size > _EVERYBODY_READS and case.acceptance.accepted is not True:
        yield Finding(
            "size",
            shown,
            f"at most {API_SERVER_HEAD_LIMIT:,} bytes with all headers",
            "unknown",
            "kube-apiserver reads it. A load balancer or proxy in front of it may not: stock nginx reads 8 KiB, others "
            "16 to 64 KiB.",
            "If the cluster is reached through one, look at its limit for request headers.",
        )
    else:
        yield Finding("size", shown, "what everything on the way reads", "ok", "It is small enough.")
