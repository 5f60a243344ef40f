"""The repository as a whole: directions between rooms, what files may not hold, docs that keep up."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from headlamp import __version__

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "headlamp"
ROOMS = sorted(path.name for path in SOURCES.iterdir() if (path / "__init__.py").is_file())

# Put together from parts, so that this file does not hold them itself.
FORBIDDEN = re.compile(
    "|".join(
        re.escape(first + second)
        for first, second in [
            ("pypi", ".org"),
            ("python", "hosted.org"),
            ("registry.npm", "js.org"),
            ("registry.yarn", "pkg.com"),
            ("proxy.go", "lang.org"),
            ("/wo", "rk/"),
            ("/ro", "ot/"),
            ("/tmp/", "lab"),
        ]
    )
)


def files() -> list[Path]:
    """What is, or would be, under version control."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this is not a checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """The (module, name) pairs that a file imports; the name is empty for `import module`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def test_a_room_imports_only_lower_rooms() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_room_but_settings_reads_the_environment() -> None:
    readers = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b|\bfrom os import .*\b(environ|getenv)\b", path.read_text("utf-8"))
    }
    # The command line hands the environment to the settings.
    assert {name for name in readers if not name.startswith("settings/")} <= {"cli.py"}


@pytest.mark.parametrize("room", ["oidc", "sessions", "clusters", "live", "access", "settings", "telemetry"])
def test_a_room_below_the_web_knows_nothing_of_routes_and_requests(room: str) -> None:
    for path in (SOURCES / room).rglob("*.py"):
        for module, name in imports(path):
            assert (module, name) != ("aiohttp", "web"), path
            assert not module.startswith("aiohttp.web"), path


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in FORBIDDEN.finditer(text)]
    assert found == []


def test_nothing_that_was_installed_or_built_is_under_version_control() -> None:
    built = {"node_modules", "page", "dist", "__pycache__", ".venv"}
    assert [path for path in files() if built & set(path.relative_to(ROOT).parts)] == []


def test_the_lock_of_the_page_says_nothing_about_where_packages_come_from() -> None:
    assert '"resolved"' not in (ROOT / "ui" / "package-lock.json").read_text("utf-8")


@pytest.mark.parametrize("name", ["demo.txt", "dev.txt"])
def test_the_locks_have_a_version_and_hashes_for_each_package_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "an option of pip"
    for entry in text.replace("\\\n", " ").splitlines():
        if not entry or entry.startswith("#"):
            continue
        assert re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_locks_agree_and_hold_everything_that_the_project_asks_for() -> None:
    demo, dev = (pins(ROOT / "requirements" / name) for name in ("demo.txt", "dev.txt"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert demo.items() <= dev.items()
    wanted = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in project["project"]["dependencies"]}
    assert wanted <= demo.keys()


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", path.read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("habit", ["demo", "test", "test-real", "lint", "bench", "ui", "docs", "clean"])
def test_every_habit_is_listed_by_a_bare_make_and_named_to_contributors(habit: str) -> None:
    assert re.search(rf"^{habit}:.*## \w", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert f"`make {habit}`" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_explained_to_contributors(room: str) -> None:
    assert f"`{room}/`" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_changelog_has_the_version_that_the_program_names() -> None:
    assert re.search(rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCES)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
