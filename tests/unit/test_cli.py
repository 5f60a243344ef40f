"""The command line: which words do what, and how it ends when it does not understand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headlamp import __version__, cli

ENV = {"HOME": "/home/ada"}


def run(*argv: str, **env: str) -> int:
    return cli.main(argv, ENV | env)


@pytest.mark.parametrize("word", ["version", "-version", "--version"])
def test_version_prints_the_version(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(word) == 0
    assert capsys.readouterr().out == f"headlamp {__version__}\n"


@pytest.mark.parametrize("word", ["help", "-h", "-help", "--help"])
def test_help_names_the_commands(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(word) == 0
    out = capsys.readouterr().out
    assert "headlamp demo" in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("argv", [("serve", "--help"), ("serve", "-h"), ("-port=1", "-help")])
def test_the_help_of_serve_explains_the_settings(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*argv) == 0
    out = capsys.readouterr().out
    assert "-oidc-idp-issuer-url URL" in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("argv", [("serve", "-port=x", "-nonsense"), ("-port=x", "-nonsense")])
def test_settings_that_cannot_be_used_end_with_status_2_and_a_line_each(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "headlamp: -nonsense is not a known flag.",
        'headlamp: -port (HEADLAMP_CONFIG_PORT) must be a whole number from 0 to 65535, not "x".',
        "headlamp: `headlamp serve --help` explains the settings.",
    ]


def test_an_unknown_command_ends_with_status_2_without_being_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("s3cret") == 2
    captured = capsys.readouterr()
    assert "s3cret" not in captured.out + captured.err
    assert "serve, demo, doctor, version" in captured.err


def test_e7_the_client_secret_shows_in_no_output(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "canary-secret"
    for argv in (["-port=x"], ["--help"], ["-oidc-client-secrett=" + secret], ["-oidc-client-secret", secret, secret]):
        run(*argv, HEADLAMP_CONFIG_OIDC_CLIENT_SECRET=secret)
    captured = capsys.readouterr()
    assert secret not in captured.out + captured.err


@pytest.mark.parametrize("argv", [("--pods=0",), ("--pods", "ten"), ("--port=70000",), ("--unknown",)])
def test_the_demo_refuses_what_it_does_not_understand(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("demo", *argv) == 2
    assert "usage: headlamp demo" in capsys.readouterr().err


def test_the_help_of_the_demo_names_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "--help") == 0
    assert "--no-browser" in capsys.readouterr().out


def test_the_doctor_is_asked_with_the_flags_of_the_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], free_port: Callable[[], int]
) -> None:
    flags = [f"-state-dir={tmp_path}", "-kubeconfig=/nowhere", "-listen-addr=localhost", f"-port={free_port()}"]
    assert run("doctor", *flags) == 0
    out = capsys.readouterr().out
    assert "Settings\n  ok" in out
    assert "\x1b" not in out
    assert run("doctor", "-port=x") == 2
    assert "-port" in capsys.readouterr().out


def test_version_imports_no_room_but_the_command_line_itself() -> None:
    script = (
        "import sys; from headlamp.cli import main; main(['version']); "
        "print(sorted(name for name in sys.modules if name.startswith('headlamp.') or name == 'aiohttp'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"headlamp {__version__}", "['headlamp.cli']"]
