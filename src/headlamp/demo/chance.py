"""Chance that repeats itself: names, addresses and happenings that are the same for the same seed."""

from __future__ import annotations

import random
import uuid

# What Kubernetes makes random name parts of: no vowels, and nothing that looks like another character.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def seeded(*parts: object) -> random.Random:
    """A generator that the parts decide. Never for secrets: those come from `secrets`."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - a simulation's weather, nothing that protects


def suffix(chance: random.Random, length: int = 5) -> str:
    """A random name part as Kubernetes makes them."""
    return "".join(chance.choices(_ALPHABET, k=length))


def new_uid(chance: random.Random) -> str:
    """A version 4 UUID from the given generator."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
