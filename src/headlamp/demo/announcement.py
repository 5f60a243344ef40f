"""What `headlamp demo` prints."""

from __future__ import annotations

from headlamp.demo.people import COMPANY, Person


def ready(*, port: int, wanted_port: int, people: tuple[Person, ...], pods: int, issuer: str, server: str) -> str:
    """The text at start: what this is, whom one can be, and as its last line where to go."""
    width = max(len(person.name) for person in people)
    listed = "\n".join(f"  {person.name:<{width}}  {person.role.lower()}" for person in people)
    taken = f"Port {wanted_port} is taken; {port} is used instead.\n\n" if port != wanted_port else ""
    return (
        f"{taken}"
        f"pyheadlamp demo: a simulation. {COMPANY}, its {pods:,} pods and its people are made up, nothing runs,\n"
        "and everything is forgotten at the end.\n\n"
        f"  identity provider  {issuer}\n"
        f"  cluster            {server}\n\n"
        f"Press Sign in, and choose whom to be:\n{listed}\n\n"
        "Ctrl-C ends it.\n\n"
        f"Open http://localhost:{port}"
    )
