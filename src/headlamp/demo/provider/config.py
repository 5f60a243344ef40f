"""What the demo's provider is told: where it is, who may sign people in with it, and who there is."""

from __future__ import annotations

from dataclasses import dataclass, field

from headlamp.demo.people import Person


@dataclass(frozen=True, slots=True)
class Client:
    """The one registered relying party."""

    client_id: str
    secret: str = field(repr=False)
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    name: str = "pyheadlamp"


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """`issuer` is `http://localhost:PORT`; lifetimes are in seconds."""

    issuer: str
    client: Client
    people: tuple[Person, ...]
    id_token_lifetime: int = 300
    code_lifetime: int = 60
    request_lifetime: int = 600
    refresh_token_lifetime: int = 12 * 3600

    def person(self, key: str) -> Person | None:
        return next((person for person in self.people if person.key == key), None)
