"""What a check has to say: a finding, and the point that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class State(StrEnum):
    """How it stands with one point. `SKIPPED`: it could not be looked at, which is neither good nor bad."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at one point: `found` is what is, `why` why it matters, `remedy` what to type.

    `id` is dotted, its group first ("provider.tls"), and never changes once released. `subject` is what was looked at:
    a provider's issuer, a cluster's name, an address; empty for the installation as a whole.
    """

    id: str
    title: str
    state: State
    found: str
    why: str = ""
    remedy: str = ""
    subject: str = ""

    @property
    def group(self) -> str:
        """The part of the chain that it belongs to: the first word of the id."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that can be right or wrong: its id, its title, and why it matters."""

    id: str
    title: str
    why: str

    def ok(self, found: str, *, subject: str = "") -> Finding:
        """As it should be."""
        return self._finding(State.OK, found, "", subject)

    def warning(self, found: str, remedy: str, *, subject: str = "") -> Finding:
        """It works, or may work, and deserves a look."""
        return self._finding(State.WARNING, found, remedy, subject)

    def failed(self, found: str, remedy: str, *, subject: str = "") -> Finding:
        """It does not work like this."""
        return self._finding(State.FAILED, found, remedy, subject)

    def skipped(self, found: str, remedy: str = "", *, subject: str = "") -> Finding:
        """It could not be looked at; `found` says why."""
        return self._finding(State.SKIPPED, found, remedy, subject)

    def _finding(self, state: State, found: str, remedy: str, subject: str) -> Finding:
        return Finding(
            id=self.id, title=self.title, state=state, found=found, why=self.why, remedy=remedy, subject=subject
        )
