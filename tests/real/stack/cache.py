"""Where built programs are kept: outside the repository, by what they were built from."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def cache_root(env: Mapping[str, str]) -> Path:
    """`$PYHEADLAMP_CACHE`, or else `pyheadlamp-real` among the user's caches."""
    if chosen := env.get("PYHEADLAMP_CACHE"):
        return Path(chosen)
    return Path(env.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "pyheadlamp-real"


def cached(root: Path, key: str, make: Callable[[Path], None], *, waiting: Callable[[], None]) -> Path:
    """The folder `key` under `root`, which `make` fills when it isn't there yet.

    It appears at once and complete. Of several runs that want it, one makes it; the others call `waiting`, and wait.
    """
    final = root / key
    if final.is_dir():
        return final
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root / f"{key}.lock", waiting):
        if final.is_dir():
            return final
        # Whoever holds the lock is alone: these were left by runs that were killed.
        for left_over in root.glob(f".{key}-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f".{key}-", dir=root) as scratch:
            made = Path(scratch, "made")
            made.mkdir()
            make(made)
            made.rename(final)
    return final


@contextmanager
def _locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """An exclusive lock; the system gives it back when its holder dies."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
