"""Which headers pass between a browser and a cluster: one table, both ways. What is not in it does not pass.

So never up: `Cookie`, `Authorization` (the session's own bearer is put in), `X-Forwarded-*`, `X-Remote-*` and other
names by which proxies vouch for people, names with `_` (some servers read it as `-`), the browser's `User-Agent`.
And never down: `Set-Cookie`, CORS headers, `Server`, HSTS, `WWW-Authenticate`, policies and hop-by-hop headers.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

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
    """What happens to one header. `name` may end in `*`; `websocket`: it also goes up with an upgrade."""

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

_EXACT = {rule.name.lower(): rule for rule in TABLE if not rule.name.endswith("*")}
_PREFIXES = tuple((rule.name[:-1].lower(), rule) for rule in TABLE if rule.name.endswith("*"))

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
    for name in _distinct(headers):
        rule = _rule(name)
        if rule is None or rule.up is Pass.NO or (websocket and not rule.websocket):
            continue
        if name.lower() in named_by_connection:
            continue
        values = headers.getall(name)
        if rule.up is Pass.ONCE and len(values) > 1:
            raise BadHeader(f"The header {rule.name} came {len(values)} times.")
        _add(passed, name, values, rule.up)
    if bearer is not None:
        passed[hdrs.AUTHORIZATION] = f"Bearer {bearer.token}"
    return passed


def headers_down(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """The headers of an answer towards the browser, with what keeps foreign content from acting as ours."""
    named_by_connection = _connection_options(headers)
    passed: CIMultiDict[str] = CIMultiDict()
    warnings = 0
    for name in _distinct(headers):
        rule = _rule(name)
        if rule is None or rule.down is Pass.NO or name.lower() in named_by_connection:
            continue
        values = headers.getall(name)
        if rule.name == "Warning":
            values = [value for value in values if (warnings := warnings + len(value)) <= _WARNINGS_LIMIT]
        _add(passed, name, values[:1] if rule.down is Pass.ONCE else values, rule.down)
    if hdrs.TRANSFER_ENCODING in headers:
        passed.popall(hdrs.CONTENT_LENGTH, None)
    passed[hdrs.CACHE_CONTROL] = "no-store"
    passed["X-Content-Type-Options"] = "nosniff"
    if not _INERT.match(passed.get(hdrs.CONTENT_TYPE, "").strip()):
        passed["Content-Security-Policy"] = "sandbox"
    return passed


def _rule(name: str) -> Rule | None:
    lower = name.lower()
    exact = _EXACT.get(lower)
    if exact is not None:
        return exact
    return next((rule for prefix, rule in _PREFIXES if lower.startswith(prefix) and "_" not in lower), None)


def _add(passed: CIMultiDict[str], name: str, values: list[str], how: Pass) -> None:
    if how is Pass.EACH:
        for value in values:
            passed.add(name, value)
    elif values:
        passed[name] = ", ".join(values)


def _distinct(headers: MultiMapping[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in headers:
        if name.lower() not in seen:
            seen.add(name.lower())
            yield name


def _connection_options(headers: MultiMapping[str]) -> set[str]:
    """Names that `Connection` makes hop-by-hop (RFC 9110, section 7.6.1)."""
    values = headers.getall(hdrs.CONNECTION, [])
    return {option.strip().lower() for value in values for option in value.split(",")}
