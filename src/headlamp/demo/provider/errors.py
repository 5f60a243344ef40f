"""Errors of the protocol endpoints (RFC 6749, sections 4.1.2.1 and 5.2)."""

from __future__ import annotations


class OAuthError(Exception):
    """An error with a registered code, to be told to the client."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.status = status


class RefusedRequestError(Exception):
    """An authorization request that can't be answered at the client, because who the client is, is in doubt."""
