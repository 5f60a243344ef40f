"""The web page: the bundled one, or a web frontend from a directory (`-html-static-dir`)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from headlamp.problems import Problem

NONCE = "__NONCE__"
# Text is compressed once, in memory; what is larger is served from the disk as it is.
LARGEST_IN_MEMORY = 4 * 1024 * 1024
COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")
HASHED_NAME = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.\w+$")

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
HEADLAMP_BASE = re.compile(r"(headlampBaseUrl\s*=\s*)(['\"]).*?\2")
RELATIVE_ATTRIBUTE = re.compile(r"""(\b(?:src|href)\s*=\s*["'])\./""")
NOSCRIPT = re.compile(r"<noscript>.*?</noscript>", re.DOTALL)
BASE_ELEMENT = re.compile(r'<base href="[^"]*"\s*/?>')


class PageMissing(Problem):
    code = "page.missing"
    status = 503
    title = "The web page is not built"
    remedy = "Run `make ui` in a source checkout, or install a released wheel, which carries the page."


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a delivered page says to whoever arrives, as markup.

    `head` is for all; browsers without script have `bare_head` beside it and `bare_body` in the place of the page.
    """

    head: str
    bare_head: str
    bare_body: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page; `body` and `gzipped` are None for what is served from the disk."""

    path: Path
    content_type: str
    immutable: bool
    etag: str = ""
    body: bytes | None = None
    gzipped: bytes | None = None


class Page:
    """The files of one page by their names, listed once: a name that was not there at start is never looked up.

    So no path from a request ever reaches the file system (no `..`, no symbolic link, no NUL).
    """

    def __init__(self, directory: Path, *, base_url: str, foreign: bool) -> None:
        self._base_url = base_url
        self._foreign = foreign
        self._files: dict[str, Path] = {}
        if directory.is_dir():
            root = directory.resolve()
            self._files = {
                path.relative_to(root).as_posix(): path
                for path in sorted(root.rglob("*"))
                if path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(root)
            }
        self._loaded: dict[str, Asset] = {}
        index = self._files.pop("index.html", None)
        self._index = self._prepare(index.read_text(encoding="utf-8")) if index else None
        self.script_hashes = _script_hashes(self._index) if foreign and self._index else ()

    @property
    def exists(self) -> bool:
        return self._index is not None

    @property
    def foreign(self) -> bool:
        """Whether this is somebody else's frontend, with habits (inline script and style) that ours doesn't have."""
        return self._foreign

    def index(self, nonce: str, arrival: Arrival | None = None) -> str:
        """`index.html` for one answer. Raises `PageMissing`."""
        if self._index is None:
            raise PageMissing
        html = self._index.replace(NONCE, nonce)
        if arrival is None:
            return html
        head = f"{arrival.head}<noscript>{arrival.bare_head}</noscript>\n</head>"
        body = f"<noscript>{arrival.bare_body}</noscript>"
        return NOSCRIPT.sub(lambda _: body, html, count=1).replace("</head>", head, 1)

    def asset(self, name: str) -> Asset | None:
        """The file called `name` (relative, with slashes), or None."""
        if name not in self._files:
            return None
        if name not in self._loaded:
            self._loaded[name] = _load(name, self._files[name])
        return self._loaded[name]

    def _prepare(self, html: str) -> str:
        if self._foreign:
            html = RELATIVE_ATTRIBUTE.sub(rf"\g<1>{self._base_url}/", html)
            return HEADLAMP_BASE.sub(rf"\g<1>\g<2>{self._base_url or '/'}\g<2>", html)
        return BASE_ELEMENT.sub(f'<base href="{self._base_url}/">', html, count=1)


def bundled_directory() -> Path:
    """Where the wheel carries the built page."""
    return Path(str(resources.files("headlamp") / "page"))


def _load(name: str, path: Path) -> Asset:
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    immutable = name.startswith("assets/") and HASHED_NAME.search(name) is not None
    if path.stat().st_size > LARGEST_IN_MEMORY or not content_type.startswith((*COMPRESSIBLE, "text/javascript")):
        return Asset(path, content_type, immutable)
    body = path.read_bytes()
    etag = hashlib.sha256(body).hexdigest()[:32]
    return Asset(path, content_type, immutable, etag, body, gzip.compress(body, 9, mtime=0))


def _script_hashes(html: str) -> tuple[str, ...]:
    """CSP sources for the inline scripts of a foreign index.html (CSP Level 3, section 2.3.1, hash-source)."""
    return tuple(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in INLINE_SCRIPT.findall(html)
    )
