"""The simulated shell and its line discipline."""

from __future__ import annotations

import pytest

from headlamp.demo.cluster.terminal.files import Files
from headlamp.demo.cluster.terminal.lines import Terminal
from headlamp.demo.cluster.terminal.shell import Machine, Shell


@pytest.fixture
def shell() -> Shell:
    files = Files({"/app/README": "read me\n", "/etc/hostname": "box\n"})
    return Shell(Machine(files, {"NAME": "value; exit 9"}, "/app/bin/x", "box", 0, lambda: 3700))


@pytest.mark.parametrize(
    ("line", "out", "code"),
    [
        ("pwd", "/app\n", 0),
        ("cd /etc; cat hostname", "box\n", 0),
        ("cd ..; pwd", "/\n", 0),
        ("ls /etc", "hostname\n", 0),
        ("false || echo no", "no\n", 0),
        ("false && echo yes", "", 1),
        ("true; echo $?", "0\n", 0),
        ("echo $NAME", "value; exit 9\n", 0),
        ("echo 'a  b'", "a  b\n", 0),
        ("uname", "Linux\n", 0),
        ("  # a comment", "", 0),
    ],
)
def test_commands_answer(shell: Shell, line: str, out: str, code: int) -> None:
    outcome = shell.run_line(line)
    assert (outcome.out, outcome.code) == (out, code)


def test_a_missing_file_is_an_error(shell: Shell) -> None:
    outcome = shell.run_line("cat nope")
    assert (outcome.err, outcome.code) == ("cat: nope: No such file or directory\n", 1)


def test_pipes_are_said_to_be_missing(shell: Shell) -> None:
    assert "no pipes" in shell.run_line("ls | cat").err


@pytest.mark.parametrize("line", ["help", "ps", "df", "env", "ls -la /", "date", "uptime", "free", "id", "uname -a"])
def test_every_command_that_help_names_says_something(shell: Shell, line: str) -> None:
    assert shell.run_line(line).out.endswith("\n")


def test_exit_ends_the_shell_with_its_code(shell: Shell) -> None:
    shell.run_line("exit 4; echo never")
    assert shell.finished == 4


@pytest.mark.parametrize(
    ("keys", "screen"),
    [
        (b"ab", "ab"),
        (b"a\x7f", "a\b \b"),
        (b"\x7f", ""),
        (b"abc\x15", "abc" + "\b \b" * 3),
        (b"a b\x17", "a b\b \b\b \b"),
        (b"x\x03", "x^C\r\n/app $ "),
        (b"pwd\r", "pwd\r\n/app\r\n/app $ "),
        (b"pwd\r\n", "pwd\r\n/app\r\n/app $ "),
        (b"\x1b[C\x1b[200~", ""),
        (b"\t", ""),
        ("ü".encode(), "ü"),
    ],
)
def test_keys_become_what_a_screen_shows(shell: Shell, keys: bytes, screen: str) -> None:
    assert Terminal(shell).feed(keys) == screen


def test_keys_may_arrive_in_pieces(shell: Shell) -> None:
    terminal = Terminal(shell)
    assert [terminal.feed(piece) for piece in (b"\xc3", b"\xbc", b"\x1b", b"[", b"C")] == ["", "ü", "", "", ""]


def test_the_arrow_brings_back_what_was_typed(shell: Shell) -> None:
    terminal = Terminal(shell)
    terminal.feed(b"pwd\r")
    assert terminal.feed(b"\x1b[A") == "pwd"


def test_control_d_ends_an_empty_line_only(shell: Shell) -> None:
    terminal = Terminal(shell)
    terminal.feed(b"x\x04")
    assert terminal.finished is None
    terminal.feed(b"\x7f\x04")
    assert terminal.finished == 0
