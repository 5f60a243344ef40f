"""Where a browser may be sent after sign-in: a path of our own page, and nothing else."""

from __future__ import annotations

import re
from urllib.parse import unquote

LONGEST = 1024
# Letters that can't turn a path into another host or another header: no backslash, no control character, no space.
ALLOWED = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:%/?]*")
# Coming back to these would start over, or do something: they are not places.
NOT_A_PLACE = (
    "/oidc",
    "/oidc-callback",
    "/oidc-initiate",
    "/signed-out",
    "/auth",
    "/api",
    "/clusters",
    "/static",
    "/assets",
)


def safe_return_path(wanted: str, *, base_url: str) -> str:
    """`wanted` when it is a path of the page under `base_url`, else the start page.

    Judged on the text as it is and once more percent-decoded, since proxies and browsers differ in when they decode.
    """
    start = f"{base_url}/"
    if not wanted or len(wanted) > LONGEST or not ALLOWED.fullmatch(wanted):
        return start
    # Not urlsplit: it would take what follows "//" for a host, and leave it out of the path.
    path = wanted.partition("?")[0]
    decoded = unquote(path)
    for form in (path, decoded, unquote(decoded)):
        if form.startswith("//") or "//" in form or "\\" in form or "/../" in f"{form}/" or "/./" in f"{form}/":
            return start
        if any(ord(letter) < 0x21 or ord(letter) == 0x7F or letter == "\ufffd" for letter in form.replace(" ", "")):
            return start
    if not f"{path}/".startswith(start):
        return start
    inside = decoded.removeprefix(base_url)
    if any(inside == place or inside.startswith(f"{place}/") for place in NOT_A_PLACE):
        return start
    return wanted
