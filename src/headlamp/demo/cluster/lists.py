"""Lists: selected, paged, in the form that was asked for."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from itertools import islice

from headlamp.demo.cluster import status
from headlamp.demo.cluster.jsontypes import Json
from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.selectors import selector
from headlamp.demo.cluster.store import Key, Store
from headlamp.demo.cluster.tables import Renderer, Representation


def read_version(text: str) -> int:
    """A `resourceVersion` of a query; empty is 0. Raises the API's 400."""
    if not text:
        return 0
    if not text.isascii() or not text.isdigit():
        raise status.bad_request(f"invalid resource version: {text!r}")
    return int(text)


def list_objects(
    store: Store, kind: Kind, namespace: str, query: Mapping[str, str], shape: Representation, now: float
) -> bytes:
    """The body of a list.

    Pages go on from a key, at the state of now: a change between two pages shows up in the later one, or in a watch
    from the list's version on. Raises the API's 400, 410 and 504.
    """
    asked = read_version(query.get("resourceVersion", ""))
    if asked > store.version:
        raise status.too_new(asked, store.version)
    version, after = store.version, None
    if token := query.get("continue"):
        version, after = _read_continue(token)
        if version < store.oldest_version:
            raise status.continue_expired()
    wanted = selector(kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    matching = (stored for stored in store.select(kind, namespace or None, after) if wanted is None or wanted(stored))
    limit = _read_limit(query.get("limit", ""))
    page = list(islice(matching, limit)) if limit else list(matching)
    metadata: Json = {"resourceVersion": str(version)}
    if limit and len(page) == limit:
        remaining = sum(1 for _ in matching)
        if remaining:
            metadata["continue"] = _write_continue(version, page[-1].key)
            # With a selector the number of what is left is not told, because a real server would have to read it all.
            if wanted is None:
                metadata["remainingItemCount"] = remaining
    return Renderer(kind, shape).many(page, metadata, now)


def _read_limit(text: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit():
        raise status.bad_request(f"invalid limit: {text!r}")
    return int(text)


def _write_continue(version: int, after: Key) -> str:
    token = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": list(after)}, separators=(",", ":"))
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def _read_continue(token: str) -> tuple[int, Key]:
    try:
        read = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, name = read["start"]
        return int(read["rv"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError) as error:
        raise status.bad_request("invalid continue token: continue key is not valid") from error
