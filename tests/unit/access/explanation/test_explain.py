"""Each rule of kube-apiserver: what is off, what has to be compared, what is well."""

from __future__ import annotations

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adversarial.signing import b64
from tests.unit.access.explanation.test_shortening import JSON
from tests.unit.access.explanation.tokens import (
    GONE,
    ISSUER,
    NOW,
    REJECTED,
    SIGNATURE,
    accepted,
    case,
    explained,
    finding,
    jwt,
)

from headlamp.access import Acceptance
from headlamp.access.errors import ClusterRejected
from headlamp.access.explanation import explain
from headlamp.clusters.errors import TokenTooLarge

GRAPH_AUDIENCE = "00000003-0000-0000-c000-000000000000"


def test_a_good_token_that_is_refused_leaves_what_the_cluster_decides() -> None:
    made = explained()
    assert {one.claim for one in made.findings if one.state == "unknown"} == {"keys", "iss", "aud", "username"}
    assert not [one for one in made.findings if one.state == "off"]
    assert made.accepted is False
    assert made.reason is not None
    assert "401 (Unauthorized)" in made.reason


def test_what_is_off_comes_first() -> None:
    states = [one.state for one in explained(jwt({"alg": "ES256"}, email_verified=False)).findings]
    assert states == sorted(states, key=["off", "unknown", "ok"].index)
    assert states[0] == "off"


def test_acceptance_proves_everything_that_was_looked_at_on_the_way() -> None:
    made = explained(jwt({"alg": "ES256"}), acceptance=accepted("alice@example.com", "developers", "admins"))
    assert {one.state for one in made.findings} == {"ok"}


# The kind of token


@pytest.mark.parametrize(
    ("kind", "hint"),
    [("access_token", "-oidc-use-access-token"), ("id_token", "not encrypted"), ("pasted_token", "Paste")],
)
def test_an_opaque_token_is_for_no_cluster(kind: str, hint: str) -> None:
    made = explained("0PaQ0aa_token", kind=kind)
    found = finding(made, "kind")
    assert (found.state, found.fatal) == ("off", True)
    assert hint in found.remedy
    assert {one.claim for one in made.findings} == {"kind", "size"}
    assert (made.flags, made.authentication_configuration) == ((), "")
    assert made.reason is not None
    assert "No OpenID Connect setting" in made.reason


@pytest.mark.parametrize("token", [jwt({"alg": "RS256", "nonce": "x"}), jwt(aud=GRAPH_AUDIENCE)])
def test_a_token_for_microsoft_graph_is_named(token: str) -> None:
    made = explained(token, kind="access_token")
    assert "Graph" in finding(made, "kind").token
    assert made.flags == ()


def test_a_service_accounts_token_is_none_of_a_provider() -> None:
    token = jwt(
        iss="https://kubernetes.default.svc",
        sub="system:serviceaccount:shop:robot",
        **{"kubernetes.io": {"namespace": "shop"}},
    )
    made = explained(token, kind="pasted_token", issuer=ISSUER, source="the settings here")
    assert "kubectl create token" in finding(made, "kind").remedy
    assert {one.claim for one in made.findings} == {"kind", "alg", "exp", "size"}
    assert made.authentication_configuration == ""


@pytest.mark.parametrize("name", ["sub", "nonce", "at_hash", "iat"])
def test_a_claim_of_a_type_that_is_not_read_makes_the_token_unreadable(name: str) -> None:
    made = explained(jwt(**{name: {"not": "this"}}))
    assert finding(made, name).fatal
    assert made.flags == ()


# The signature


@pytest.mark.parametrize("alg", ["RS384", "ES256", "PS512"])
def test_another_algorithm_than_rs256_needs_to_be_named(alg: str) -> None:
    made = explained(jwt({"alg": alg}))
    assert finding(made, "alg").state == "off"
    assert f"--oidc-signing-algs=RS256,{alg}" in made.flags


@pytest.mark.parametrize("header", [{"alg": "HS256"}, {"alg": "none"}, {"alg": "EdDSA"}, {}, {"alg": 5}])
def test_an_algorithm_that_no_api_server_takes_ends_it(header: dict[str, object]) -> None:
    made = explained(jwt(header))
    assert finding(made, "alg").fatal
    assert made.authentication_configuration == ""


def test_a_critical_header_ends_it() -> None:
    assert finding(explained(jwt({"alg": "RS256", "crit": ["b64"]})), "crit").fatal


def test_the_keys_are_read_below_the_issuer_with_one_slash() -> None:
    made = explained(jwt(iss=f"{ISSUER}/"))
    assert finding(made, "keys").expected.startswith(f"{ISSUER}/.well-known/openid-configuration")


# Issuer and audience


@pytest.mark.parametrize(
    "issuer",
    [
        GONE,
        "",
        5,
        "id.example.com",
        "http://id.example.com",
        "https://",
        "https://id.example.com?tenant=1",
        "https://id.example.com/#x",
        "https://user:secret@id.example.com",
        "https://id.example.com:port",
        "https://id.exam\nple.com",
        "https://[::1",
    ],
)
def test_an_issuer_that_cannot_be_trusted_ends_it(issuer: object) -> None:
    made = explained(jwt(iss=issuer))
    assert finding(made, "iss").fatal
    assert made.flags == ()


def test_an_expected_issuer_is_compared_to_the_letter() -> None:
    made = explained(jwt(iss=f"{ISSUER}/"), issuer=ISSUER, source="the kubeconfig")
    found = finding(made, "iss")
    assert found.state == "off"
    assert "slash" in found.why
    assert "the kubeconfig" in found.expected
    assert finding(explained(issuer=ISSUER), "iss").state == "unknown"


def test_entras_two_issuers_are_told_apart() -> None:
    made = explained(
        jwt(iss="https://sts.windows.net/tenant/"), issuer="https://login.microsoftonline.com/tenant/v2.0", source="x"
    )
    assert "Entra ID has two issuers" in finding(made, "iss").why


def test_an_expected_audience_that_is_missing_is_off_and_both_are_offered() -> None:
    made = explained(jwt(aud=["account", "web"], azp="web"), audience="kubernetes", source="the kubeconfig")
    assert finding(made, "aud").state == "off"
    (entry,) = yaml.safe_load(made.authentication_configuration)["jwt"]
    assert entry["issuer"]["audiences"] == ["web", "kubernetes"]
    assert entry["issuer"]["audienceMatchPolicy"] == "MatchAny"
    assert "--oidc-client-id=web" in made.flags


@pytest.mark.parametrize("audience", [GONE, [], "", [""], 5, ["a", 5]])
def test_a_token_for_nobody_is_for_no_cluster(audience: object) -> None:
    made = explained(jwt(aud=audience, client_id="cognito-client"))
    assert finding(made, "aud").fatal
    assert "client_id" in finding(made, "aud").why


def test_an_authorized_party_outside_the_audience_is_named() -> None:
    made = explained(jwt(aud="account", azp="headlamp"))
    assert finding(made, "azp").state == "off"
    assert not [one for one in explained(jwt(azp="headlamp")).findings if one.claim == "azp"]


# Times


def test_an_expired_token_is_off_and_its_settings_still_fit_the_next() -> None:
    made = explained(jwt(exp=int(NOW) - 600))
    assert finding(made, "exp").state == "off"
    assert "10 minutes ago" in finding(made, "exp").why
    assert made.flags


def test_the_clusters_clock_judges() -> None:
    late = Acceptance(False, "no", problem=ClusterRejected("", server_time=NOW + 3600), server_time=NOW + 3600)
    made = explained(acceptance=late)
    assert finding(made, "exp").state == "off"
    assert "not yet by ours" in finding(made, "exp").why
    assert finding(made, "clock").state == "off"
    assert "60 minutes ahead" in finding(made, "clock").why


def test_clocks_that_agree_are_not_mentioned() -> None:
    assert not [one for one in explained(acceptance=REJECTED).findings if one.claim == "clock"]


@pytest.mark.parametrize("expiry", [GONE, "soon", True, [], "nan"])
def test_a_token_without_an_end_is_taken_by_no_cluster(expiry: object) -> None:
    assert finding(explained(jwt(exp=expiry)), "exp").fatal


def test_an_expiry_in_quotes_is_a_number_for_an_api_server() -> None:
    assert finding(explained(jwt(exp=str(int(NOW) + 60))), "exp").state == "ok"


@pytest.mark.parametrize(("ahead", "state"), [(-5, "ok"), (59, "ok"), (120, "off")])
def test_a_token_that_is_not_good_yet_is_off_after_a_minutes_leeway(ahead: int, state: str) -> None:
    assert finding(explained(jwt(nbf=int(NOW) + ahead)), "nbf").state == state


def test_an_unreadable_nbf_ends_it() -> None:
    assert finding(explained(jwt(nbf="tomorrow")), "nbf").fatal


# The name


def test_a_verified_address_is_the_name() -> None:
    assert "--oidc-username-claim=email" in explained().flags


@pytest.mark.parametrize("verified", [False, "true", 1, None])
def test_an_address_that_is_not_verified_is_off_and_not_the_name(verified: object) -> None:
    made = explained(jwt(email_verified=verified))
    assert finding(made, "email_verified").state == "off"
    assert "--oidc-username-claim=sub" in made.flags


def test_an_address_of_which_nobody_says_that_it_is_verified_is_not_the_name() -> None:
    made = explained(jwt(email_verified=GONE))
    assert not [one for one in made.findings if one.claim == "email_verified"]
    assert "--oidc-username-claim=sub" in made.flags


def test_a_missing_name_claim_is_said_to_be_missing() -> None:
    found = finding(explained(jwt(email=GONE, preferred_username=GONE)), "username")
    assert "email: (missing)" in found.token
    assert "no `email` and no `preferred_username`" in found.why


def test_without_any_name_there_is_no_setting() -> None:
    made = explained(jwt(sub=GONE, email=GONE, preferred_username=GONE))
    assert finding(made, "username").fatal
    assert made.flags == ()


def test_without_sub_another_claim_is_the_name() -> None:
    made = explained(jwt(sub=GONE, email=GONE))
    assert "--oidc-username-claim=preferred_username" in made.flags


# Groups


def test_groups_that_do_not_arrive_are_off_though_the_token_is_accepted() -> None:
    made = explained(acceptance=accepted("alice@example.com"))
    found = finding(made, "groups")
    assert (found.state, found.expected) == ("off", "the cluster has none")
    assert "--oidc-groups-claim=groups" in found.remedy


def test_groups_of_which_only_some_arrive_have_to_be_compared() -> None:
    made = explained(acceptance=accepted("alice@example.com", "developers"))
    assert (finding(made, "groups").state, finding(made, "groups").expected) == ("unknown", "developers")


def test_missing_groups_are_no_reason_to_be_refused() -> None:
    made = explained(jwt(groups=GONE))
    assert finding(made, "groups").state == "unknown"
    assert not [flag for flag in made.flags if "groups" in flag]


@pytest.mark.parametrize("groups", [[1, 2], {"a": 1}, 5, [None]])
def test_groups_of_another_type_make_a_cluster_refuse(groups: object) -> None:
    made = explained(jwt(groups=groups))
    assert finding(made, "groups").state == "off"
    assert not [flag for flag in made.flags if "groups" in flag]


def test_one_group_may_be_a_text() -> None:
    assert finding(explained(jwt(groups="admins")), "groups").state == "ok"


def test_entras_reference_to_groups_is_off_and_no_groups_claim_is_offered() -> None:
    made = explained(
        jwt(
            groups=GONE,
            _claim_names={"groups": "src1"},
            _claim_sources={"src1": {"endpoint": "https://graph.microsoft.com/v1.0/users/x/getMemberObjects"}},
        )
    )
    assert finding(made, "groups").state == "off"
    assert not [flag for flag in made.flags if "groups" in flag]


def test_roles_beside_entras_reference_are_a_finding_of_their_own() -> None:
    sources = {"src1": {"endpoint": "https://graph.microsoft.com/x"}}
    made = explained(jwt(groups=GONE, roles=["admin"], _claim_names={"groups": "src1"}, _claim_sources=sources))
    assert (finding(made, "groups").state, finding(made, "roles").state) == ("off", "ok")
    assert "--oidc-groups-claim=roles" in made.flags


@pytest.mark.parametrize("names", [{"groups": "src1"}, {"groups": ""}, "src1", {"groups": 5}])
def test_a_reference_without_a_source_ends_it(names: object) -> None:
    assert finding(explained(jwt(groups=GONE, _claim_names=names)), "_claim_names").fatal
    sources = {"": {"endpoint": "https://id.example.com"}}
    assert finding(explained(jwt(_claim_names=names, _claim_sources=sources)), "_claim_names").fatal


def test_entras_ids_are_said_to_be_ids() -> None:
    made = explained(jwt(groups=["1f0b0b0e-7d0f-4a52-8b0a-3f4b5c6d7e8f"]))
    assert "RBAC must name the ids" in finding(made, "groups").why


def test_a_group_of_kubernetes_own_gets_a_prefix() -> None:
    made = explained(jwt(groups=["system:masters"]))
    assert finding(made, "groups").state == "off"
    assert "--oidc-groups-prefix=oidc:" in made.flags
    (entry,) = yaml.safe_load(made.authentication_configuration)["jwt"]
    assert entry["claimMappings"]["groups"]["prefix"] == "oidc:"


# Size


def test_a_token_that_was_refused_for_its_size_is_said_to_be_too_large() -> None:
    problem = TokenTooLarge(50_000, 431)
    made = explained(acceptance=Acceptance(None, problem.message, problem=problem))
    found = finding(made, "size")
    assert found.state == "off"
    assert "50,000 bytes" in found.why
    assert "fewer groups" in found.remedy
    assert made.reason == problem.message


@pytest.mark.parametrize(("length", "state"), [(10, "ok"), (20_000, "unknown"), (1_100_000, "off")])
def test_a_size_is_judged_by_what_is_read_on_the_way(length: int, state: str) -> None:
    assert finding(explained(jwt(filler="x" * length)), "size").state == state


# Whatever comes


@settings(deadline=None)
@given(claims=st.dictionaries(st.sampled_from([*"abc", "iss", "sub", "aud", "exp", "nbf", "iat", "azp", "email",
    "email_verified", "groups", "roles", "_claim_names", "_claim_sources", "hasgroups", "nonce", "client_id"]), JSON),
    header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "nonce"]), JSON))  # fmt: skip
def test_any_token_is_explained_and_never_shown(claims: dict[str, object], header: dict[str, object]) -> None:
    try:
        token = f"{b64(msgspec.json.encode(header))}.{b64(msgspec.json.encode(claims))}.{SIGNATURE}"
    except UnicodeEncodeError:
        return
    for acceptance in (REJECTED, accepted("dex:alice", "dex:a"), Acceptance(None, "no answer")):
        made = explain(case(token, acceptance=acceptance))
        shown = msgspec.json.encode([one.as_json() for one in made.findings]).decode()
        shown += "".join(made.flags) + made.authentication_configuration
        assert SIGNATURE not in shown
        names = [one.claim for one in made.findings]
        assert len(names) == len(set(names)), "one finding for each claim"
        assert token.split(".")[1] not in shown or len(claims) == 0
        if made.authentication_configuration:
            assert yaml.safe_load(made.authentication_configuration)["jwt"]
            assert not [one for one in made.findings if one.fatal]
