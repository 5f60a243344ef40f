"""The server's secret: given as text or file, else made on first start and kept for its owner alone."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from headlamp.sessions.errors import SecretUnusable

SECRET_BYTES = 32
FEWEST_BYTES = 16
MOST_BYTES = 64 * 1024
FILE_NAME = "session-secret"


def secret_from_text(text: str) -> bytes:
    """The secret that a setting gives. Raises `SecretUnusable` when it is too short to be one."""
    return _checked(text.strip().encode(), None)


def read_secret(path: Path) -> bytes:
    """The secret in the file `path`; white space around it does not count, since editors and `echo` add a newline.

    Raises `SecretUnusable` when it can't be read or is too short. Who else may read a file that the administrator
    mounts (a Kubernetes Secret, often with group access) is theirs to decide.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SecretUnusable(f"The secret file {path} can't be read: {error.strerror}.", path=path) from error
    if len(content) > MOST_BYTES:
        raise SecretUnusable(f"The secret file {path} is larger than {MOST_BYTES} bytes.", path=path)
    return _checked(content.strip(), path)


def load_or_make_secret(state_dir: Path, *, random: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """The secret in the state folder, made there when there is none yet (folder 0700, file 0600).

    Processes that start at once end up with the same one. Raises `SecretUnusable`, also when other people on the
    machine may read the file: sessions would be theirs.
    """
    path = state_dir / FILE_NAME
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path, random(SECRET_BYTES).hex().encode())
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise SecretUnusable(
            f"No secret can be kept in {state_dir}: {error.strerror}. Choose another folder with -state-dir.", path=path
        ) from error
    if mode & 0o077:
        raise SecretUnusable(f"Others may read the secret file {path} (mode {mode:04o}); it must be 0600.", path=path)
    return read_secret(path)


def _make(path: Path, content: bytes) -> None:
    """Put a whole file in place, or leave the one that another process put there first."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A hard link never replaces: the first process wins, and nobody ever reads half a file.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _checked(secret: bytes, path: Path | None) -> bytes:
    if len(secret) < FEWEST_BYTES:
        where = f"in {path}" if path else "that was given"
        raise SecretUnusable(
            f"The secret {where} has {len(secret)} bytes; at least {FEWEST_BYTES} are needed.", path=path
        )
    return secret
