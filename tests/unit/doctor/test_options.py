"""The doctor's own options, among the server's flags."""

from __future__ import annotations

import pytest

from headlamp.doctor.options import BadOptions, read_options


def test_flags_of_the_server_are_left_for_it() -> None:
    options = read_options(["-port=1", "--json", "-oidc-client-id", "x", "--insecure-ssl"])
    assert options.as_json
    assert options.flags == ("-port=1", "-oidc-client-id", "x", "--insecure-ssl")


@pytest.mark.parametrize(
    ("argv", "name", "value"),
    [
        (["--token-file", "f"], "token_file", "f"),
        (["-token-file=f"], "token_file", "f"),
        (["--token-file", "-"], "token_file", "-"),
        (["--as-session=f"], "session_file", "f"),
        (["--skip", "ingress,cluster", "--skip=token"], "skip", ("ingress", "cluster", "token")),
        (["--sign-in"], "sign_in", True),
    ],
)
def test_options_are_read_in_both_spellings(argv: list[str], name: str, value: object) -> None:
    options = read_options(argv)
    assert getattr(options, name) == value
    assert options.flags == ()


@pytest.mark.parametrize(
    "argv",
    [
        ["--token-file"],
        ["--token-file="],
        ["--as-session", "--json"],
        ["--skip", "everything"],
        ["--sign-in", "--token-file", "f"],
        ["--as-session", "a", "--token-file", "f"],
    ],
)
def test_options_that_make_no_sense_are_refused(argv: list[str]) -> None:
    with pytest.raises(BadOptions):
        read_options(argv)
