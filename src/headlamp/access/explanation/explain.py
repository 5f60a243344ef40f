"""Why a cluster accepts a token or does not, claim by claim, and the settings with which it would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from headlamp.access.errors import ClusterRejected
from headlamp.access.explanation.case import Case
from headlamp.access.explanation.configuration import configuration
from headlamp.access.explanation.findings import Finding, in_order
from headlamp.access.explanation.groups import groups_findings
from headlamp.access.explanation.issuer import issuer_findings
from headlamp.access.explanation.kind import kind_findings
from headlamp.access.explanation.lifetime import lifetime_findings
from headlamp.access.explanation.mapping import GROUP_CLAIMS, choose_mapping
from headlamp.access.explanation.signature import signature_findings
from headlamp.access.explanation.size import size_findings
from headlamp.access.explanation.username import username_findings

# In the order in which kube-apiserver looks at them.
_CHECKS = (
    kind_findings,
    signature_findings,
    issuer_findings,
    lifetime_findings,
    username_findings,
    groups_findings,
    size_findings,
)
# What a cluster that accepts a token has not thereby said.
_NOT_PROVED_BY_ACCEPTANCE = frozenset({*GROUP_CLAIMS, "clock", "size"})


@dataclass(frozen=True, slots=True)
class Explanation:
    """The result: what the cluster answered, the findings, and settings for its API server.

    `flags` and `authentication_configuration` are empty where no such setting makes an API server take the token.
    """

    accepted: bool | None
    reason: str | None
    findings: tuple[Finding, ...]
    flags: tuple[str, ...] = ()
    authentication_configuration: str = ""


def explain(case: Case) -> Explanation:
    """Judge the token of `case` by the rules of kube-apiserver, and by what the cluster answered."""
    accepted = case.acceptance.accepted
    found = [finding for check in _CHECKS for finding in check(case)]
    fatal = [finding for finding in found if finding.fatal]
    findings = tuple(in_order([_proved(finding) for finding in found] if accepted else found))
    mapping = choose_mapping(case) if not fatal else None
    reason = _reason(case, fatal)
    if mapping is None:
        return Explanation(accepted, reason, findings)
    made = configuration(case, mapping)
    return Explanation(accepted, reason, findings, made.flags, made.authentication_configuration)


def _proved(finding: Finding) -> Finding:
    """A finding of a token that the cluster accepts: what it looked at on the way is well, by its own word."""
    if finding.state == "ok" or finding.claim in _NOT_PROVED_BY_ACCEPTANCE:
        return finding
    return replace(finding, state="ok", why="The cluster accepts the token as it is.", remedy="")


def _reason(case: Case, fatal: Iterable[Finding]) -> str | None:
    acceptance = case.acceptance
    if not isinstance(acceptance.problem, ClusterRejected):
        return acceptance.reason
    said = acceptance.problem.said
    answered = f"The API server answered 401{f' ({said})' if said else ''}, and does not tell the user why."
    for finding in fatal:
        return f"{answered} No OpenID Connect setting of an API server accepts this token: {finding.why}"
    return f'{answered} Its own log does, at "Unable to authenticate the request"; below is what can be said from here.'
