"""Whether the token that a cluster is about to be shown is what its rule asks for: looked at once, not per request."""

from __future__ import annotations

from dataclasses import dataclass, field

from headlamp.oidc.cluster_token import ClusterTokenUnfit, check_cluster_token
from headlamp.oidc.token_rule import ID_TOKEN, TokenRule


@dataclass(frozen=True, slots=True)
class _Verdict:
    token: str = field(repr=False)
    problem: ClusterTokenUnfit | None


class Fitness:
    """What was found out about the tokens of one session. A token may have 512 KB, and a page asks a hundred times."""

    __slots__ = ("_verdicts",)

    def __init__(self) -> None:
        self._verdicts: dict[TokenRule, _Verdict] = {}

    def check(self, token: str, rule: TokenRule) -> None:
        """Raises a kind of `ClusterTokenUnfit`."""
        if rule == ID_TOKEN:
            return
        verdict = self._verdicts.get(rule)
        if verdict is None or verdict.token != token:
            verdict = self._verdicts[rule] = _Verdict(token, _problem(token, rule))
        if verdict.problem is not None:
            raise verdict.problem.with_traceback(None)


def _problem(token: str, rule: TokenRule) -> ClusterTokenUnfit | None:
    try:
        check_cluster_token(token, rule)
    except ClusterTokenUnfit as problem:
        return problem
    return None
