"""One credential's place among those who read the same: its subscriptions, and whether they are shown what is read."""

from __future__ import annotations

import logging
from collections.abc import Callable

from headlamp.live.frames import Payload
from headlamp.live.members import Member
from headlamp.live.protocol import State
from headlamp.live.resources import Selection
from headlamp.live.reviews import Review
from headlamp.live.rights import CannotTell
from headlamp.live.subscription import Subscription
from headlamp.live.topic import Topic
from headlamp.live.viewer import Access, OpenAccess, Where
from headlamp.problems import Problem

Place = tuple[Where, Selection]
"""A cluster, and what is read of it."""


class Seat:
    """A member of a topic, and what it looks with.

    `selection` is what it wants, with what it alone knows of. `asked` is when the cluster was last asked about it (on
    the loop's clock). `end` is called when its credential ends.
    """

    def __init__(
        self,
        place: Place,
        selection: Selection,
        access: Access,
        open_access: OpenAccess,
        topic: Topic,
        *,
        asked: float,
        end: Callable[[Seat], None],
    ) -> None:
        self.place = place
        self.selection = selection
        self.member = Member(access, open_access)
        self.topic = topic
        self.asked = asked
        self.review: Review | None = None
        self._end = end
        self._held: Payload | None = None

    def end(self) -> None:
        """The credential has ended."""
        self._end(self)

    @property
    def company(self) -> str:
        """The company that it keeps now."""
        return self.topic.company

    async def way_in(self) -> Access:
        """The member's way into the cluster as it is now. Raises `CannotTell` when there is none, or another."""
        try:
            access = await self.member.open_access()
        except Problem as problem:
            raise CannotTell from problem
        except Exception as error:
            # It is asked again later: whoever could never be reviewed again would be shown nothing new for good.
            logging.getLogger("headlamp.live").exception("opening a cluster for a review failed")
            raise CannotTell from error
        if access.credential.identity != self.member.identity or access.where != self.place[0]:
            raise CannotTell
        return access

    def add(self, subscription: Subscription) -> None:
        """One more subscription of the same credential."""
        self.member.subscriptions.add(subscription)
        if self._held is None:
            self.topic.subscriptions.add(subscription)
        else:
            subscription.hold(self._held)

    def remove(self, subscription: Subscription) -> None:
        """A subscription that has ended."""
        self.member.subscriptions.discard(subscription)
        self.topic.subscriptions.discard(subscription)

    def hold(self) -> None:
        """Show nothing new: the cluster has not said for too long whether it still may."""
        message = "The cluster does not answer whether you may still see these rows."
        self._held = Payload(State(0, "reconnecting", self.topic.now(), message))
        for subscription in self.member.subscriptions:
            self.topic.subscriptions.discard(subscription)
            subscription.hold(self._held)

    def release(self) -> None:
        """Show what has happened since `hold`."""
        if self._held is None:
            return
        self._held = None
        for subscription in self.member.subscriptions:
            self.topic.subscriptions.add(subscription)
            subscription.release()

    def move(self, topic: Topic) -> None:
        """Read along in another topic; what was read in the former one is gone from the page."""
        self._held = None
        self.topic.members.leave(self.member)
        topic.members.join(self.member)
        for subscription in self.member.subscriptions:
            self.topic.subscriptions.discard(subscription)
            topic.subscriptions.add(subscription)
            subscription.move(topic)
        self.topic = topic

    def stop_review(self) -> None:
        """Nobody needs to know any more."""
        if self.review is not None:
            self.review.stop()
            self.review = None
