"""A client that proves itself with a key from a file, from the settings to the provider's check and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.signing import SigningKey, ec_key, ed25519_key, rsa_key
from tests.support.whole import whole_server


@pytest.mark.parametrize("audience", ["token_endpoint", "issuer"])
@pytest.mark.parametrize("key", [rsa_key("client-rsa"), ec_key("client-ec"), ed25519_key("client-ed")])
async def test_people_sign_in_and_out_by_a_client_that_has_a_key(
    tmp_path: Path, key: SigningKey, audience: str
) -> None:
    path = tmp_path / "client.pem"
    path.write_bytes(key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    idp = MisbehavingProvider(client_secret=None, habits=Habits(client_auth="private_key_jwt"))
    idp.client.keys.append(key.jwk())
    await idp.start()
    settings: dict[str, Any] = {
        "oidc_client_secret": None,
        "oidc_client_key_file": path,
        "oidc_client_key_id": key.kid,
        "oidc_client_assertion_audience": audience,
    }
    try:
        async with whole_server(tmp_path, idp=idp, **settings) as whole, whole.browser() as browser:
            done = await browser.sign_in()
            assert (done.status, done.headers["Location"]) == (303, "/c/main/pods")
            await browser.request("DELETE", "/api/session")
    finally:
        await idp.stop()
    assert idp.client.why_not == ""
    assert idp.calls("token") == 1
    sent = [request.form for request in idp.seen if request.endpoint in ("token", "revocation")]
    assert all("client_assertion" in form and "client_secret" not in form for form in sent)
    assert len({form["client_assertion"] for form in sent}) == len(sent)
