"""What live sessions cost: memory for each beyond its tokens, and when those that began together are renewed."""

from __future__ import annotations

import asyncio
import base64
import collections
import gc
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

from headlamp.oidc.tokens import SignIn, Tokens
from headlamp.sessions.lifetimes import renewal_due_at
from headlamp.sessions.manager import ActiveSession, Sessions
from headlamp.sessions.sealing import Sealer
from headlamp.sessions.sqlite import SqliteStore

COUNT = 10_000
PROVIDER = "default"
LIFETIME_S = 300.0
ISSUER = "https://login.example.com/realms/staff"


def sign_in_of(number: int, now: float) -> SignIn:
    """A sign-in as Keycloak's tokens make them: some twenty claims, ten groups, tokens of one to two kilobytes."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-4{secrets.token_hex(6)}",
        "aud": "headlamp",
        "azp": "headlamp",
        "exp": int(now + LIFETIME_S),
        "iat": int(now),
        "auth_time": int(now) - 5,
        "jti": secrets.token_hex(16),
        "nonce": secrets.token_urlsafe(32),
        "sid": secrets.token_hex(16),
        "at_hash": secrets.token_urlsafe(16),
        "acr": "1",
        "typ": "ID",
        "email_verified": True,
        "name": f"Person {number} Example",
        "preferred_username": f"person-{number}",
        "given_name": f"Person {number}",
        "family_name": "Example",
        "email": f"person-{number}@example.com",
        "groups": [f"team-{(number + step) % 97:02d}-{step}" for step in range(10)],
    }
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    id_token = f"eyJhbGciOiJSUzI1NiJ9.{payload}.{secrets.token_urlsafe(256)}"
    tokens = Tokens(id_token, secrets.token_urlsafe(900), secrets.token_urlsafe(500), now + LIFETIME_S)
    userinfo = {name: claims[name] for name in ("sub", "name", "preferred_username", "email", "groups")}
    return SignIn(PROVIDER, ISSUER, claims["sub"], claims["sid"], claims, userinfo, tokens)


def size_of_tokens(session: ActiveSession) -> int:
    """Bytes of a session's tokens."""
    tokens = session.record.logins[PROVIDER].tokens
    return len(tokens.id_token) + len(tokens.access_token) + len(tokens.refresh_token or "")


async def live_sessions(folder: Path, count: int) -> list[ActiveSession]:
    """Sessions that have been used, as a page that is open uses them."""
    sessions = Sessions(
        SqliteStore(folder / "sessions.sqlite3"), Sealer(secrets.token_bytes(32)), {}, ttl=86_400, idle=28_800
    )
    await sessions._store.open()
    live = []
    for number in range(count):
        _, session = await sessions.create(
            sign_in_of(number, time.time()), user_agent="Mozilla/5.0 (X11; Linux x86_64)"
        )
        source = session.credential_source("main", PROVIDER)
        assert source is not None
        await source.current()
        live.append(session)
    await sessions.close()
    return live


def resident() -> int:
    """Resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(how: str) -> None:
    """In a process of its own: bytes a session beyond its tokens, "traced" as Python counts or "resident"."""
    with tempfile.TemporaryDirectory(prefix="headlamp-bench-") as name:
        # What is loaded, compiled and cached once is nobody's session.
        asyncio.run(live_sessions(Path(name) / "warm-up", 100))
        gc.collect()
        if how == "traced":
            tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0] if how == "traced" else resident()
        live = asyncio.run(live_sessions(Path(name) / "measured", COUNT))
        gc.collect()
        after = tracemalloc.get_traced_memory()[0] if how == "traced" else resident()
        tokens = sum(map(size_of_tokens, live)) / COUNT
        print(json.dumps({"beyond": (after - before) / COUNT - tokens, "tokens": tokens}))


def print_memory() -> None:
    """Both counts."""
    print(f"{COUNT:,} live sessions, one sign-in each, twenty claims, ten groups")
    for how, words in (("traced", "as Python counts"), ("resident", "resident memory")):
        done = subprocess.run([sys.executable, "-m", "bench.sessions", how], check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        print(
            f"  {words:18}{found['beyond'] / 1024:6.2f} KB a session beyond {found['tokens'] / 1024:.2f} KB of tokens"
        )


def print_spread() -> None:
    """How many renewals are due in one second, for sessions that began in the same second."""
    with tempfile.TemporaryDirectory(prefix="headlamp-bench-") as name:
        live = asyncio.run(live_sessions(Path(name), COUNT))
    due = collections.Counter(
        int(renewal_due_at(login, share=session.share) - login.renewed_at)
        for session in live
        for login in session.record.logins.values()
    )
    first, last = min(due), max(due)
    print(f"{COUNT:,} sessions that began at one moment, with tokens of {LIFETIME_S:.0f} s: renewals due by second")
    step = max(1, (last - first + 1) // 12)
    for second in range(first, last + 1, step):
        count = sum(due[at] for at in range(second, second + step))
        print(f"  {second:4} to {second + step:4} s  {count / step:6.0f} a second  {'#' * (count // step // 10)}")
    print(f"  the most in one second: {max(due.values()):,}")


def main() -> None:
    """Measure and print."""
    print_memory()
    print_spread()


if __name__ == "__main__":
    measure(sys.argv[1])
