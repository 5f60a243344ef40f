"""What a search has found so far: every name is looked at once, however often the answer is told."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sequence

from headlamp.live.client_messages import Search
from headlamp.live.protocol import Found, Hit, Key, Missing, ResourceRef
from headlamp.live.slices import ROWS_A_TURN

MOST_MISSING = 100

_Named = tuple[ResourceRef, Key]


class Finding:
    """The best of the names that have all words of a search's text, and how many there are in all.

    `missing` says of which kinds not all names could be looked at, and why.
    """

    def __init__(self, search: Search) -> None:
        self.missing: dict[ResourceRef, Missing] = {}
        self._search = search
        self._words = search.text.lower().split()
        self._found: set[_Named] = set()
        self._best: list[_Named] = []

    async def look_through(self, ref: ResourceRef, keys: Sequence[Key]) -> None:
        """Look at the names of one kind, in slices. A name that was looked at before counts once."""
        for start in range(0, len(keys), ROWS_A_TURN):
            if start:
                await asyncio.sleep(0)
            new = {(ref, key) for key in keys[start : start + ROWS_A_TURN] if self._matches(key)} - self._found
            self._found |= new
            self._best = heapq.nsmallest(self._search.limit, (*self._best, *new), key=self._worth)

    def answer(self, kinds: int, unread: int) -> Found:
        """The answer as it is now, the best first; `unread` of the `kinds` are still to be looked through."""
        hits = [Hit(ref, namespace, name) for ref, (namespace, name) in self._best]
        missing = list(self.missing.values())[:MOST_MISSING]
        return Found(self._search.search, hits, len(self._found), kinds - unread, kinds, missing)

    def _matches(self, key: Key) -> bool:
        whole = f"{key[0]}/{key[1]}".lower()
        return all(word in whole for word in self._words)

    def _worth(self, named: _Named) -> tuple[int, int, str, str, str]:
        """What was typed whole goes first, then what begins with it, then what has it anywhere; the shorter before."""
        ref, (namespace, name) = named
        text = self._search.text
        rank = 0 if name == text else 1 if name.startswith(text) else 2 if text in name else 3
        return rank, len(name), name, namespace, ref.plural
