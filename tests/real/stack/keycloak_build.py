"""Keycloak's distribution from Maven Central, with its build step taken and the realm imported, in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tests.real.stack.cache import cache_root, cached
from tests.real.stack.keycloak_realm import realm
from tests.real.stack.processes import Supervisor
from tests.real.stack.progress import Progress
from tests.real.stack.steps import BuildError, run_step

VERSION = "26.7.3"
SHA256 = "77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47"
ADMIN = "admin"
ADMIN_PASSWORD = "admin-for-tests"

# Fixed by the build step; a start with --optimized has to agree with them.
BUILD_OPTIONS = (
    "--db=dev-file",
    "--health-enabled=true",
    "--features-disabled=device-flow,ciba,impersonation,kerberos",
)
# The first compiler alone halves the CPU time of a start, and is fast enough for tests.
JAVA_OPTIONS = {"JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m", "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1"}


def built_keycloak(supervisor: Supervisor, *, env: Mapping[str, str] = os.environ) -> Path:
    """The folder of a Keycloak that is ready to start, made now unless it is in the cache. Raises `BuildError`.

    It is not to be started in its place: `home` makes a copy that is.
    """
    progress = Progress()

    def make(folder: Path) -> None:
        _make(folder, supervisor, progress, env)

    return cached(
        cache_root(env),
        _key(),
        make,
        waiting=lambda: progress.say("Waiting for another run that is preparing Keycloak …"),
    )


def home(built: Path, folder: Path) -> Path:
    """A Keycloak in `folder` with a state of its own; the many programs stay where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    # kc.sh takes the folder above its own for the installation, and looks through links to find itself.
    for copied in ("bin", "conf", "data/h2"):
        shutil.copytree(built / copied, folder / copied)
    for linked in ("lib", "providers", "themes"):
        (folder / linked).symlink_to(built / linked)
    return folder


def _key() -> str:
    content = json.dumps([BUILD_OPTIONS, realm(), ADMIN_PASSWORD])
    return f"keycloak-{VERSION}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _make(folder: Path, supervisor: Supervisor, progress: Progress, env: Mapping[str, str]) -> None:
    def step(saying: str, *command: str | Path, more_env: Mapping[str, str] | None = None) -> None:
        run_step(
            command,
            f"Preparing Keycloak for the tests, once: {saying}",
            supervisor=supervisor,
            progress=progress,
            cwd=folder,
            env={**env, **JAVA_OPTIONS, **(more_env or {})},
        )

    archive = folder / f"keycloak-quarkus-dist-{VERSION}.tar.gz"
    step(
        "its distribution",
        *("mvn", "-q", "-B", "dependency:copy"),
        f"-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:tar.gz",
        f"-DoutputDirectory={folder}",
        "-Dmdep.useBaseVersion=true",
    )
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise BuildError(f"{archive.name} has the SHA-256 {digest}, and {SHA256} was expected.")
    with tarfile.open(archive) as tar:
        # Python 3.11 has it from 3.11.4 on. Without it, what is unpacked is still what the digest says.
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        tar.extractall(folder)
    archive.unlink()
    unpacked = folder / f"keycloak-{VERSION}"
    for part in unpacked.iterdir():
        part.rename(folder / part.name)
    unpacked.rmdir()
    program = folder / "bin" / "kc.sh"
    step("its build step", program, "build", *BUILD_OPTIONS)
    import_file = folder / "realm.json"
    import_file.write_text(json.dumps(realm()))
    # The first start of all makes the administrator, and this is it.
    administrator = {"KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN_PASSWORD}
    step("the realm", program, "import", "--optimized", f"--file={import_file}", more_env=administrator)
    progress.done("Prepared Keycloak")
