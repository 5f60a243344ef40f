"""Security headers of every answer: pages, JSON, proxied bodies, streams, WebSocket upgrades, errors.

Content Security Policy Level 3; Fetch (Cross-Origin-Resource-Policy); HTML (Cross-Origin-Opener-Policy); RFC 6797.
"""

from __future__ import annotations

from collections.abc import Iterable

from multidict import CIMultiDict

from headlamp.web.policy import Policy

CSP = "Content-Security-Policy"
NOT_A_PAGE_CSP = "default-src 'none'; frame-ancestors 'none'"
# A body from inside a cluster that a browser should show anyway has an origin of its own, and no script.
PROXIED_CSP = "default-src 'none'; frame-ancestors 'none'; sandbox"
HSTS = "max-age=31536000"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "headlamp",
}


def page_csp(style_nonce: str, *, script_sources: Iterable[str] = (), foreign: bool = False) -> str:
    """The policy of our pages: everything from here, no inline script, inline style by nonce alone.

    A `foreign` frontend is somebody else's: `script_sources` are the hashes of its inline scripts, and it may make
    style, fonts and workers as it goes (Headlamp's does); scripts of other hosts it may not.
    """
    scripts = " ".join(["'self'", *script_sources])
    style = "'unsafe-inline'" if foreign else f"'nonce-{style_nonce}'"
    made = (" data:", " blob:") if foreign else ("", "")
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' {style}; img-src 'self' data:; "
        f"font-src 'self'{made[0]}; connect-src 'self'; manifest-src 'self'; worker-src 'self'{made[1]}; "
        "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    )


def secure(headers: CIMultiDict[str], *, policy: Policy | None, content_type: str, nonce: str, https: bool) -> None:
    """Put what every answer needs into `headers`, which are about to be sent.

    A handler's own CSP and opener policy stay (a frontend of somebody else's needs them), and what a page says about
    caching; `policy` is None where no route matched.
    """
    for name in [name for name in headers if name.lower().startswith("access-control-")]:
        # No other origin ever reads an answer, whatever a cluster says about it.
        headers.popall(name, None)
    headers.update(ALWAYS)
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    _content_policy(headers, policy=policy, content_type=content_type, nonce=nonce)
    if policy is not None and policy.is_personal:
        headers["Cache-Control"] = "no-store"
    else:
        headers.setdefault("Cache-Control", "no-store")
    headers.popall("Strict-Transport-Security", None)
    if https:
        headers["Strict-Transport-Security"] = HSTS


def _content_policy(headers: CIMultiDict[str], *, policy: Policy | None, content_type: str, nonce: str) -> None:
    if policy is Policy.CLUSTER:
        # Policies add up: what a cluster's own says can only forbid more.
        if not any("sandbox" in value and "frame-ancestors 'none'" in value for value in headers.getall(CSP, [])):
            headers.add(CSP, PROXIED_CSP)
    elif content_type == "text/html":
        headers.setdefault(CSP, page_csp(nonce))
    else:
        headers.setdefault(CSP, NOT_A_PAGE_CSP)
