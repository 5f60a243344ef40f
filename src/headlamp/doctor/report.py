"""All findings of one examination, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from headlamp.doctor.findings import Finding, State
from headlamp.telemetry.redaction import redact_text

MASK = "***"
# Shorter ones would mask ordinary words, and protect nothing.
SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True)
class Report:
    """The findings, in the order of the chain."""

    findings: tuple[Finding, ...]

    @property
    def summary(self) -> dict[str, int]:
        """How many findings there are of each state."""
        return {state.value: sum(finding.state is state for finding in self.findings) for state in State}

    @property
    def healthy(self) -> bool:
        """Whether nothing has failed; warnings are allowed."""
        return not any(finding.state is State.FAILED for finding in self.findings)

    def as_json(self) -> dict[str, object]:
        """`{"checks": […], "summary": {…}}`, the one shape that the API and `--json` have."""
        return {"checks": [msgspec.to_builtins(finding) for finding in self.findings], "summary": self.summary}


class Scrubber:
    """The last line before anybody reads a finding: a provider may repeat what it was sent.

    `secrets` are those of this installation; whatever looks like a token is masked too.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)

    def __call__(self, finding: Finding) -> Finding:
        """The same finding without any secret in its texts."""
        return msgspec.structs.replace(
            finding,
            found=redact_text(self._without_secrets(finding.found)),
            # What to type names settings such as -oidc-client-secret-file=…, which only look like secrets.
            remedy=self._without_secrets(finding.remedy),
            subject=self._without_secrets(finding.subject),
        )

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text
