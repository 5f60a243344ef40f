"""A client registered at a provider, and the product's settings that make it be that client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.real.stack.processes import Workplace

CALLBACK_PATH = "/oidc-callback"


def callback(address: str) -> str:
    """The redirect URI that the provider has to know for the product at an address (with its base URL)."""
    return f"{address}{CALLBACK_PATH}"


@dataclass(frozen=True)
class OidcClient:
    """A client of the provider `issuer`, whose certificate is of the authority `ca`.

    It proves itself by its secret, or by the private key in a file; without either it is a public one.
    """

    issuer: str
    client_id: str
    ca: Path
    secret: str | None
    scopes: Sequence[str] = ("profile", "email")
    key: Path | None = None

    def settings(self, place: Workplace, folder: str) -> list[str]:
        """Flags for the product; the secret is in a file below `folder`."""
        flags = [
            f"-oidc-idp-issuer-url={self.issuer}",
            f"-oidc-client-id={self.client_id}",
            f"-oidc-scopes={','.join(self.scopes)}",
            f"-oidc-ca-file={self.ca}",
        ]
        if self.secret is not None:
            flags.append(f"-oidc-client-secret-file={place.write(f'{folder}/client-secret', self.secret)}")
        if self.key is not None:
            flags.append(f"-oidc-client-key-file={self.key}")
        return flags
