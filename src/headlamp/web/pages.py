"""Pages that the server writes itself, without script: what went wrong, and the end of a sign-in in a popup."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from headlamp.problems import Problem

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
<p class="product"><img src="{base}/static/icon.svg" width="22" height="22" alt=""> pyheadlamp</p>
{body}
</main>
</body>
</html>
"""


def layout(title: str, body: str, *, base_url: str, head: str = "") -> str:
    """A whole page; `title` is escaped here, `body` and `head` are markup that the caller escaped."""
    return LAYOUT.format(title=escape(title), body=body, base=escape(base_url, quote=True), head=head)


def problem_page(problem: Problem, reference: str, *, base_url: str) -> str:
    """Cause first, then what to do, then how to find it in the log."""
    base = escape(base_url, quote=True)
    body = (
        f"<h1>{escape(problem.title)}</h1>\n"
        f'<p class="cause" role="alert">{escape(problem.message)}</p>\n'
        f"<p>{escape(problem.remedy)}</p>\n"
        f'<p class="actions"><a class="button" href="{base}/">Go to the start page</a></p>\n'
        f'<p class="small">Code <code>{escape(problem.code)}</code>, reference <code>{escape(reference)}</code></p>'
    )
    return layout(problem.title, body, base_url=base_url)


def popup_page(cluster: str, *, base_url: str) -> str:
    """Where a sign-in in a popup ends: `auth.js` tells the window that opened it, and goes on where there is none."""
    base = escape(base_url, quote=True)
    target = f"{base}/c/{quote(cluster)}" if cluster else f"{base}/"
    body = (
        "<h1>You are signed in</h1>\n"
        "<p>You can close this window.</p>\n"
        f'<p class="actions"><a class="button" id="continue" href="{escape(target, quote=True)}">Continue here</a></p>'
    )
    return layout("Signed in", body, base_url=base_url, head=f'<script src="{base}/static/auth.js" defer></script>\n')
