"""The provider's keys: whether ID tokens can be verified with them (RFC 7517)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from headlamp.doctor.evidence import ProviderCase
from headlamp.doctor.findings import Finding, Point
from headlamp.oidc.errors import OidcProblem, quoted
from headlamp.oidc.keys import KeySet, read_key_set

KEYS = Point(
    "provider.keys", "Keys", "An ID token is believed when one of these keys has signed it, and not otherwise."
)


async def check(case: ProviderCase) -> AsyncIterator[Finding]:
    """Fetch the key set, and hold it against the algorithms that are expected."""
    discovered = await case.discovered.get() if (await case.way.get()).open else None
    address = discovered.document.get("jwks_uri") if discovered is not None else None
    if not isinstance(address, str):
        yield KEYS.skipped("Where they are is not known; see above.", subject=case.subject)
        return
    try:
        answer = await case.http.fetch(address)
        if answer.status != 200:
            found = f"{quoted(address)} answered {answer.status}."
            yield KEYS.failed(found, "Look at the key set (jwks_uri) of the provider.", subject=case.subject)
            return
        document = answer.json_object()
        usable = read_key_set(document)
    except OidcProblem as problem:
        remedy = f"Look at the key set of the provider: {quoted(address)}."
        yield KEYS.failed(problem.message, remedy, subject=case.subject)
        return
    yield _judge(case, usable, len(document["keys"]))


def _judge(case: ProviderCase, usable: KeySet, listed: int) -> Finding:
    expected = sorted(case.config.signing_algs)
    fitting = {name: len(usable.candidates(None, name)) for name in expected}
    skipped = listed - len(usable.keys)
    told = f" {skipped} of {listed} are of a kind that is not used here, and are left alone." if skipped else ""
    if any(fitting.values()):
        counts = ", ".join(f"{count} for {name}" for name, count in fitting.items() if count)
        return KEYS.ok(f"{counts}.{told}", subject=case.subject)
    kinds = sorted({key.curve or key.key_type for key in usable.keys})
    if not usable.keys:
        found = f"None of the {listed} keys can be used." if listed else "The key set is empty."
        remedy = (
            "Give the provider an RSA key of at least 2048 bits or an EC key for signing (at authentik: the provider's "
            "Signing Key)."
        )
        return KEYS.failed(found, remedy, subject=case.subject)
    remedy = (
        f"Let the provider sign this client's ID tokens with {', '.join(expected)}, or "
        + case.knobs.flag("set -oidc-signing-algs to what its keys are for")
        + "."
    )
    found = f"No key fits {', '.join(expected)}; there are keys of the kinds {', '.join(kinds)}.{told}"
    return KEYS.failed(found, remedy, subject=case.subject)
