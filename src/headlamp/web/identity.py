"""What a user is called, read from claims with JMESPath (`-me-username-path` and its siblings).

For showing only: nothing here decides what anybody may do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from headlamp.settings import Settings


@dataclass(frozen=True, slots=True)
class Identity:
    """Name, e-mail address and groups as the provider tells them; empty where it does not."""

    name: str
    email: str
    groups: tuple[str, ...]


def identity_from(settings: Settings, *sources: Mapping[str, Any]) -> Identity:
    """Read an identity from the first of `sources` (ID token claims, then UserInfo) that has each part."""
    return Identity(
        name=_text(settings.me_username_path, sources),
        email=_text(settings.me_email_path, sources),
        groups=_texts(settings.me_groups_path, sources),
    )


def account(issuer: str, subject: str) -> str:
    """An opaque name of a person at a provider: the same for the same person, and telling nothing else."""
    return hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()[:16]


def _values(paths: Iterable[str], sources: Iterable[Mapping[str, Any]]) -> Iterable[Any]:
    for source in sources:
        for path in paths:
            try:
                found = jmespath.search(path, source)
            except JMESPathError:
                continue
            if found not in (None, "", []):
                yield found


def _text(paths: Iterable[str], sources: Iterable[Mapping[str, Any]]) -> str:
    return next((value for value in _values(paths, sources) if isinstance(value, str)), "")


def _texts(paths: Iterable[str], sources: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    for value in _values(paths, sources):
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list):
            return tuple(item for item in value if isinstance(item, str))
    return ()
