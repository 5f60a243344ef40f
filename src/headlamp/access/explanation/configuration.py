"""The API server's settings that would accept a token: as `--oidc-*` flags, and as an AuthenticationConfiguration.

Both make the same names and groups: a prefix that a flag has by default is written out in the file, where nothing is
by default (kube-apiserver, AuthenticationConfiguration `claimMappings`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from headlamp.access.explanation.case import Case
from headlamp.access.explanation.issuer import preferred_audience
from headlamp.access.explanation.mapping import RESERVED, ClaimMapping, default_prefix
from headlamp.access.explanation.signature import DEFAULT_ALGORITHM
from headlamp.access.explanation.token_reading import strings

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

CA_FILE = "/etc/kubernetes/pki/oidc-ca.crt"

# The file is a feature of the API server since 1.30, and its format has not changed in meaning since.
_FIRST_BETA = (1, 30)
_FIRST_STABLE = (1, 34)

LONGEST_VALUE = 2048
"""Characters. What is longer is nobody's issuer, audience or claim, and a token can hold a megabyte of it."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Flags for kube-apiserver, one each, and the text of a file for `--authentication-config` (empty: too old)."""

    flags: tuple[str, ...]
    authentication_configuration: str


def configuration(case: Case, mapping: ClaimMapping) -> Configuration:
    """Settings that accept the token of `case` and name its user by `mapping`.

    No flags where a value could not stand on a command line, and nothing at all where one is longer than
    `LONGEST_VALUE`.
    """
    if any(len(value) > LONGEST_VALUE for value in _values(case, mapping)):
        return Configuration((), "")
    flags = tuple(_flags(case, mapping))
    # Somebody else reads these and puts them to work: a line break in an audience must not become a flag of its own.
    return Configuration(flags if all(map(str.isprintable, flags)) else (), _file(case, mapping))


def _values(case: Case, mapping: ClaimMapping) -> tuple[str, ...]:
    """What the token itself puts into the settings."""
    claims = (mapping.username_claim, mapping.username_prefix, mapping.groups_claim or "", mapping.groups_prefix)
    return (case.token.issuer, preferred_audience(case), *claims)


def _flags(case: Case, mapping: ClaimMapping) -> list[str]:
    token = case.token
    flags = [
        f"--oidc-issuer-url={token.issuer}",
        f"--oidc-client-id={preferred_audience(case)}",
        f"--oidc-username-claim={mapping.username_claim}",
    ]
    if mapping.username_prefix != default_prefix(mapping.username_claim, token.issuer):
        flags.append(f"--oidc-username-prefix={mapping.username_prefix or '-'}")
    if mapping.groups_claim is not None:
        flags.append(f"--oidc-groups-claim={mapping.groups_claim}")
        if mapping.groups_prefix:
            flags.append(f"--oidc-groups-prefix={mapping.groups_prefix}")
    if token.algorithm != DEFAULT_ALGORITHM:
        flags.append(f"--oidc-signing-algs={DEFAULT_ALGORITHM},{token.algorithm}")
    if case.ca_pem is not None:
        flags.append(f"--oidc-ca-file={CA_FILE}")
    return flags


def _file(case: Case, mapping: ClaimMapping) -> str:
    if case.version is not None and case.version < _FIRST_BETA:
        return ""
    stable = case.version is None or case.version >= _FIRST_STABLE
    document = {
        "apiVersion": f"apiserver.config.k8s.io/{'v1' if stable else 'v1beta1'}",
        "kind": "AuthenticationConfiguration",
        "jwt": [_authenticator(case, mapping)],
    }
    return _comments(case, stable=stable) + yaml.serialize(
        _node(document), Dumper=yaml.SafeDumper, allow_unicode=False, width=10_000
    )


def _authenticator(case: Case, mapping: ClaimMapping) -> dict[str, Any]:
    audience = preferred_audience(case)
    issuer: dict[str, Any] = {
        "url": case.token.issuer,
        # The expected one too, so that whoever the cluster accepts today is accepted still.
        "audiences": [audience] + ([case.audience] if case.audience and case.audience != audience else []),
        "audienceMatchPolicy": "MatchAny",
    }
    if case.ca_pem is not None:
        issuer["certificateAuthority"] = certificates(case.ca_pem)
    mappings: dict[str, Any] = {"username": {"claim": mapping.username_claim, "prefix": mapping.username_prefix}}
    if mapping.groups_claim is not None:
        mappings["groups"] = {"claim": mapping.groups_claim, "prefix": mapping.groups_prefix}
    authenticator: dict[str, Any] = {"issuer": issuer, "claimMappings": mappings}
    if not _is_reserved(case, mapping):
        authenticator["userValidationRules"] = [
            {
                "expression": f"!user.username.startsWith('{RESERVED}')",
                "message": f"names that begin with {RESERVED} are Kubernetes' own",
            },
            {
                "expression": f"user.groups.all(group, !group.startsWith('{RESERVED}'))",
                "message": f"groups that begin with {RESERVED} are Kubernetes' own",
            },
        ]
    return authenticator


def certificates(pem: str) -> str:
    """The certificates of a PEM file: they are public, and whatever else a file may hold by mistake stays here."""
    return "".join(f"{block}\n" for block in _CERTIFICATE.findall(pem))


def _is_reserved(case: Case, mapping: ClaimMapping) -> bool:
    """Whether the user would have a name or group of Kubernetes' own, as a cluster may want it."""
    claims = case.token.claims
    groups = strings(claims.get(mapping.groups_claim)) or () if mapping.groups_claim is not None else ()
    names = [f"{mapping.username_prefix}{claims.get(mapping.username_claim)}"]
    return any(name.startswith(RESERVED) for name in (*names, *(mapping.groups_prefix + group for group in groups)))


def _comments(case: Case, *, stable: bool) -> str:
    lines = [
        "For --authentication-config=FILE of kube-apiserver, in place of all --oidc-* flags. It reads the file again",
        "when it changes. If there is such a file already, add the entry below `jwt` to it.",
    ]
    if case.version is None:
        lines.append("This is for Kubernetes 1.34 and newer; for 1.30 to 1.33 write v1beta1 in place of v1.")
    if not stable:
        lines.append("From Kubernetes 1.34 on write v1 in place of v1beta1.")
    if case.ca_pem is None:
        lines += [
            "If the provider's certificate is of a private authority, add the authority's certificate below `issuer`,",
            "as PEM text: `certificateAuthority: |`.",
        ]
    return "".join(f"# {line}\n" for line in lines)


def _node(value: Any) -> yaml.Node:
    """A YAML node; texts are quoted wherever another reader might take them for a number, a date or a boolean."""
    match value:
        case dict():
            pairs = [(_node(key), _node(inner)) for key, inner in value.items()]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)
        case list():
            return yaml.SequenceNode("tag:yaml.org,2002:seq", [_node(item) for item in value], flow_style=False)
        case _:
            return yaml.ScalarNode("tag:yaml.org,2002:str", value, style=_style(value))


def _style(text: str) -> str | None:
    if text.startswith("-----BEGIN "):
        return "|"
    # YAML 1.1 has more words for true and false than PyYAML resolves.
    plain = _PLAIN.fullmatch(text) and text.lower() not in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
    return None if plain else '"'
