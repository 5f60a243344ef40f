"""Who reads together with whom: seats are given, changed when the cluster says so, and given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from weakref import WeakValueDictionary

from headlamp.live.endings import Endings
from headlamp.live.errors import Forbidden, Rejected, SessionEnded
from headlamp.live.members import Member
from headlamp.live.pacing import Load
from headlamp.live.pulse import Pulses
from headlamp.live.resources import Selection
from headlamp.live.reviews import Review
from headlamp.live.rights import CannotTell
from headlamp.live.rows import RowTable
from headlamp.live.seat import Place, Seat
from headlamp.live.sharing import ALONE, CLUSTER, Companies, Standing
from headlamp.live.timing import Timing
from headlamp.live.topic import Topic
from headlamp.live.viewer import Access, OpenAccess, Where
from headlamp.problems import Problem


class Seating:
    """The topics that there are, and each credential's seat in one of them: one for each cluster and selection."""

    def __init__(
        self,
        companies: Companies,
        endings: Endings,
        *,
        timing: Timing,
        now: Callable[[], float],
        random: Callable[[], float],
        window_from: int,
    ) -> None:
        self._companies = companies
        self._endings = endings
        self._timing = timing
        self._now = now
        self._random = random
        self._window_from = window_from
        self._topics: dict[Place, list[Topic]] = {}
        self._seats: dict[tuple[str, Place], Seat] = {}
        self._of: dict[Member, Seat] = {}
        self._learning: dict[Seat, asyncio.Task[None]] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        self._pulses: WeakValueDictionary[Where, Pulses] = WeakValueDictionary()
        self._loads: WeakValueDictionary[str, Load] = WeakValueDictionary()

    def __iter__(self) -> Iterator[Topic]:
        return (topic for topics in self._topics.values() for topic in topics)

    async def seat_for(self, access: Access, open_access: OpenAccess, selection: Selection) -> Seat:
        """The seat of this credential, which it gets if it has none: with nobody whose rows it may not see."""
        key = (access.credential.identity, (access.where, selection))
        if known := self._seats.get(key):
            return known
        # Namespaces that somebody knows of are read where all may not be, and nobody shares that with others.
        shared = replace(selection, known_namespaces=()) if self._companies.reviewed(selection) else selection
        place = (access.where, shared)
        standing = Standing(ALONE, asyncio.get_running_loop().time())
        # Whoever reads something alone needs no company: the cluster is asked when another wants the same.
        if self._companies.reviewed(selection) or place in self._topics:
            others = self._learn_about_others(place)
            standing = await self._standing(self._companies.company(access, selection))
            if others:
                # Who can't be told apart from them in time begins alone.
                await asyncio.wait(others, timeout=self._timing.learn)
        if known := self._seats.get(key):
            return known
        topic = self._topic(place, standing.company, selection)
        seat = Seat(place, selection, access, open_access, topic, asked=standing.asked, end=self._end)
        topic.members.join(seat.member)
        self._seats[key] = self._of[seat.member] = seat
        self._endings.call(seat.member.ended, seat.end)
        self._dismiss_the_idle(topic, seat)
        self._settle(topic)
        return seat

    def vacate(self, seat: Seat) -> None:
        """Give a seat up. Others read on, with a credential of theirs; a topic without any comes to its end."""
        place, topic = seat.place, seat.topic
        if self._forget(seat):
            topic.members.leave(seat.member)
            if topic.members:
                self._settle(topic)
            else:
                self._close(place, topic)

    async def close(self) -> None:
        """Give up all seats; returns when all requests are closed."""
        learning = list(self._learning.values())
        for seat in list(self._seats.values()):
            self.vacate(seat)
        await asyncio.gather(*learning, *self._stopping, return_exceptions=True)

    # What a topic is told of its members

    def _end(self, seat: Seat) -> None:
        """The session, or the sign-in for this cluster, is over."""
        self.vacate(seat)
        seat.member.fail(SessionEnded())

    def _lost(self, member: Member, problem: Problem) -> None:
        if seat := self._of.get(member):
            self.vacate(seat)
            member.fail(problem)

    def _refused(self, member: Member, problem: Problem) -> None:
        """The cluster gave another what it refused this one, who may have lost the right to it; or has a huge token."""
        seat = self._of.get(member)
        if seat is None:
            return
        if seat.review is not None and isinstance(problem, Rejected | Forbidden):
            seat.review.hasten()
        else:
            self._move(seat, ALONE)

    def _over(self, place: Place, topic: Topic) -> None:
        """A reading has come to its end by itself."""
        if topic in self._topics.get(place, ()):
            self._drop(place, topic)
            for member in topic.members:
                self._forget(self._of[member])

    # Who sits where

    def _topic(self, place: Place, company: str, selection: Selection) -> Topic:
        """The topic of that company, begun if there is none; one who is alone gets one for themselves."""
        if company == CLUSTER:
            selection = place[1]
        for topic in self._topics.get(place, ()):
            if topic.company == company != ALONE and topic.selection == selection:
                return topic
        topic = Topic(
            selection,
            company,
            timing=self._timing,
            now=self._now,
            random=self._random,
            pulses=self._pulses_of(place[0]),
            refused=self._refused,
            lost=self._lost,
            over=partial(self._over, place),
            window_from=self._window_from,
            like_it=partial(self._tables, place),
        )
        self._topics.setdefault(place, []).append(topic)
        topic.start()
        return topic

    def _pulses_of(self, where: Where) -> Pulses:
        if (known := self._pulses.get(where)) is None:
            known = self._pulses[where] = Pulses(self._timing)
        return known

    def _load_of(self, identity: str) -> Load:
        if (known := self._loads.get(identity)) is None:
            known = self._loads[identity] = Load()
        return known

    def _tables(self, place: Place) -> Iterator[RowTable]:
        """All that is read of this selection in this cluster, whoever may see it; what was begun first goes first."""
        return (topic.table for topic in self._topics.get(place, ()))

    def _move(self, seat: Seat, company: str) -> None:
        former = seat.topic
        if former.company == company:
            return
        topic = self._topic(seat.place, company, seat.selection)
        seat.move(topic)
        self._dismiss_the_idle(topic, seat)
        self._settle(topic)
        if former.members:
            self._settle(former)
        else:
            self._close(seat.place, former)

    def _dismiss_the_idle(self, topic: Topic, newcomer: Seat) -> None:
        """Whoever only kept a topic going for a while need not, now that there is another."""
        for member in topic.members:
            if member is not newcomer.member and not member.subscriptions:
                self.vacate(self._of[member])

    def _forget(self, seat: Seat) -> bool:
        """Take a seat out of the books; False when it was."""
        if self._of.pop(seat.member, None) is None:
            return False
        del self._seats[(seat.member.identity, (seat.place[0], seat.selection))]
        self._endings.forget(seat.member.ended, seat.end)
        seat.stop_review()
        if task := self._learning.get(seat):
            task.cancel()
        return True

    def _close(self, place: Place, topic: Topic) -> None:
        self._drop(place, topic)
        task = asyncio.create_task(topic.stop())
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _drop(self, place: Place, topic: Topic) -> None:
        self._topics[place].remove(topic)
        if not self._topics[place]:
            del self._topics[place]

    # What is known of them

    async def _company_of(self, seat: Seat, *, since: float | None = None) -> Standing:
        return await self._companies.company(await seat.way_in(), seat.selection, since=since)

    async def _standing(self, company: Awaitable[Standing]) -> Standing:
        try:
            return await company
        except CannotTell:
            return Standing(ALONE, asyncio.get_running_loop().time())

    def _learn_about_others(self, place: Place) -> set[asyncio.Task[None]]:
        """Ask about those who have been reading this alone, so that another can join them."""
        seats = [self._of[member] for topic in self._topics.get(place, ()) for member in topic.members]
        return {self._learning.get(seat) or self._ask_about(seat) for seat in seats if not self._is_known(seat)}

    def _is_known(self, seat: Seat) -> bool:
        """Whether it is reviewed, or was asked about so lately that the answer would be the same."""
        lately = asyncio.get_running_loop().time() - self._timing.review
        return seat.review is not None or (seat.company != ALONE and seat.asked > lately)

    def _ask_about(self, seat: Seat) -> asyncio.Task[None]:
        task = self._learning[seat] = asyncio.create_task(self._learn(seat))
        task.add_done_callback(lambda _: self._learning.pop(seat))
        return task

    async def _learn(self, seat: Seat) -> None:
        topic = seat.topic
        standing = await self._standing(self._company_of(seat))
        unchanged = self._of.get(seat.member) is seat and seat.topic is topic
        if unchanged and len(topic.members) == 1:
            seat.asked = standing.asked
            self._regroup(seat, standing.company)

    def _regroup(self, seat: Seat, company: str) -> None:
        """Name the company of one who has been alone in a topic, or put them into that which there is."""
        others = [topic.company for topic in self._topics[seat.place] if topic is not seat.topic]
        if company != ALONE and company in others:
            self._move(seat, company)
        else:
            seat.topic.company = company

    def _settle(self, topic: Topic) -> None:
        """Review those who share, and those who might; nobody else. What is read counts for whoever has its turn."""
        topic.pacing.count_for(self._load_of(next(iter(topic.members)).identity))
        needed = len(topic.members) > 1 or self._companies.reviewed(topic.selection)
        for member in topic.members:
            seat = self._of[member]
            if not needed:
                seat.stop_review()
                seat.release()
            elif seat.review is None:
                seat.review = Review(
                    seat,
                    partial(self._company_of, seat),
                    asked=seat.asked,
                    move=partial(self._move, seat),
                    timing=self._timing,
                    random=self._random,
                )
