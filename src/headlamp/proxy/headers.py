"""Which headers pass between a browser and a cluster: one table, both ways. What is not in it does not pass.

So never up: `Cookie`, `Authorization` (the session's own bearer is put in), `X-Forwarded-*`, `X-Remote-*` and other
names by which proxies vouch for people, names with `_` (some servers read it as `-`), the browser's `User-Agent`.
And never down: `Set-Cookie`, CORS headers, `Server`, HSTS, `WWW-Authenticate`, policies and hop-by-hop headers.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy, MultiMapping

from headlamp.clusters.credential import Bearer
from headlamp.proxy.errors import BadHeader


class Pass(enum.Enum):
    """How a header passes in one direction."""

    NO = "not at all"
    ONCE = "as it is; twice is refused on the way up, and the first one counts on the way down"
    LIST = "joined by commas when it came several times (RFC 9110, section 5.3)"
    EACH = "every one of several"


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to one header. `websocket`: it also goes up with an upgrade."""

    name: str
    up: Pass = Pass.NO
    down: Pass = Pass.NO
    websocket: bool = False


TABLE = (
    Rule("Accept", up=Pass.LIST),
    Rule("Accept-Encoding", up=Pass.LIST),
    Rule("Content-Type", up=Pass.ONCE, down=Pass.ONCE),
    Rule("Content-Length", up=Pass.ONCE, down=Pass.ONCE),
    Rule("Content-Encoding", up=Pass.LIST, down=Pass.LIST),
    Rule("If-Match", up=Pass.LIST),
    Rule("If-None-Match", up=Pass.LIST),
    Rule("If-Modified-Since", up=Pass.ONCE),
    Rule("If-Unmodified-Since", up=Pass.ONCE),
    Rule("If-Range", up=Pass.ONCE),
    Rule("Range", up=Pass.ONCE),
    # The user's own wish to act as somebody else; the API server asks whether this user may impersonate.
    Rule("Impersonate-User", up=Pass.ONCE, websocket=True),
    Rule("Impersonate-Uid", up=Pass.ONCE, websocket=True),
    Rule("Impersonate-Group", up=Pass.EACH, websocket=True),
    Rule("Impersonate-Extra-*", up=Pass.EACH, websocket=True),
    Rule("Accept-Ranges", down=Pass.ONCE),
    Rule("Content-Range", down=Pass.ONCE),
    Rule("Content-Disposition", down=Pass.ONCE),
    Rule("ETag", down=Pass.ONCE),
    Rule("Last-Modified", down=Pass.ONCE),
    Rule("Vary", down=Pass.LIST),
    Rule("Retry-After", down=Pass.ONCE),
    Rule("Audit-Id", down=Pass.ONCE),
    Rule("X-Kubernetes-Pf-Flowschema-Uid", down=Pass.ONCE),
    Rule("X-Kubernetes-Pf-Prioritylevel-Uid", down=Pass.ONCE),
    Rule("Warning", down=Pass.EACH),
)

# By lower-case name: a request has some fifteen headers, of which few pass.
_UP = {rule.name.lower(): rule.up for rule in TABLE if rule.up is not Pass.NO}
_UP_WITH_UPGRADE = {rule.name.lower(): rule.up for rule in TABLE if rule.websocket}
_DOWN = {rule.name.lower(): rule.down for rule in TABLE if rule.down is not Pass.NO}
_EXTRA = "impersonate-extra-"
# What `Connection` says in nearly every request and answer; it takes away nothing of the table.
_USUAL_CONNECTIONS: tuple[list[str], ...] = ([], ["keep-alive"], ["close"], ["Upgrade"])

# Stock nginx answers 502 to a header block of more than 4 KB; warnings, which may be many, make room for the rest.
_WARNINGS_LIMIT = 2048

# Types that no browser runs or renders as a document of ours. Everything else is put into a sandbox.
_INERT = re.compile(
    r"(application/(([\w.-]+\+)?json|yaml|octet-stream|vnd\.kubernetes\.protobuf|openmetrics-text)|text/(plain|csv))"
    r"\s*(;|\Z)",
    re.IGNORECASE,
)


def headers_up(headers: CIMultiDictProxy[str], bearer: Bearer | None, *, websocket: bool = False) -> CIMultiDict[str]:
    """The headers of a request towards the cluster, with `bearer` as its only credential.

    Raises `BadHeader` for one that may come once and came twice. The transport refuses what is no single token.
    """
    named_by_connection = _connection_options(headers)
    passed: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        how = _passes_up(name, websocket)
        if how is None or (named_by_connection and name.lower() in named_by_connection):
            continue
        if how is Pass.ONCE and name in passed:
            raise BadHeader(f"The header {name.title()} came {len(headers.getall(name))} times.")
        _add(passed, name, value, how)
    if bearer is not None:
        passed[hdrs.AUTHORIZATION] = f"Bearer {bearer.token}"
    return passed


def headers_down(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """The headers of an answer towards the browser, with what keeps foreign content from acting as ours."""
    named_by_connection = _connection_options(headers)
    passed: CIMultiDict[str] = CIMultiDict()
    warnings = 0
    for name, value in headers.items():
        how = _passes_down(name)
        if how is None or (named_by_connection and name.lower() in named_by_connection):
            continue
        if how is Pass.EACH:  # warnings, and nothing else
            warnings += len(value)
            if warnings > _WARNINGS_LIMIT:
                continue
        if how is not Pass.ONCE or name not in passed:
            _add(passed, name, value, how)
    if hdrs.TRANSFER_ENCODING in headers:
        passed.popall(hdrs.CONTENT_LENGTH, None)
    passed[hdrs.CACHE_CONTROL] = "no-store"
    passed["X-Content-Type-Options"] = "nosniff"
    if not _INERT.match(passed.get(hdrs.CONTENT_TYPE, "").strip()):
        passed["Content-Security-Policy"] = "sandbox"
    return passed


# Everybody sends the same few names, in the same spelling.
@lru_cache(maxsize=1024)
def _passes_up(name: str, websocket: bool) -> Pass | None:
    rules, lower = _UP_WITH_UPGRADE if websocket else _UP, name.lower()
    if lower.startswith(_EXTRA):
        return rules.get(f"{_EXTRA}*") if "_" not in lower else None
    return rules.get(lower)


@lru_cache(maxsize=1024)
def _passes_down(name: str) -> Pass | None:
    return _DOWN.get(name.lower())


def _add(passed: CIMultiDict[str], name: str, value: str, how: Pass) -> None:
    if how is Pass.LIST and name in passed:
        passed[name] = f"{passed[name]}, {value}"
    else:
        passed.add(name, value)


def _connection_options(headers: MultiMapping[str]) -> Collection[str]:
    """Names that `Connection` makes hop-by-hop (RFC 9110, section 7.6.1)."""
    values = headers.getall(hdrs.CONNECTION, [])
    if values in _USUAL_CONNECTIONS:
        return ()
    return {option.strip().lower() for value in values for option in value.split(",")}
