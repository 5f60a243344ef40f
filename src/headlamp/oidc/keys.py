"""A provider's public keys (RFC 7517): reading a key set, and keeping the last good one."""

from __future__ import annotations

import asyncio
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from headlamp.oidc.errors import BadKeySet, BadProviderAnswer, BadSignature, ProviderUnavailable, UnknownKey
from headlamp.oidc.http import Http

MAX_KEYS = 200
MAX_AGE = 3600.0
REFETCH_INTERVAL = 10.0
# Without any keys people are waiting in front of a sign-in page: ask again sooner, but not as often as anybody likes.
FIRST_RETRY_AFTER = 1.0

Result = TypeVar("Result")
PublicKey = RSAKey | ECKey | OKPKey

SUPPORTED_ALGORITHMS: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        **{f"{family}{bits}": ("RSA", frozenset[str]()) for family in ("RS", "PS") for bits in (256, 384, 512)},
        "ES256": ("EC", frozenset({"P-256"})),
        "ES384": ("EC", frozenset({"P-384"})),
        "ES512": ("EC", frozenset({"P-521"})),
        "EdDSA": ("OKP", frozenset({"Ed25519", "Ed448"})),
        "Ed25519": ("OKP", frozenset({"Ed25519"})),
    }
)
"""Signature algorithms that can be allowed, with the key type and curves that each needs. All are asymmetric."""

_CURVES = frozenset[str]().union(*(curves for _, curves in SUPPORTED_ALGORITHMS.values()))
_TYPES: Mapping[str, tuple[type[PublicKey], tuple[str, ...]]] = MappingProxyType(
    {"RSA": (RSAKey, ("n", "e")), "EC": (ECKey, ("crv", "x", "y")), "OKP": (OKPKey, ("crv", "x"))}
)
# RFC 7518, section 3.3, sets the lower limit; the upper one bounds the work that a provider can make us do.
_RSA_BITS = range(2048, 8192 + 1)


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One key that can verify signatures. `algorithm` is the only one that it is for, None if the set does not say."""

    kid: str | None
    key_type: str
    curve: str | None
    algorithm: str | None
    key: PublicKey

    def fits(self, algorithm: str) -> bool:
        """Whether the key is of the type and curve that `algorithm` needs, and not meant for another one."""
        key_type, curves = SUPPORTED_ALGORITHMS[algorithm]
        if self.key_type != key_type or (curves and self.curve not in curves):
            return False
        return self.algorithm in (None, algorithm) or {self.algorithm, algorithm} == {"EdDSA", self.curve}


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of a provider."""

    keys: tuple[VerificationKey, ...]

    def candidates(self, kid: str | None, algorithm: str) -> list[VerificationKey]:
        """The keys that a token with this `kid` and `alg` can be signed with; without a `kid` all that fit.

        More than one has the `kid` where a provider uses one twice: each is worth a try.
        """
        return [k for k in self.keys if (kid is None or k.kid == kid) and k.fits(algorithm)]


def read_key_set(document: dict[str, Any]) -> KeySet:
    """Read a JWK Set; keys of unknown type, curve or use are ignored (RFC 7517, section 5).

    Raises `BadKeySet` when it is not a key set or holds more than `MAX_KEYS` keys.
    """
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise BadKeySet("The provider's key set has no list of keys.")
    if len(entries) > MAX_KEYS:
        raise BadKeySet(f"The provider's key set has {len(entries)} keys; more than {MAX_KEYS} are not read.")
    return KeySet(tuple(key for entry in entries if (key := _read_key(entry)) is not None))


def _read_key(entry: Any) -> VerificationKey | None:
    if not isinstance(entry, dict) or not _for_verification(entry):
        return None
    key_type, curve = entry.get("kty"), entry.get("crv")
    if not isinstance(key_type, str) or key_type not in _TYPES:
        return None
    if key_type != "RSA" and (not isinstance(curve, str) or curve not in _CURVES):
        return None
    make, members = _TYPES[key_type]
    # Only the public members: what else a provider writes there is no reason to fail.
    public = {name: entry[name] for name in ("kty", *members) if isinstance(entry.get(name), str)}
    try:
        if key_type == "RSA" and _bits(public["n"]) not in _RSA_BITS:
            return None
        key = make.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    kid, algorithm = entry.get("kid"), entry.get("alg")
    return VerificationKey(
        kid=kid if isinstance(kid, str) else None,
        key_type=key_type,
        curve=curve if key_type != "RSA" else None,
        algorithm=algorithm if isinstance(algorithm, str) else None,
        key=key,
    )


def _bits(number: str) -> int:
    return int.from_bytes(urlsafe_b64decode(number + "=" * (-len(number) % 4))).bit_length()


def _for_verification(entry: dict[str, Any]) -> bool:
    use, operations = entry.get("use"), entry.get("key_ops")
    return use in (None, "sig") and (operations is None or (isinstance(operations, list) and "verify" in operations))


class RemoteKeys:
    """One provider's key set, fetched when first asked for and again every hour; the last good copy is kept.

    A token that no key fits is a reason to look again (`renewed`), but at most every ten seconds: otherwise anybody
    could make us flood the provider with made-up key ids.
    """

    def __init__(self, http: Http, *, now: Callable[[], float] = time.time) -> None:
        self._http = http
        self._now = now
        self._lock = asyncio.Lock()
        self._good: KeySet | None = None
        self._good_from = ""
        self._good_until = float("-inf")
        self._next_renewal = float("-inf")
        self._failure: ProviderUnavailable | None = None
        self._retry_at = float("-inf")

    async def current(self, jwks_uri: str) -> KeySet:
        """The keys as we know them. Raises `ProviderUnavailable` or one of its kinds if there never was a good copy."""
        if (fresh := self._fresh(jwks_uri)) is not None:
            return fresh
        async with self._lock:
            if (fresh := self._fresh(jwks_uri)) is not None:
                return fresh
            if self._good is None and self._failure is not None and self._now() < self._retry_at:
                raise self._failure.with_traceback(None)
            try:
                return await self._fetch(jwks_uri)
            except ProviderUnavailable as failure:
                if self._good is None:
                    self._failure, self._retry_at = failure, self._now() + FIRST_RETRY_AFTER
                    raise
                self._good_from = jwks_uri
                self._good_until = self._now() + REFETCH_INTERVAL
                return self._good

    async def renewed(self, jwks_uri: str, seen: KeySet) -> KeySet:
        """Keys newer than `seen`, if it is time to look again; else, or if the provider fails, `seen` itself."""
        async with self._lock:
            if self._good is not None and self._good is not seen:
                return self._good
            if self._now() < self._next_renewal:
                return seen
            self._next_renewal = self._now() + REFETCH_INTERVAL
            try:
                return await self._fetch(jwks_uri)
            except ProviderUnavailable:
                return seen

    async def settle(self, jwks_uri: str, check: Callable[[KeySet], Result]) -> Result:
        """What `check` makes of the keys as we know them, and of newer ones if none of those signed the token.

        Raises what `check` raises, and `ProviderUnavailable` or one of its kinds if there never was a good copy.
        """
        keys = await self.current(jwks_uri)
        try:
            return check(keys)
        except (UnknownKey, BadSignature):
            # A bad signature too: a provider may have put a new key under an old id.
            newer = await self.renewed(jwks_uri, keys)
            if newer is keys:
                raise
            return check(newer)

    def _fresh(self, jwks_uri: str) -> KeySet | None:
        return self._good if self._good_from == jwks_uri and self._now() < self._good_until else None

    async def _fetch(self, jwks_uri: str) -> KeySet:
        answer = await self._http.fetch(jwks_uri)
        if answer.status != 200:
            raise ProviderUnavailable(f"The provider's keys cannot be read: it answered {answer.status}.")
        try:
            document = answer.json_object()
        except BadProviderAnswer as error:
            raise BadKeySet(error.message) from None
        self._good = read_key_set(document)
        self._good_from = jwks_uri
        self._good_until = self._now() + MAX_AGE
        return self._good
