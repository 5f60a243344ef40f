"""The offered settings: flags and file say the same, and the file is what Kubernetes reads."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.certificates import Authority
from tests.unit.access.explanation.tokens import GONE, ISSUER, accepted, explained, jwt

FILE = "authentication_configuration"


def entry(text: str) -> dict[str, Any]:
    (found,) = yaml.safe_load(text)["jwt"]
    return dict(found)


def test_the_file_names_everything_that_the_flags_name() -> None:
    made = explained()
    assert made.flags == (
        f"--oidc-issuer-url={ISSUER}",
        "--oidc-client-id=headlamp",
        "--oidc-username-claim=email",
        "--oidc-groups-claim=groups",
    )
    document = yaml.safe_load(made.authentication_configuration)
    assert document["apiVersion"] == "apiserver.config.k8s.io/v1"
    assert document["kind"] == "AuthenticationConfiguration"
    assert entry(made.authentication_configuration) == {
        "issuer": {"url": ISSUER, "audiences": ["headlamp"], "audienceMatchPolicy": "MatchAny"},
        "claimMappings": {
            "username": {"claim": "email", "prefix": ""},
            "groups": {"claim": "groups", "prefix": ""},
        },
        "userValidationRules": [
            {
                "expression": "!user.username.startsWith('system:')",
                "message": "names that begin with system: are Kubernetes' own",
            },
            {
                "expression": "user.groups.all(group, !group.startsWith('system:'))",
                "message": "groups that begin with system: are Kubernetes' own",
            },
        ],
    }


def test_the_prefix_that_a_flag_has_by_default_is_written_out_in_the_file() -> None:
    made = explained(jwt(email=GONE))
    assert not [flag for flag in made.flags if "prefix" in flag]
    mappings = entry(made.authentication_configuration)["claimMappings"]
    assert mappings["username"] == {"claim": "sub", "prefix": f"{ISSUER}#"}


@pytest.mark.parametrize(
    ("username", "groups", "flags", "mapping"),
    [
        (
            "dex:alice@example.com",
            ("dex:developers", "dex:admins"),
            ["--oidc-username-claim=email", "--oidc-username-prefix=dex:", "--oidc-groups-prefix=dex:"],
            {"username": {"claim": "email", "prefix": "dex:"}, "groups": {"claim": "groups", "prefix": "dex:"}},
        ),
        (
            f"{ISSUER}#8a3f",
            (),
            ["--oidc-username-claim=sub"],
            {"username": {"claim": "sub", "prefix": f"{ISSUER}#"}},
        ),
        (
            "alice",
            ("developers", "admins"),
            ["--oidc-username-claim=preferred_username", "--oidc-username-prefix=-", "--oidc-groups-claim=groups"],
            {"username": {"claim": "preferred_username", "prefix": ""}, "groups": {"claim": "groups", "prefix": ""}},
        ),
    ],
)
def test_of_a_cluster_that_accepts_the_token_the_settings_are_read_from_the_names_that_it_gives(
    username: str, groups: tuple[str, ...], flags: list[str], mapping: dict[str, Any]
) -> None:
    made = explained(acceptance=accepted(username, *groups))
    assert set(flags) <= set(made.flags)
    assert entry(made.authentication_configuration)["claimMappings"] == mapping


def test_a_list_that_is_about_the_token_is_not_taken_for_groups() -> None:
    made = explained(
        jwt(groups=GONE, aud=["headlamp"], teams=["a", "b"]), acceptance=accepted("alice@example.com", "headlamp")
    )
    assert not [flag for flag in made.flags if "groups" in flag]
    made = explained(jwt(groups=GONE, teams=["a", "b"]), acceptance=accepted("alice@example.com", "t:a", "t:b"))
    assert {"--oidc-groups-claim=teams", "--oidc-groups-prefix=t:"} <= set(made.flags)


def test_kubernetes_own_groups_are_not_taken_for_the_tokens() -> None:
    made = explained(jwt(groups=["authenticated"]), acceptance=accepted("alice@example.com"))
    assert not [flag for flag in made.flags if "groups" in flag]


def test_a_name_that_fits_no_claim_does_not_decide_the_mapping() -> None:
    made = explained(acceptance=accepted("somebody-else"))
    assert "--oidc-username-claim=email" in made.flags


def test_a_private_authority_is_in_the_file_and_nothing_else_that_its_file_held() -> None:
    authority = Authority()
    certificate, key = authority.issue("localhost")
    made = explained(ca_pem=f"# ours\n{authority.pem}\n{key}\n{certificate}")
    assert "--oidc-ca-file=/etc/kubernetes/pki/oidc-ca.crt" in made.flags
    assert "PRIVATE" not in made.authentication_configuration
    written = entry(made.authentication_configuration)["issuer"]["certificateAuthority"]
    assert written == authority.pem.strip() + "\n" + certificate.strip() + "\n"
    assert "certificateAuthority: |" in made.authentication_configuration


@pytest.mark.parametrize(
    ("version", "api_version"),
    [
        (None, "apiserver.config.k8s.io/v1"),
        ((1, 37), "apiserver.config.k8s.io/v1"),
        ((1, 34), "apiserver.config.k8s.io/v1"),
        ((1, 33), "apiserver.config.k8s.io/v1beta1"),
        ((1, 30), "apiserver.config.k8s.io/v1beta1"),
    ],
)
def test_the_file_is_of_the_version_that_the_cluster_reads(version: tuple[int, int] | None, api_version: str) -> None:
    made = explained(version=version)
    assert yaml.safe_load(made.authentication_configuration)["apiVersion"] == api_version


def test_for_a_cluster_that_reads_no_such_file_there_are_flags_alone() -> None:
    made = explained(version=(1, 29))
    assert made.authentication_configuration == ""
    assert made.flags


@settings(deadline=None)
@given(st.text(min_size=1, max_size=30), st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5))
def test_whatever_is_in_the_claims_arrives_in_the_file_as_it_is(audience: str, groups: list[str]) -> None:
    try:
        token = jwt(aud=audience, groups=groups)
    except UnicodeEncodeError:
        return
    made = explained(token)
    assert entry(made.authentication_configuration)["issuer"]["audiences"] == [audience]


@pytest.mark.parametrize(
    "audience", ["1e3", "0x10", "yes", "Off", "null", "~", "2026-01-01", "1_000", "a: b", "# x", "é"]
)
def test_what_a_reader_could_take_for_something_else_is_quoted(audience: str) -> None:
    text = explained(jwt(aud=audience)).authentication_configuration
    line = next(line for line in text.splitlines() if line.startswith("    - "))
    assert line.startswith('    - "')
    assert entry(text)["issuer"]["audiences"] == [audience]


@pytest.mark.parametrize("claims", [{"iss": f"{ISSUER}/{'a' * 3000}"}, {"aud": "a" * 3000}, {"aud": "\n" * 3000}])
def test_h1_a_value_that_is_longer_than_any_setting_makes_none(claims: dict[str, Any]) -> None:
    made = explained(jwt(**claims))
    assert made.flags == ()
    assert made.authentication_configuration == ""
    assert made.findings


@pytest.mark.parametrize("audience", ["a\n- --anonymous-auth=true", "a\u2028b", "a\x1b[2Jb"])
def test_a_line_break_in_an_audience_does_not_become_a_flag_of_its_own(audience: str) -> None:
    made = explained(jwt(aud=audience))
    assert made.flags == ()
    assert entry(made.authentication_configuration)["issuer"]["audiences"] == [audience]
