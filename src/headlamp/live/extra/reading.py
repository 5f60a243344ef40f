"""Objects for extra columns, read by the cheapest requests: rows one by one, a namespace's list, or all of a kind.

Single rows are read as lists with `fieldSelector=metadata.name=…`, which an API server looks up directly: so whoever
may list the rows may read their extra columns, and needs no `get`. Lists come in pages and are decoded object by
object; no more than a page is held at any time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import msgspec
from msgspec import Struct, field

from headlamp.clusters.errors import AnswerTooLarge
from headlamp.live.errors import UNREADABLE, BrokenStream, CannotPrint, Forbidden
from headlamp.live.extra.column import Seen, is_secret
from headlamp.live.extra.metrics import PodMetricsList, UsageOf, metrics_target, usage_of
from headlamp.live.paging import Paging
from headlamp.live.protocol import Key
from headlamp.live.resources import Selection, is_namespace
from headlamp.live.upstream import Upstream

METADATA_ACCEPT = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
OBJECT_ACCEPT = "application/json"
MAX_PAGE_BYTES = 32 * 1024 * 1024
MAX_METRICS_BYTES = 32 * 1024 * 1024
# Objects a page; the smaller ones are for kinds whose objects are so large that a page of the size before is too much.
_PAGES = (500, 50, 5)
# So many objects, or bytes of them, are looked at before other work gets its turn: half a millisecond to two.
_OBJECTS_A_TURN = 25
_BYTES_A_TURN = 256 * 1024

# What a request of its own costs beside an object of a list, in CPU time of API server and ours together: so many
# objects of a list are as dear as one request (`docs/performance.md`).
OBJECTS_A_REQUEST = 4


class _Metadata(Struct, frozen=True, gc=False):
    name: str = ""
    namespace: str = ""


class _Named(Struct, gc=False):
    metadata: _Metadata = _Metadata()


class _ListMetadata(Struct, frozen=True, gc=False):
    rest: str = field(name="continue", default="")


class _Listing(Struct, gc=False):
    items: list[msgspec.Raw] | None = None
    metadata: _ListMetadata = _ListMetadata()


@dataclass(frozen=True, slots=True)
class Read:
    """One thing to read: the row of `name`, or with None all rows of `namespace` (None: of all namespaces).

    `keys` are the rows that are wanted of it.
    """

    namespace: str | None
    name: str | None
    keys: frozenset[Key]


def plan_reads(wanted: Iterable[Key], counts: Mapping[str, int], *, at_once: bool) -> list[Read]:
    """What to read for the rows `wanted`, when each namespace has so many rows as `counts` says.

    `at_once`: the lists of all namespaces may be read as one.
    """
    by_namespace: dict[str, list[Key]] = {}
    for key in wanted:
        by_namespace.setdefault(key[0], []).append(key)
    everything = [key for keys in by_namespace.values() for key in keys]
    requests = sum(_cost(len(keys), counts.get(namespace, 0)) for namespace, keys in by_namespace.items())
    if at_once and len(by_namespace) > 1 and sum(counts.values()) + OBJECTS_A_REQUEST < requests:
        return [Read(None, None, frozenset(everything))]
    reads = []
    for namespace, keys in by_namespace.items():
        if len(keys) > 1 and _lists(len(keys), counts.get(namespace, 0)):
            reads.append(Read(namespace, None, frozenset(keys)))
        else:
            reads += [Read(namespace, name, frozenset({(namespace, name)})) for _, name in keys]
    return reads


def _lists(wanted: int, rows: int) -> bool:
    """Whether a list of `rows` objects is cheaper than a request for each of those that are wanted."""
    return rows + OBJECTS_A_REQUEST < wanted * (OBJECTS_A_REQUEST + 1)


def _cost(wanted: int, rows: int) -> int:
    """What the cheaper of the two costs, in objects of a list."""
    return min(rows + OBJECTS_A_REQUEST, wanted * (OBJECTS_A_REQUEST + 1))


class ObjectReader:
    """Reads the objects of one selection as the user of `upstream`. `gate` bounds the requests at the same time."""

    def __init__(self, upstream: Upstream, selection: Selection, gate: asyncio.Semaphore) -> None:
        self._upstream = upstream
        self._selection = selection
        self._gate = gate

    async def objects(self, read: Read, *, whole: bool) -> AsyncIterator[tuple[Key, Seen]]:
        """The objects of `read` that are wanted, with no more than their metadata unless `whole`.

        Raises a `Problem` (see `Upstream`), `BrokenStream` for a list that is none, and `AnswerTooLarge`.
        """
        if read.namespace and not is_namespace(read.namespace):
            return
        selection = self._selection
        if read.name is not None:
            selector = f"metadata.name={_escaped(read.name)}"
            selection = replace(selection, label_selector="", field_selector=selector)
        sizes, paging, more = list(_PAGES), Paging(), True
        while more:
            try:
                listing = await self._page(selection, read.namespace, sizes[0], paging.rest, whole=whole)
            except AnswerTooLarge:
                sizes.pop(0)
                if not sizes or read.name is not None:
                    raise
                continue
            objects = size = 0
            for raw in listing.items or ():
                if objects >= _OBJECTS_A_TURN or size >= _BYTES_A_TURN:
                    objects = size = 0
                    await asyncio.sleep(0)
                objects, size = objects + 1, size + len(raw)
                key = _key_of(raw)
                if key in read.keys:
                    yield key, Seen(raw)
            more = paging.more(listing.metadata.rest, len(listing.items or ()))

    async def _page(
        self, selection: Selection, namespace: str | None, size: int, rest: str, *, whole: bool
    ) -> _Listing:
        query = {"limit": str(size)}
        if rest:
            query["continue"] = rest
        target = selection.target(namespace or None, **query)
        async with self._gate:
            accept = OBJECT_ACCEPT if whole else METADATA_ACCEPT
            try:
                body = await self._upstream.read(target, accept, MAX_PAGE_BYTES)
            except CannotPrint:
                # A server that knows no metadata alone. Secrets are never read whole.
                if whole or is_secret(selection):
                    raise
                body = await self._upstream.read(target, OBJECT_ACCEPT, MAX_PAGE_BYTES)
        try:
            return msgspec.json.decode(body, type=_Listing)
        except UNREADABLE as error:
            raise BrokenStream("The cluster sent a list that is not valid.") from error

    async def usage(self, namespaces: Collection[str]) -> tuple[dict[Key, UsageOf], Forbidden | None]:
        """What the pods of these namespaces use, and why that of some may not be read. Raises as `objects` does."""
        places = [name for name in namespaces if is_namespace(name)]
        found: dict[Key, UsageOf] = {}
        refusal: Forbidden | None = None
        for outcome in await asyncio.gather(*map(self._usage_in, places), return_exceptions=True):
            if isinstance(outcome, Forbidden):
                refusal = refusal or outcome
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                found |= outcome
        return found, refusal

    async def _usage_in(self, namespace: str) -> dict[Key, UsageOf]:
        async with self._gate:
            body = await self._upstream.read(metrics_target(namespace), OBJECT_ACCEPT, MAX_METRICS_BYTES)
        try:
            return usage_of(msgspec.json.decode(body, type=PodMetricsList))
        except UNREADABLE as error:
            raise BrokenStream("The cluster sent metrics that are not valid.") from error


def _key_of(raw: msgspec.Raw) -> Key | None:
    try:
        metadata = msgspec.json.decode(raw, type=_Named).metadata
    except UNREADABLE:
        return None
    return metadata.namespace, metadata.name


def _escaped(name: str) -> str:
    """A value of a field selector (k8s.io/apimachinery/pkg/fields)."""
    return re.sub(r"([\\,=])", r"\\\1", name)
