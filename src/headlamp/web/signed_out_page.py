"""The page after a sign-out, written by the server and without script: nothing of the session is left to run one."""

from __future__ import annotations

from html import escape

from headlamp.web.pages import layout


def signed_out_page(*, provider: str | None, kept: tuple[str, ...], base_url: str) -> str:
    """`provider` has ended its own session too (None: nobody knows), and those in `kept` have not."""
    if provider is not None:
        ended = f"<p>Your session here has ended, and {escape(provider)} has signed you out as well.</p>"
    else:
        ended = (
            "<p>Your identity provider may still know you, so that the next sign-in asks for no password. If others "
            "use this browser, sign out there too.</p>"
        )
    body = ["<h1>You are signed out</h1>", ended]
    if kept:
        names = ", ".join(kept)
        body.append(f'<p class="second">Still with a session of their own: {escape(names)}. Sign out there too.</p>')
    return layout("You are signed out", _with_button("\n".join(body), "Sign in again", base_url), base_url=base_url)


def still_signed_in_page(*, base_url: str) -> str:
    """For somebody who came here by a link, and has not signed out at all."""
    body = "<h1>You are still signed in</h1>\n<p>This address ends a sign-out, and none is under way here.</p>"
    return layout("You are still signed in", _with_button(body, "Go to the start page", base_url), base_url=base_url)


def _with_button(body: str, words: str, base_url: str) -> str:
    start = escape(f"{base_url}/", quote=True)
    return f'{body}\n<p class="actions"><a class="button" href="{start}">{escape(words)}</a></p>'
