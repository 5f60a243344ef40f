from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from headlamp.sessions.errors import SecretUnusable
from headlamp.sessions.secret import load_or_make_secret, read_secret, secret_from_text


def test_a_secret_is_made_once_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    made = load_or_make_secret(folder)
    assert len(made) >= 32
    assert load_or_make_secret(folder) == made
    assert [path.name for path in folder.iterdir()] == ["session-secret"]


def test_the_secret_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    previous = os.umask(0)
    try:
        load_or_make_secret(folder)
    finally:
        os.umask(previous)
    assert stat.S_IMODE((folder / "session-secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_secret_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    load_or_make_secret(tmp_path)
    (tmp_path / "session-secret").chmod(0o644)
    with pytest.raises(SecretUnusable, match="0644"):
        load_or_make_secret(tmp_path)


def test_the_process_that_comes_second_takes_the_secret_of_the_first(tmp_path: Path) -> None:
    def random_while_another_process_starts(count: int) -> bytes:
        load_or_make_secret(tmp_path, random=lambda n: b"1" * n)
        return b"2" * count

    assert load_or_make_secret(tmp_path, random=random_while_another_process_starts) == (b"1" * 32).hex().encode()


@pytest.mark.parametrize("content", [b"", b"short", b"   \n"])
def test_a_short_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(SecretUnusable):
        read_secret(path)


def test_white_space_around_a_secret_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"0123456789abcdef0123456789abcdef\n")
    assert read_secret(path) == secret_from_text("0123456789abcdef0123456789abcdef")


def test_a_missing_secret_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretUnusable, match="nowhere"):
        read_secret(tmp_path / "nowhere")


def test_h6_the_error_about_a_secret_does_not_tell_it() -> None:
    with pytest.raises(SecretUnusable) as caught:
        secret_from_text("hunter2")
    assert "hunter2" not in str(caught.value)
