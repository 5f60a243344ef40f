"""Pages that the server writes itself: what went wrong, and the end of a sign-in in a window of its own.

They say all that they have to say without script.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from headlamp.problems import Problem
from headlamp.web.start_over import StartOver

# The provider knows who this is and says no: the same person would get the same answer.
REFUSED_AS_THIS_PERSON = frozenset({"oidc.access_denied"})

BRAND = (
    '<p class="product"><svg width="26" height="26" viewBox="0 0 24 24" fill="none" aria-hidden="true">'
    '<path d="M10 5.2a6.8 6.8 0 0 0 0 13.6c1 0 1.6-.5 1.6-1.3V6.5c0-.8-.6-1.3-1.6-1.3z" fill="currentColor"/>'
    '<path d="m15 7.6 6-2M15 12h6.6M15 16.4l6 2" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>'
    "</svg>pyheadlamp</p>"
)

LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · pyheadlamp</title>
<link rel="icon" href="{base}/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{base}/static/pages.css">
{head}</head>
<body>
<main class="card">
{brand}
{body}
</main>
</body>
</html>
"""


def layout(title: str, body: str, *, base_url: str, head: str = "") -> str:
    """A whole page; `title` is escaped here, `body` and `head` are markup that the caller escaped."""
    return LAYOUT.format(title=escape(title), brand=BRAND, body=body, base=escape(base_url, quote=True), head=head)


def problem_page(
    problem: Problem,
    reference: str,
    *,
    base_url: str,
    start_over: StartOver | None = None,
    may_be_signed_in: bool = False,
) -> str:
    """Cause first, then what to do, then how to find it in the log.

    `start_over` is the sign-in that failed, offered once more. With `may_be_signed_in` another tab may have finished
    what this one could not: `callback.js` asks, and goes on.
    """
    base = escape(base_url, quote=True)
    place = f"{base_url}/"
    buttons = []
    if start_over is not None:
        place = (start_over.return_to or place) if may_be_signed_in else place
        again = escape(start_over.href(base_url), quote=True)
        buttons.append(
            f'<a class="button" href="{again}" autofocus>Sign in again with {escape(start_over.provider)}</a>'
        )
        if problem.code in REFUSED_AS_THIS_PERSON:
            other = escape(start_over.href(base_url, prompt="login"), quote=True)
            buttons.append(f'<a class="button plain" href="{other}">Sign in as somebody else</a>')
    look = "button plain" if buttons else "button"
    words = "Go on, if you are signed in already" if may_be_signed_in else "Go to the start page"
    buttons.append(f'<a class="{look}" id="continue" href="{escape(place, quote=True)}">{words}</a>')
    body = (
        f"<h1>{escape(problem.title)}</h1>\n"
        f'<p class="cause" role="alert">{escape(problem.message)}</p>\n'
        f"<p>{escape(problem.remedy)}</p>\n"
        f'<p class="actions">{"".join(buttons)}</p>\n'
        f'<p class="small">Code <code>{escape(problem.code)}</code>, reference <code>{escape(reference)}</code></p>'
    )
    head = f'<script src="{base}/static/callback.js" defer></script>\n' if may_be_signed_in else ""
    return layout(problem.title, body, base_url=base_url, head=head)


def popup_page(cluster: str, *, base_url: str) -> str:
    """Where a sign-in in a window of its own ends: `auth.js` tells whoever waits for it, else goes on."""
    base = escape(base_url, quote=True)
    target = escape(f"{base_url}/c/{quote(cluster)}" if cluster else f"{base_url}/", quote=True)
    body = (
        "<h1>You are signed in</h1>\n"
        '<p class="second">The page that you came from goes on. You can close this window.</p>\n'
        f'<p class="actions"><a class="button plain" id="continue" href="{target}">Continue here</a></p>'
    )
    return layout("Signed in", body, base_url=base_url, head=f'<script src="{base}/static/auth.js" defer></script>\n')
