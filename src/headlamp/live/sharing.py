"""Who may read together: what one user's token reads, another is shown only if the cluster would give it to both.

Two credentials are in the same company when the cluster takes them for the same user. With `-live-sharing=cluster`
also when each of them may list and watch the same, in groups whose rows look the same to everybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from headlamp.live.resources import Selection
from headlamp.live.rights import BUILT_IN_GROUPS, CannotTell, Right, may_read, rights_for, whom
from headlamp.live.timing import Timing
from headlamp.live.viewer import Access, Where

ALONE = ""
"""The company of whoever has none."""
CLUSTER = "cluster"
# Each namespace is two questions a minute and user.
MOST_NAMESPACES = 50
_QUESTIONS_IN_PARALLEL = 16
# However many lists somebody opens, the others' questions get their turn.
_QUESTIONS_OF_ONE = 4

_Question = Right | None
"""A right, or None: whom the cluster takes them for."""
_Key = tuple[str, Where, _Question]


@dataclass(frozen=True, slots=True)
class Standing:
    """The company that a credential may keep, and when the cluster was asked (on the loop's clock)."""

    company: str
    asked: float


@dataclass(frozen=True, slots=True)
class _Answer:
    """`said` is None when there was no answer."""

    said: str | bool | None
    asked: float


class Companies:
    """Tells which company a credential may keep. What a cluster answers is remembered for a while, by credential."""

    def __init__(self, timing: Timing, *, between_users: bool) -> None:
        self._timing = timing
        self._between_users = between_users
        self._answers: dict[_Key, _Answer] = {}
        self._asking: dict[_Key, asyncio.Task[_Answer]] = {}
        self._gates: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()

    def reviewed(self, selection: Selection) -> bool:
        """Whether different users may share this at all, each after a review of their rights."""
        named = selection.namespaces
        few = named is None or len(named) <= MOST_NAMESPACES
        return self._between_users and selection.group in BUILT_IN_GROUPS and few

    async def company(self, access: Access, selection: Selection, *, since: float | None = None) -> Standing:
        """The company for one selection. Raises `CannotTell`.

        What was asked before `since` (on the loop's clock) is asked anew; without it, what is remembered will do.
        """
        if self.reviewed(selection):
            answers = await asyncio.gather(
                *(self._answer(access, right, since) for right in rights_for(selection)), return_exceptions=True
            )
            failed = [answer for answer in answers if isinstance(answer, BaseException)]
            told = [answer for answer in answers if not isinstance(answer, BaseException)]
            if all(answer.said for answer in told):
                if failed:
                    raise failed[0]
                return Standing(CLUSTER, min(answer.asked for answer in told))
        who = await self._answer(access, None, since)
        return Standing(f"user {who.said}" if who.said else ALONE, who.asked)

    async def close(self) -> None:
        """Ask nothing any more."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, access: Access, question: _Question, since: float | None) -> _Answer:
        key = (access.credential.identity, access.where, question)
        now = asyncio.get_running_loop().time()
        known = self._answers.get(key)
        if known is None or not self._is_good(known, now, since):
            task = self._asking.get(key)
            if task is None:
                task = self._asking[key] = asyncio.create_task(self._ask(access, question, key))
            # Others may wait for the same answer.
            known = await asyncio.shield(task)
        if known.said is None:
            raise CannotTell
        return known

    def _is_good(self, answer: _Answer, now: float, since: float | None) -> bool:
        if answer.said is None:
            return now - answer.asked < self._timing.review_pause
        if since is not None and answer.asked < since:
            return False
        # A no is remembered no longer than it takes for a page to ask for all of its lists.
        return now - answer.asked < (self._timing.review if answer.said else self._timing.first_pause)

    async def _ask(self, access: Access, question: _Question, key: _Key) -> _Answer:
        loop, within = asyncio.get_running_loop(), self._timing.answer
        own = self._gate(key[:2], _QUESTIONS_OF_ONE)
        common = self._gate(access.where, _QUESTIONS_IN_PARALLEL)
        said: str | bool | None = None
        try:
            async with own:
                asked = loop.time()
                try:
                    if question is None:
                        said = await whom(access, within=within, gate=common)
                    else:
                        said = await may_read(access, question, within=within, gate=common)
                except CannotTell:
                    pass
                except Exception:
                    # Not to know is to be refused, whatever the reason is that nobody has thought of.
                    logging.getLogger("headlamp.live").exception("asking about rights failed")
        finally:
            del self._asking[key]
        answer = _Answer(said, asked)
        self._remember(key, answer)
        return answer

    def _gate(self, of: Hashable, width: int) -> asyncio.Semaphore:
        return self._gates.setdefault(of, asyncio.Semaphore(width))

    def _remember(self, key: _Key, answer: _Answer) -> None:
        self._answers.pop(key, None)
        self._answers[key] = answer
        while True:
            oldest = next(iter(self._answers))
            if answer.asked - self._answers[oldest].asked < self._timing.granted:
                return
            del self._answers[oldest]
