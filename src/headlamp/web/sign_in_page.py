"""The page as it arrives: the sign-in page for browsers without script, and what script alone can't find out."""

from __future__ import annotations

from html import escape
from urllib.parse import unquote

from aiohttp import web

from headlamp.web.gate import SESSION
from headlamp.web.page import Arrival
from headlamp.web.pages import BRAND
from headlamp.web.return_to import safe_return_path
from headlamp.web.services import SERVICES, Services
from headlamp.web.sign_in_facts import Facts, facts
from headlamp.web.start_over import StartOver

GO_ON = "go-on"
"""In the query of a page that a browser without script was sent to once more, now from our own origin."""


EARLIER_SESSION = '<meta name="earlier-session" content="ended">'
"""For the page's script: this browser had the cookie of a session that is over, and has it no more."""
SIGNED_IN = '<meta name="signed-in" content="yes">'
"""For the page's script: what it will show can be asked for before it knows who is looking."""


def arrival(request: web.Request) -> Arrival:
    """What the page says to whoever asks for it; without script that is all it can say."""
    services = request.app[SERVICES]
    base = services.base_url
    style = f'<link rel="stylesheet" href="{escape(base)}/static/pages.css">'
    if request.get(SESSION) is not None or services.local_credentials:
        return Arrival(SIGNED_IN, style, _needs_script(signed_in=not services.local_credentials))
    here = safe_return_path(_without_marker(request.raw_path), base_url=base)
    onward = ""
    if _comes_from_elsewhere(request) and GO_ON not in request.query:
        # The session cookie did not come along. It does with a navigation of our own.
        again = f"{here}{'&' if '?' in here else '?'}{GO_ON}"
        onward = f'<meta http-equiv="refresh" content="0; url={escape(again)}">'
    said = facts(request)
    return Arrival(EARLIER_SESSION if said.ended else "", style + onward, _sign_in(services, said, here))


def _sign_in(services: Services, said: Facts, here: str) -> str:
    cluster = _cluster_of(services, here)
    offered = _offered(services, cluster, here)
    title = f"Sign in to {escape(cluster)}" if cluster else "Sign in"
    lines = [
        f"<h1>{title}</h1>",
        '<p class="second">You work there as yourself: the cluster’s own rules decide what you may see and do.</p>',
    ]
    for number, one in enumerate(offered):
        look = "button wide" if number == 0 else "button wide plain"
        words = f"Sign in with {escape(one.provider)}"
        if said.possible:
            focus = " autofocus" if number == 0 else ""
            lines.append(f'<p><a class="{look}" href="{escape(one.href(services.base_url))}"{focus}>{words}</a></p>')
        else:
            lines.append(f'<p><a class="{look} off" aria-disabled="true" role="link" tabindex="0">{words}</a></p>')
    if not offered:
        lines.append("<p>No identity provider is set up for this. Pasting a token needs JavaScript.</p>")
    lines += _notes(said)
    return _page("\n".join(lines))


def _notes(said: Facts) -> list[str]:
    """What went wrong, or will: the warning first, since nothing else matters then."""
    notes = []
    if said.warning is not None:
        warning = said.warning
        notes.append(_note(warning.title, f"{escape(warning.message)} {escape(warning.remedy)}", warning.code))
    if said.ended:
        notes.append(_note("Your earlier sign-in has ended.", "It ran out of time, or was ended elsewhere."))
    if said.last_try is not None and said.warning is None:
        tried = said.last_try
        url = f'<code class="block">{escape(tried.callback_url)}</code>'
        words = (
            f"If {escape(tried.provider)} showed an error about the redirect URI, this address has to be registered "
            f"there for this application, to the letter: {url}"
        )
        notes.append(_note(f"The last try has not come back from {tried.provider}.", words))
    return notes


def _note(title: str, text: str, code: str = "") -> str:
    tail = f'<br><span class="second">Code <code>{escape(code)}</code></span>' if code else ""
    return f'<div class="note"><strong>{escape(title)}</strong><br>{text}{tail}</div>'


def _needs_script(*, signed_in: bool) -> str:
    title = "You are signed in" if signed_in else "pyheadlamp"
    return _page(
        f"<h1>{title}</h1>\n"
        "<p>Lists, logs and shells of this page need JavaScript. "
        "Allow it for this address, then load the page again.</p>"
    )


def _page(body: str) -> str:
    return f'<main class="card">\n{BRAND}\n{body}\n</main>'


def _cluster_of(services: Services, path: str) -> str:
    """The cluster that the path is about, "" when it is about none that there is."""
    parts = path.partition("?")[0].removeprefix(services.base_url).split("/")
    name = unquote(parts[2]) if len(parts) > 2 and parts[1] == "c" else ""
    return name if name and services.clusters.get(name) is not None else ""


def _offered(services: Services, cluster: str, here: str) -> list[StartOver]:
    """The sign-ins to choose from: the cluster's own, or all where no cluster is named."""
    found = services.clusters.get(cluster) if cluster else None
    if found is not None:
        provider = services.providers.for_cluster(found)
        chosen = [] if provider is None else [provider]
    else:
        chosen = list(services.providers.values())
    return [StartOver(one.config.id, one.config.display_name, cluster, here) for one in chosen]


def _comes_from_elsewhere(request: web.Request) -> bool:
    return request.headers.get("Sec-Fetch-Site", "") in ("cross-site", "same-site")


def _without_marker(path: str) -> str:
    return path.removesuffix(f"?{GO_ON}").removesuffix(f"&{GO_ON}")
