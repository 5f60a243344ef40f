"""Reading the files that clusters are defined by, and noticing when one of them changes."""

from __future__ import annotations

from pathlib import Path

_Mark = tuple[int, int, int]


class WatchedFiles:
    """Remembers every file that was asked for, also those that were not there, as it was when it was read."""

    def __init__(self) -> None:
        self._marks: dict[Path, _Mark | None] = {}

    def read(self, path: Path, *, limit: int) -> bytes:
        """The file's content. Raises `OSError`, and `ValueError` when it is longer than `limit` bytes."""
        # The mark is taken first: a write in between makes one reading too many, never one too few.
        self._marks[path] = _mark(path)
        with path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise ValueError(f"it is larger than {limit} bytes")
        return content

    def changed(self) -> bool:
        """Whether any of them differs by modification time, size or inode (a Secret volume swaps a symbolic link)."""
        return any(_mark(path) != mark for path, mark in self._marks.items())


def _mark(path: Path) -> _Mark | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
