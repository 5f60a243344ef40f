"""The demo's provider keeps to the protocol, so that the relying party meets a strict one."""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from tests.unit.demo.lab import VERIFIER, Clock, Provider, location

from headlamp.demo.provider.grants import s256
from headlamp.demo.provider.keys import SigningKey


def claims_of(key: SigningKey, tokens: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(tokens["id_token"], key.public_keys(), algorithms=["RS256"]).claims
    return claims


async def test_the_sign_in_page_lists_everybody_and_says_that_it_is_a_simulation(provider: Provider) -> None:
    answer = await provider.ask()
    page = await answer.text()
    assert answer.status == 200
    assert all(name in page for name in ("Anna", "Ben", "Cleo", "Dora", "simulation"))


async def test_the_sign_in_page_allows_no_script_and_posts_only_to_itself_and_the_client(provider: Provider) -> None:
    policy = (await provider.ask()).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self' http://localhost:4466")
    assert "script" not in policy


async def test_what_a_client_sends_is_escaped_on_the_page(provider: Provider) -> None:
    page = await (await provider.ask(client_id='"><script>alert(1)</script>')).text()
    assert "<script" not in page


async def test_a_chosen_person_comes_back_with_code_state_and_issuer(provider: Provider) -> None:
    page = await (await provider.ask()).text()
    back = await provider.choose(page, "ben")
    assert back["state"] == "st"
    assert back["iss"] == provider.config.issuer
    assert back["code"]


async def test_going_back_without_signing_in_is_access_denied(provider: Provider) -> None:
    page = await (await provider.ask()).text()
    assert (await provider.choose(page, "nobody"))["error"] == "access_denied"


async def test_a_sign_in_form_is_good_once(provider: Provider) -> None:
    page = await (await provider.ask()).text()
    await provider.choose(page, "ben")
    form = {"request": page.split('name="request" value="')[1].split('"')[0], "person": "ben"}
    again = await provider.http.post(f"{provider.config.issuer}/authorize/choice", data=form, allow_redirects=False)
    assert again.status == 400


async def test_a_request_without_pkce_is_refused_at_the_client(provider: Provider) -> None:
    back = location(await provider.ask(code_challenge=""))
    assert (back["error"], back["state"]) == ("invalid_request", "st")


async def test_the_plain_pkce_method_is_refused(provider: Provider) -> None:
    assert location(await provider.ask(code_challenge_method="plain"))["error"] == "invalid_request"


async def test_an_unregistered_redirect_uri_gets_a_page_and_no_redirect(provider: Provider) -> None:
    answer = await provider.ask(redirect_uri="http://localhost:4466/oidc-callback/../evil")
    assert answer.status == 400
    assert "Location" not in answer.headers


async def test_prompt_none_needs_somebody_to_choose(provider: Provider) -> None:
    assert location(await provider.ask(prompt="none"))["error"] == "login_required"


async def test_an_unknown_scope_is_refused(provider: Provider) -> None:
    assert location(await provider.ask(scope="openid admin"))["error"] == "invalid_scope"


async def test_a_code_brings_an_id_token_with_the_nonce_and_the_groups(
    provider: Provider, key: SigningKey, clock: Clock
) -> None:
    status, tokens = await provider.redeem(await provider.code("anna"))
    claims = claims_of(key, tokens)
    assert status == 200
    assert tokens["token_type"] == "Bearer"
    assert claims["nonce"] == "no"
    assert (claims["iss"], claims["aud"]) == (provider.config.issuer, "demo")
    assert claims["exp"] - claims["iat"] == 300
    assert claims["email"] == "anna@fernhill.example"
    assert "platform-admins" in claims["groups"]


async def test_the_wrong_verifier_is_refused(provider: Provider) -> None:
    status, answer = await provider.redeem(await provider.code(), code_verifier="w" * 43)
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_a_challenge_instead_of_its_verifier_is_refused(provider: Provider) -> None:
    status, answer = await provider.redeem(await provider.code(), code_verifier=s256(VERIFIER))
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_a_code_for_another_redirect_uri_is_refused(provider: Provider) -> None:
    status, answer = await provider.redeem(await provider.code(), redirect_uri="http://localhost:4466/")
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_a_code_that_is_used_again_revokes_what_came_of_it(provider: Provider) -> None:
    code = await provider.code()
    _, tokens = await provider.redeem(code)
    assert (await provider.redeem(code))[1]["error"] == "invalid_grant"
    refreshed = await provider.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed[1]["error"] == "invalid_grant"


async def test_a_code_expires(provider: Provider, clock: Clock) -> None:
    code = await provider.code()
    clock.at += 61
    assert (await provider.redeem(code))[1]["error"] == "invalid_grant"


async def test_a_wrong_client_secret_is_invalid_client(provider: Provider) -> None:
    status, answer = await provider.token(secret="wrong", grant_type="refresh_token", refresh_token="x")
    assert (status, answer["error"]) == (401, "invalid_client")


async def test_a_secret_that_is_not_form_encoded_is_refused(provider: Provider) -> None:
    # The registered secret has a plus sign, which means a space when it is not encoded (RFC 6749, section 2.3.1).
    status, _ = await provider.token(secret="se:cret/+", grant_type="refresh_token", refresh_token="x")
    assert status == 401


async def test_refreshing_rotates_the_refresh_token_and_renews_the_id_token(
    provider: Provider, key: SigningKey, clock: Clock
) -> None:
    _, first = await provider.redeem(await provider.code("dora"))
    clock.at += 200
    _, second = await provider.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    before, after = claims_of(key, first), claims_of(key, second)
    assert second["refresh_token"] != first["refresh_token"]
    assert after["exp"] == before["exp"] + 200
    assert (after["sub"], after["sid"], after["auth_time"]) == (before["sub"], before["sid"], before["auth_time"])
    assert "nonce" not in after


async def test_a_refresh_token_that_is_used_again_ends_the_whole_sign_in(provider: Provider) -> None:
    _, first = await provider.redeem(await provider.code())
    _, second = await provider.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    reused = await provider.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    newest = await provider.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert reused[1]["error"] == newest[1]["error"] == "invalid_grant"


async def test_a_revoked_refresh_token_is_dead_and_so_is_its_access_token(provider: Provider) -> None:
    _, tokens = await provider.redeem(await provider.code())
    family = {"token": tokens["refresh_token"]}
    basic = {"Authorization": "Basic ZGVtbzpzZSUzQWNyZXQlMkYlMkI="}
    revoked = await provider.http.post(f"{provider.config.issuer}/revoke", data=family, headers=basic)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    asked = await provider.http.get(f"{provider.config.issuer}/userinfo", headers=bearer)
    assert (revoked.status, asked.status) == (200, 401)


async def test_userinfo_tells_the_same_person_as_the_id_token(provider: Provider, key: SigningKey) -> None:
    _, tokens = await provider.redeem(await provider.code("cleo"))
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    told = await (await provider.http.get(f"{provider.config.issuer}/userinfo", headers=bearer)).json()
    assert told["sub"] == claims_of(key, tokens)["sub"]
    assert told["name"] == "Cleo Marchetti"


async def test_an_id_token_is_no_access_token(provider: Provider) -> None:
    _, tokens = await provider.redeem(await provider.code())
    bearer = {"Authorization": f"Bearer {tokens['id_token']}"}
    assert (await provider.http.get(f"{provider.config.issuer}/userinfo", headers=bearer)).status == 401


async def test_doras_token_has_about_twelve_kilobytes(provider: Provider) -> None:
    _, tokens = await provider.redeem(await provider.code("dora"))
    assert 11_500 < len(tokens["id_token"]) < 13_000


async def test_the_published_keys_hold_nothing_private(provider: Provider) -> None:
    keys = await (await provider.http.get(f"{provider.config.issuer}/keys")).json()
    assert set(keys["keys"][0]) <= {"kty", "n", "e", "kid", "use", "alg"}


async def test_the_metadata_names_the_issuer_to_the_letter(provider: Provider) -> None:
    url = f"{provider.config.issuer}/.well-known/openid-configuration"
    metadata = await (await provider.http.get(url)).json()
    assert metadata["issuer"] == provider.config.issuer
    assert metadata["code_challenge_methods_supported"] == ["S256"]


async def test_signing_out_goes_back_only_to_a_registered_address(provider: Provider) -> None:
    url = f"{provider.config.issuer}/end-session"
    good = {"post_logout_redirect_uri": "http://localhost:4466/signed-out", "state": "x"}
    back = await provider.http.post(url, data=good, allow_redirects=False)
    bad = await provider.http.get(url, params={"post_logout_redirect_uri": "http://evil/"}, allow_redirects=False)
    assert back.headers["Location"] == "http://localhost:4466/signed-out?state=x"
    assert bad.status == 400
