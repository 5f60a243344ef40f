"""Those who look at one reading, each with a way into the cluster of their own, and whose its requests go out with.

A reading is carried by one of them at a time. When that one goes, is signed out or is refused, the next one carries
it: what was under way with the other's credential is cut off at once, and asked for anew from where it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headlamp.live.cutting import Cut
from headlamp.live.errors import IdentityChanged, Rejected, SessionEnded, SignInAgain
from headlamp.live.viewer import Access, OpenAccess, Where
from headlamp.problems import Problem

if TYPE_CHECKING:
    from headlamp.live.subscription import Subscription


@dataclass(slots=True)
class Rejection:
    """A token that the cluster did not accept, so many times in a row, and until when not to try it again."""

    token: str | None
    until: float
    problem: Rejected
    times: int = 1


class Member:
    """One credential among those who look at a reading, and the subscriptions that it looks with."""

    def __init__(self, access: Access, open_access: OpenAccess) -> None:
        self.identity = access.credential.identity
        self.ended = access.credential.ended
        self.open_access = open_access
        self.subscriptions: set[Subscription] = set()
        self.rejection: Rejection | None = None
        self._where = access.where
        self._lent: set[Cut] = set()

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Access]:
        """The way into the cluster as it is now, for one request: the block is cut off when `withdraw` is called.

        Raises `WasCut` then; and `IdentityChanged` when the user is somebody else for the cluster by now, or the
        cluster another, and what `open_access` raises.
        """
        async with Cut() as cut:
            self._lent.add(cut)
            try:
                access = await self.open_access()
                if access.credential.identity != self.identity or access.where != self._where:
                    raise IdentityChanged
                yield access
            finally:
                self._lent.discard(cut)

    def fail(self, problem: Problem) -> None:
        """End its subscriptions; where it has to sign in, the connections too."""
        for subscription in list(self.subscriptions):
            if isinstance(problem, SessionEnded | SignInAgain):
                subscription.sign_out(problem)
            else:
                subscription.fail(problem)

    def withdraw(self) -> None:
        """Cut off what is under way with this credential."""
        for cut in self._lent:
            cut.now()

    @property
    def where(self) -> Where:
        """The cluster that all of it is about."""
        return self._where


class Members:
    """The members of one reading in the order in which they carry it; `strangers` when they are different users.

    `refused` is told of a member whom the cluster refused what it gave another, `lost` of one who has to sign in
    again or is somebody else by now. Neither is told of the last one: that is for the reading itself to say. Only where
    others may join is `refused` told of it too, when it is forbidden: it may have lost a right.
    """

    def __init__(
        self,
        *,
        strangers: bool = False,
        refused: Callable[[Member, Problem], None],
        lost: Callable[[Member, Problem], None],
    ) -> None:
        self.strangers = strangers
        self.refused = refused
        self.lost = lost
        self._members: dict[Member, None] = {}

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(list(self._members))

    def __contains__(self, member: Member) -> bool:
        return member in self._members

    def join(self, member: Member) -> None:
        """One more who can carry the reading, when it is their turn."""
        self._members[member] = None

    def leave(self, member: Member) -> None:
        """One goes; if requests are under way with their credential, others take over."""
        if member in self._members:
            del self._members[member]
            member.withdraw()

    def pass_over(self, member: Member) -> None:
        """Let the others go first from now on."""
        if member in self._members:
            self._members[member] = self._members.pop(member)


def alone(access: Access, open_access: OpenAccess) -> Members:
    """The members of a reading for one user, who has nobody to hand over to."""
    members = Members(refused=lambda *_: None, lost=lambda *_: None)
    members.join(Member(access, open_access))
    return members
