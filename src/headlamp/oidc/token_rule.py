"""Which token of a sign-in a cluster is shown, and whom that token must be from and for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TokenRule:
    """The cluster credential is the ID token, or with `use_access_token` the access token.

    It must name `audience` among its `aud` and `issuer` as its `iss`. "" stands for what the sign-in has proven of an
    ID token anyway, and for nothing at all of an access token, which may be one that only its own readers understand.
    """

    use_access_token: bool = False
    audience: str = ""
    issuer: str = ""


ID_TOKEN: Final = TokenRule()
"""What holds where nobody has said anything: the ID token, as it is."""
