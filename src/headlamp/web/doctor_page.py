"""The page /doctor: a report for reading, without script."""

from __future__ import annotations

import re
from html import escape

from headlamp.doctor.findings import Finding, State
from headlamp.doctor.printing import headings, summary_line
from headlamp.doctor.report import Report
from headlamp.web.pages import layout

_COMMAND = re.compile(r"`([^`]*)`")
_WORDS = {State.OK: "ok", State.WARNING: "warning", State.FAILED: "failed", State.SKIPPED: "not checked"}


def doctor_page(report: Report, *, base_url: str) -> str:
    """What is wrong first, then everything in the order of the chain."""
    base = escape(base_url, quote=True)
    wrong = [finding for finding in report.findings if finding.state in (State.FAILED, State.WARNING)]
    wrong.sort(key=lambda finding: finding.state is not State.FAILED)
    parts = ['<div class="report">', "<h1>Diagnosis</h1>", f'<p class="second">{escape(summary_line(report))}</p>']
    if wrong:
        parts += ["<h2>To look at</h2>", *(_wrong(finding) for finding in wrong)]
    else:
        parts.append("<p>Nothing is wrong, as far as it can be seen from here.</p>")
    for heading, findings in headings(report.findings):
        parts += [f"<h2>{escape(heading)}</h2>", '<table class="checks"><tbody>']
        parts += [_row(finding) for finding in findings]
        parts.append("</tbody></table>")
    parts += [
        f'<p class="actions"><a class="button plain" href="{base}/doctor">Check again</a> '
        f'<a class="button plain" href="{base}/">Go to the start page</a></p>',
        f'<p class="small">The same as JSON: <a href="{base}/api/doctor"><code>api/doctor</code></a>; on the server: '
        "<code>headlamp doctor</code></p>",
        "</div>",
    ]
    return layout("Diagnosis", "\n".join(parts), base_url=base_url)


def _wrong(finding: Finding) -> str:
    look = "cause" if finding.state is State.FAILED else "note"
    about = f" of {escape(finding.subject)}" if finding.subject else ""
    return (
        f'<section class="{look}"><p><strong>{escape(finding.title)}{about}: {_WORDS[finding.state]}.</strong> '
        f"{_text(finding.found)}</p>\n"
        f"<p>{escape(finding.why)}</p>\n"
        f"<p>What to do: {_text(finding.remedy)}</p></section>"
    )


def _row(finding: Finding) -> str:
    return (
        f'<tr class="{finding.state.value}"><th scope="row">{escape(finding.title)}</th>'
        f"<td>{_WORDS[finding.state]}</td><td>{_text(finding.found)}</td></tr>"
    )


def _text(text: str) -> str:
    """A text with its commands, which stand between backticks, as code."""
    return _COMMAND.sub(r"<code>\1</code>", escape(text))
