"""What each cluster says to a token: the signed-in administrator's own, or one that was handed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from headlamp.access import acceptance
from headlamp.access.explanation import Case, Explanation, explain, read_token
from headlamp.access.explanation.mapping import GROUP_CLAIMS
from headlamp.access.reviews import Acceptance
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transports import CLIENTS, Transports
from headlamp.doctor.evidence import ClusterCase
from headlamp.doctor.examined import ShownToken
from headlamp.doctor.findings import Finding, Point
from headlamp.oidc.cluster_token import ClusterTokenUnfit
from headlamp.problems import Problem

ACCEPTED = Point(
    "token.accepted",
    "Token",
    "Being signed in is one thing, being accepted by the cluster another: its API server has settings of its own.",
)
CLAIM = Point("token.claim", "Token's content", "The API server refuses a token in which any of these is off.")
GROUPS = Point("token.groups", "Groups", "RBAC mostly grants to groups. Whoever is in none may do next to nothing.")

HOW = "Sign in and open /doctor, or use --as-session, --token-file or --sign-in."
MOST_GROUPS = 6


async def check(case: ClusterCase) -> AsyncIterator[Finding]:
    """Ask who the token's user is; where it is refused, say what is off."""
    subject = case.subject
    if case.cluster.error is not None:
        return
    if case.shown is None:
        yield ACCEPTED.skipped("There is no token to show it.", HOW, subject=subject)
        return
    way = await case.way.get()
    if not way.open and way.findings:
        yield ACCEPTED.skipped("The cluster can't be reached; see above.", subject=subject)
        return
    answer = await _ask(case, case.shown.credential)
    if answer.accepted:
        yield _accepted(case, case.shown.whose, answer)
        if answer.user is not None and not _given(answer.user.groups):
            async for finding in _without_groups(case, case.shown, answer):
                yield finding
    elif isinstance(answer.problem, ClusterTokenUnfit):
        found = f"It is not even sent there: {answer.reason}"
        yield ACCEPTED.failed(found, answer.problem.remedy, subject=subject)
    elif answer.accepted is None:
        remedy = answer.problem.remedy if answer.problem is not None else "Try again."
        yield ACCEPTED.warning(f"It can't be told: {answer.reason}", remedy, subject=subject)
    else:
        for finding in await _explained(case, case.shown, answer):
            yield finding


async def _ask(case: ClusterCase, credential: CredentialSource) -> Acceptance:
    settings = case.examined.settings
    transports = Transports(insecure_ssl=settings.insecure_ssl, make=CLIENTS[settings.cluster_client])
    try:
        async with asyncio.timeout(case.tools.step_s):
            return await acceptance(transports.for_cluster(case.cluster), credential)
    except TimeoutError:
        return Acceptance(None, f"The cluster did not answer within {case.tools.step_s:g} seconds.")
    except Problem as problem:
        return Acceptance(None, problem.message, problem=problem)
    finally:
        await transports.close()


def _accepted(case: ClusterCase, whose: str, answer: Acceptance) -> Finding:
    if answer.user is None:
        return ACCEPTED.ok(f"The cluster accepts {whose}.", subject=case.subject)
    groups = _given(answer.user.groups)
    listed = ", ".join(groups[:MOST_GROUPS]) + (
        f" and {len(groups) - MOST_GROUPS} more" if groups[MOST_GROUPS:] else ""
    )
    found = f"The cluster accepts {whose}, of {answer.user.username}"
    found += f" in the groups {listed}." if groups else ", in no group."
    return ACCEPTED.ok(found, subject=case.subject)


def _given(groups: Sequence[str]) -> list[str]:
    """The groups that tell one signed-in user from another."""
    return [group for group in groups if group != "system:authenticated"]


async def _without_groups(case: ClusterCase, shown: ShownToken, answer: Acceptance) -> AsyncIterator[Finding]:
    """Whether the token has none, or the cluster doesn't take them; nothing where that can't be told."""
    explanation = await _explanation(case, shown, answer)
    for finding in explanation.findings if explanation is not None else ():
        if finding.claim in GROUP_CLAIMS and finding.state != "ok":
            found = f"{finding.claim}: the token has {finding.token}. {finding.why}"
            yield GROUPS.warning(found, finding.remedy, subject=case.subject)
            return


async def _explanation(case: ClusterCase, shown: ShownToken, answer: Acceptance) -> Explanation | None:
    bearer = await shown.credential.current()
    if bearer is None:
        return None
    return explain(
        Case(
            token=read_token(bearer.token),
            kind=shown.kind,
            acceptance=answer,
            now=case.tools.now(),
            issuer=shown.issuer,
            audience=shown.audience,
            source=shown.source,
            ca_pem=shown.ca_pem,
        )
    )


async def _explained(case: ClusterCase, shown: ShownToken, answer: Acceptance) -> list[Finding]:
    explanation = await _explanation(case, shown, answer)
    if explanation is None:
        remedy = "Look at the credentials of the kubeconfig's user."
        return [ACCEPTED.failed(f"{answer.reason}", remedy, subject=case.subject)]
    flags = " ".join(explanation.flags)
    remedy = f"An API server with these flags would accept it: {flags}" if flags else "See what is off below."
    findings = [
        ACCEPTED.failed(
            f"The cluster refuses {shown.whose}. {explanation.reason or answer.reason}", remedy, subject=case.subject
        )
    ]
    for finding in explanation.findings:
        if finding.state == "ok":
            continue
        found = f"{finding.claim}: the token has {finding.token}; expected is {finding.expected}. {finding.why}"
        make = CLAIM.failed if finding.state == "off" else CLAIM.warning
        findings.append(make(found, finding.remedy, subject=case.subject))
    return findings
