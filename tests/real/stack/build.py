"""Builds the programs from their Go modules; `build/NAME/go.mod` and `go.sum` say exactly what they are.

Kubernetes can't be installed by name, since its go.mod refers to folders of its repository. A module of our own that
puts the published twins in their place can build all of it, with etcd and kwok out of the same packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.stack.cache import cache_root, cached
from tests.real.stack.go import Go, go_env, wanted_by
from tests.real.stack.processes import Supervisor
from tests.real.stack.progress import Progress
from tests.real.stack.steps import BuildError

MODULES = Path(__file__).resolve().parent.parent / "build"


@dataclass(frozen=True)
class Recipe:
    """What is built from one module.

    `programs` maps file names to packages, `files` names in the result to (module, path in it). `version_of` is the
    module whose version the programs report; `version_in` are the variables that hold it, with their values, in which
    `{version}`, `{minor}` and `{date}` stand for that module's.
    """

    name: str
    programs: Mapping[str, str]
    version_of: str
    version_in: Mapping[str, str]
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def module(self) -> Path:
        return MODULES / self.name

    @property
    def key(self) -> str:
        """Changes with the versions of everything that goes into the programs, and with the recipe."""
        digest = hashlib.sha256(repr(self).encode())
        for file in ("go.mod", "go.sum"):
            digest.update((self.module / file).read_bytes())
        return f"{self.name}-{platform.machine()}-{digest.hexdigest()[:16]}"


_STAGES = {
    "node-initialize": "stage/node/fast/node-initialize",
    "node-heartbeat": "stage/node/heartbeat-with-lease/node-heartbeat-with-lease",
    "pod-ready": "stage/pod/fast/pod-ready",
    "pod-complete": "stage/pod/fast/pod-complete",
    "pod-delete": "stage/pod/fast/pod-delete",
}
_KUBERNETES_VERSION = {
    f"{package}.{variable}": value
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    for variable, value in {
        "gitVersion": "{version}",
        "gitMajor": "1",
        "gitMinor": "{minor}",
        "gitCommit": "unknown",
        "gitTreeState": "clean",
        "buildDate": "{date}",
    }.items()
}
_CONTROL_PLANE = {
    name: f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
}

KUBERNETES = Recipe(
    "kubernetes",
    programs={
        "etcd": "go.etcd.io/etcd/server/v3",
        **_CONTROL_PLANE,
        "kubectl": "k8s.io/kubernetes/cmd/kubectl",
        "kwok": "sigs.k8s.io/kwok/cmd/kwok",
    },
    version_of="k8s.io/kubernetes",
    version_in=_KUBERNETES_VERSION,
    files={f"stages/{name}.yaml": ("sigs.k8s.io/kwok", f"kustomize/{path}.yaml") for name, path in _STAGES.items()},
)
OLDEST_KUBERNETES = Recipe(
    "kubernetes-1.30", programs=_CONTROL_PLANE, version_of="k8s.io/kubernetes", version_in=_KUBERNETES_VERSION
)
DEX = Recipe(
    "dex",
    programs={"dex": "github.com/dexidp/dex/cmd/dex"},
    version_of="github.com/dexidp/dex",
    # Go can't name its releases by their tags, so the version in go.mod is that of a commit: the one of this release.
    version_in={"main.version": "v2.45.1"},
)


def built(recipe: Recipe, supervisor: Supervisor, *, env: Mapping[str, str] = os.environ) -> Path:
    """The folder with the programs of a recipe, built now unless they are in the cache. Raises `BuildError`."""
    progress = Progress()

    def make(folder: Path) -> None:
        _Build(recipe, supervisor, progress).into(folder)

    return cached(
        cache_root(env),
        recipe.key,
        make,
        waiting=lambda: progress.say(f"Waiting for another run that is building {recipe.name} …"),
    )


@dataclass(frozen=True)
class _Module:
    version: str
    folder: Path
    date: str


class _Build:
    def __init__(self, recipe: Recipe, supervisor: Supervisor, progress: Progress) -> None:
        self._recipe = recipe
        self._supervisor = supervisor
        self._progress = progress
        self._compiled = 0
        self._downloaded = 0
        self._said: deque[str] = deque(maxlen=40)
        self._go_command = ""

    def into(self, folder: Path) -> None:
        """Build, and copy what else belongs to it."""
        recipe, name = self._recipe, self._recipe.name
        self._go_command = Go(self._supervisor, self._progress).command(wanted_by(recipe.module))
        self._progress.say(f"Building {name} for the tests, once: its modules …")
        packages = tuple(recipe.programs.values())
        total = len(self._ask("list", "-deps", *packages).splitlines())
        main = self._module(recipe.version_of)
        values = {"version": main.version, "minor": main.version.split(".")[1], "date": main.date}
        variables = [f"-X {variable}={value.format(**values)}" for variable, value in recipe.version_in.items()]
        self._run(
            ["build", "-v", "-trimpath", "-ldflags", " ".join(["-s", "-w", *variables]), "-o", f"{folder}/", *packages],
            of=total,
        )
        for program, package in recipe.programs.items():
            (folder / _file_name(package)).rename(folder / program)
        for copy, (module, path) in recipe.files.items():
            (folder / copy).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._module(module).folder / path, folder / copy)
        self._progress.done(f"Built {name}")

    def _module(self, path: str) -> _Module:
        found = json.loads(self._ask("list", "-m", "-json", path))
        return _Module(found["Version"], Path(found["Dir"]), found["Time"])

    def _ask(self, *arguments: str) -> str:
        answer = self._go(list(arguments), stdout=subprocess.PIPE)
        return self._finish(answer, arguments[0], of=0)

    def _run(self, arguments: Sequence[str], *, of: int) -> None:
        self._finish(self._go(arguments, stdout=None), arguments[0], of=of)

    def _go(self, arguments: Sequence[str], *, stdout: int | None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [self._go_command, *arguments],
            cwd=self._recipe.module,
            env=go_env(),
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._supervisor.watch(process.pid)
        return process

    def _finish(self, process: subprocess.Popen[str], what: str, *, of: int) -> str:
        """Wait for Go while saying how far it is, and return what it printed."""
        out: list[str] = []
        readers = [threading.Thread(target=self._listen, args=(process,), daemon=True)]
        if process.stdout is not None:
            stdout = process.stdout
            readers.append(threading.Thread(target=lambda: out.append(stdout.read()), daemon=True))
        for reader in readers:
            reader.start()
        try:
            while process.poll() is None:
                self._progress.update(self._how_far(of))
                time.sleep(0.5 if of else 0.05)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            self._supervisor.forget(process.pid)
        for reader in readers:
            reader.join()
        if process.returncode:
            raise BuildError(f"go {what} failed in {self._recipe.module}:\n" + "\n".join(self._said))
        return "".join(out)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._said.append(line.rstrip())
            if line.startswith("go: downloading"):
                self._downloaded += 1
            else:
                self._compiled += 1

    def _how_far(self, total: int) -> str:
        name = self._recipe.name
        if not total:
            return f"Building {name} for the tests, once: {self._downloaded} modules downloaded"
        return f"Building {name} for the tests, once: {self._compiled} of at most {total} packages compiled"


def _file_name(package: str) -> str:
    """What Go calls a package's program: the last part of its path that is not a major version."""
    *parents, last = package.split("/")
    return parents[-1] if last.startswith("v") and last[1:].isdigit() else last
