"""What can go wrong, as values: every error that a person or a client is told about is a `Problem`.

A room defines its own subclasses, one a cause, with the facts on them. `web.problems` turns them into a page,
`application/problem+json` or a Kubernetes `Status`; nothing else words an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class Problem(Exception):  # noqa: N818  # it names causes, and the field calls them problems (RFC 9457)
    """A cause that has a stable `code`, an HTTP `status`, a `title` and a `remedy`.

    `code` is dotted, room first ("oidc.nonce"), and never changes once released. `message` says what happened, with
    the facts of this case, and `remedy` what to do about it; both are plain English, and neither ever holds a token,
    code, verifier, cookie or secret. `retry_after` is in seconds, for causes that pass by themselves. `extensions` are
    further members of a JSON answer, where a protocol has some of its own (RFC 9457, section 3.2).
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    extensions: ClassVar[Mapping[str, object]] = {}
    remedy: str = "Try again. If it stays, ask your administrator, and name the reference."

    def __init__(self, message: str = "", *, remedy: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message or self.title)
        self.retry_after = retry_after
        if remedy is not None:
            self.remedy = remedy

    @property
    def message(self) -> str:
        """What happened, in one sentence."""
        return str(self.args[0])
