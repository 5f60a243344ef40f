"""kube-apiserver, with or without identity providers that it trusts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.real.stack.admin import Admin
from tests.real.stack.audit import Audit
from tests.real.stack.kubeconfig import kubeconfig
from tests.real.stack.people import PREFIX
from tests.real.stack.pki import Pair, Pki, trusting
from tests.real.stack.processes import Program, Workplace
from tests.real.stack.releases import NEWEST, Release

READY_WITHIN_S = 90.0
SERVICES = "10.96.0.0/16"
ADMINISTRATORS = "system:masters"


@dataclass(frozen=True)
class TrustedIssuer:
    """Whose tokens the API server takes: for `audience` (or one of `more_audiences`), with certificates of `ca_pem`.

    `username_claim` is who somebody is; `prefix` stands before that and before their groups.
    """

    url: str
    audience: str
    ca_pem: str
    more_audiences: Sequence[str] = ()
    prefix: str = PREFIX
    username_claim: str = "email"

    def authenticator(self) -> dict[str, Any]:
        """An entry of an AuthenticationConfiguration. Its URL has to equal the tokens' `iss` to the letter."""
        audiences = [self.audience, *self.more_audiences]
        issuer: dict[str, Any] = {"url": self.url, "audiences": audiences, "certificateAuthority": self.ca_pem}
        if len(audiences) > 1:
            issuer["audienceMatchPolicy"] = "MatchAny"
        mappings = {
            "username": {"claim": self.username_claim, "prefix": self.prefix},
            "groups": {"claim": "groups", "prefix": self.prefix},
        }
        return {"issuer": issuer, "claimMappings": mappings}


def authentication(issuers: Sequence[TrustedIssuer], api_version: str = NEWEST.authentication_api) -> str:
    """The text of an AuthenticationConfiguration. None of the issuers has to run yet."""
    return json.dumps(
        {
            "apiVersion": api_version,
            "kind": "AuthenticationConfiguration",
            "jwt": [issuer.authenticator() for issuer in issuers],
        }
    )


@dataclass
class ClusterIdentity:
    """The keys that all API servers of one cluster share."""

    pki: Pki
    service_accounts: Pair = field(init=False)
    kubelet_client: Pair = field(init=False)
    front_proxy: Pair = field(init=False)
    admin: Pair = field(init=False)

    def __post_init__(self) -> None:
        self.service_accounts = self.pki.signing_key("service-accounts")
        self.kubelet_client = self.pki.client("kubelet-client", ADMINISTRATORS)
        self.front_proxy = self.pki.client("front-proxy-client")
        self.admin = self.pki.client("admin", ADMINISTRATORS)


@dataclass
class ApiServer:
    """One API server. `kill` and `start` again is what a crash and a restart are."""

    place: Workplace
    binary: Path
    identity: ClusterIdentity
    etcd_url: str
    port: int
    issuers: Sequence[TrustedIssuer]
    name: str = "kube-apiserver"
    release: Release = NEWEST
    _program: Program | None = None

    def __post_init__(self) -> None:
        self.admin = Admin(self.port, trusting(self.identity.pki.pem, client=self.identity.admin))
        self.audit = Audit(self.place, self.name)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def kubeconfig(self, user: Pair) -> Path:
        """A kubeconfig file for one of the cluster's own users."""
        text = kubeconfig({"tests": self.url}, self.identity.pki.ca, user)
        return self.place.write(f"kubeconfigs/{self.name}-{user.cert.stem}.json", text)

    def start(self) -> None:
        self._program = self.place.start(self.name, [self.binary, *self._flags()])
        self._program.wait_until(lambda: self.admin.is_there("/readyz"), within=READY_WITHIN_S)

    def wait_until(self, so: Callable[[], bool], *, within: float) -> None:
        """Wait for something to be true of the cluster. Raises `ProgramError`."""
        assert self._program is not None
        self._program.wait_until(so, within=within)

    def kill(self) -> None:
        """As a crash: connections are cut without a word."""
        assert self._program is not None
        self._program.kill()

    def _flags(self) -> list[str]:
        keys = self.identity
        serving = keys.pki.server(self.name, "kubernetes.default.svc", "10.96.0.1")
        flags = {
            "etcd-servers": self.etcd_url,
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "secure-port": self.port,
            # Nothing in the cluster looks for its API server by the endpoints of a service.
            "endpoint-reconciler-type": "none",
            "service-cluster-ip-range": SERVICES,
            "tls-cert-file": serving.cert,
            "tls-private-key-file": serving.key,
            "client-ca-file": keys.pki.ca,
            "authorization-mode": "Node,RBAC",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-signing-key-file": keys.service_accounts.key,
            "service-account-key-file": keys.service_accounts.cert,
            "kubelet-client-certificate": keys.kubelet_client.cert,
            "kubelet-client-key": keys.kubelet_client.key,
            "kubelet-certificate-authority": keys.pki.ca,
            "kubelet-preferred-address-types": "InternalIP",
            "requestheader-client-ca-file": keys.pki.ca,
            "requestheader-allowed-names": "front-proxy-client",
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "proxy-client-cert-file": keys.front_proxy.cert,
            "proxy-client-key-file": keys.front_proxy.key,
        }
        flags |= self.audit.flags()
        if self.issuers:
            flags["authentication-config"] = self.place.write(
                f"{self.name}/authentication.json", authentication(self.issuers, self.release.authentication_api)
            )
        return [f"--{name}={value}" for name, value in flags.items()]
