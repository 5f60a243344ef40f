"""Whom of those who read together to ask, and when what the cluster refuses is believed of all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from headlamp.clusters.errors import TokenTooLarge
from headlamp.live.errors import Forbidden, IdentityChanged, Rejected, SessionEnded, SignInAgain, Undecided
from headlamp.live.members import Member, Members
from headlamp.live.timing import Timing
from headlamp.problems import Problem

Asked = tuple[str, bool]
"""The path of a request, and whether it is a watch."""

# As how many people one request is made at most, when the cluster refuses one after the other.
_MOST_ASKED = 3
_DENIALS = (Rejected, Forbidden, TokenTooLarge)


class Verdicts:
    """What the members of one reading were given and refused."""

    def __init__(self, members: Members, *, timing: Timing, now: Callable[[], float]) -> None:
        self._members = members
        self._timing = timing
        self._now = now
        self._granted: dict[Asked, float | None] = {}
        self._denied: dict[Asked, set[Member]] = {}
        """Of strangers: whom the cluster has denied it since it was last given to one of them."""

    def candidate(self, asked: Asked, refused: Collection[Member]) -> Member | None:
        """Who is to ask next, after those who were refused a moment ago; None when that has to do for this time."""
        if len(refused) == _MOST_ASKED:
            return None
        left = [member for member in self._members if member not in refused]
        denied = self._denied.get(asked, ())
        return next((member for member in left if member not in denied), left[0] if left else None)

    def grant(self, asked: Asked, member: Member, refused: Mapping[Member, Problem]) -> None:
        """The cluster has given it to `member`, after it refused others."""
        member.rejection = None
        self._granted[asked] = None
        self._denied.pop(asked, None)
        for other, problem in refused.items():
            self._members.pass_over(other)
            if isinstance(problem, _DENIALS):
                self._members.refused(other, problem)

    def refuse(self, asked: Asked, refused: Mapping[Member, Problem]) -> Problem:
        """What it means that nobody was given it: the first one's refusal, if it is to be believed."""
        if not refused:
            return SessionEnded()
        for member, refusal in refused.items():
            self._members.pass_over(member)
            if len(self._members) > 1 or (self._members.strangers and isinstance(refusal, Forbidden)):
                self._members.refused(member, refusal)
        # Whoever was moved elsewhere for their refusal is told there.
        staying = (refusal for member, refusal in refused.items() if member in self._members)
        problem = next(staying, next(iter(refused.values())))
        if self._members.strangers and not isinstance(problem, SignInAgain | IdentityChanged):
            problem = self._of_strangers(asked, refused, problem)
        # A rejection that is only remembered says itself when to try again.
        if isinstance(problem, Rejected | Forbidden) and problem.retry_after is None and self._may_pass(asked):
            for member in refused:
                member.rejection = None
            undecided = Undecided(problem.message)
            undecided.__cause__ = problem
            return undecided
        return problem

    def _of_strangers(self, asked: Asked, refused: Mapping[Member, Problem], problem: Problem) -> Problem:
        """The problem in words that everybody may read: its own are about the one who asked.

        It is no denial before each of them has been denied it: one who keeps the right must not lose rows because
        others lost theirs.
        """
        denied = self._denied.setdefault(asked, set())
        denied.intersection_update(self._members)
        denied.update(member for member, refusal in refused.items() if isinstance(refusal, _DENIALS))
        if any(member not in denied for member in self._members):
            return Undecided(
                "Not everybody for whom this is read could ask the cluster yet.",
                retry_after=None if isinstance(problem, _DENIALS) else problem.retry_after,
            )
        if isinstance(problem, Forbidden):
            return Forbidden("The cluster allows this to none of those for whom it is read.")
        return problem

    def _may_pass(self, asked: Asked) -> bool:
        """Whether a refusal of what was granted before is too young to be believed.

        An API server that has just started refuses everybody, until it has read its roles and asked its issuers for
        their keys. Rows must not vanish for that, nor wait a minute for the next try.
        """
        if asked not in self._granted:
            return False
        now = self._now()
        since = self._granted[asked]
        if since is None:
            since = self._granted[asked] = now
        if now - since < self._timing.doubt:
            return True
        del self._granted[asked]
        return False
