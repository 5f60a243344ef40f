"""The page: the bundled one under a base URL, and another frontend from a directory."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
from tests.support.whole import whole_server

from headlamp.web.page import Page, PageMissing

INLINE = "\n      var headlampBaseUrl = './';\n    "
FOREIGN = f"""<!doctype html>
<html><head>
<script>{INLINE}</script>
<script src="./assets/index-abcdefgh.js"></script>
<link rel="stylesheet" href="./assets/style-abcdefgh.css">
</head><body></body></html>
"""
TRAVERSALS = [
    "/assets/../index.html",
    "/assets/..%2f..%2fsecret.txt",
    "/assets/%2e%2e/%2e%2e/secret.txt",
    "/assets/..%5c..%5csecret.txt",
    "/assets/link.txt",
    "/assets/%00",
    "/assets//etc/passwd",
    "/static/..%2fapp.py",
]


@pytest.fixture
def frontend(tmp_path: Path) -> Path:
    """A frontend with hashed assets, and beside it a secret that a symbolic link points at."""
    (tmp_path / "secret.txt").write_text("not for the web")
    folder = tmp_path / "frontend"
    (folder / "assets").mkdir(parents=True)
    (folder / "static").mkdir()
    (folder / "index.html").write_text(FOREIGN)
    (folder / "assets" / "index-abcdefgh.js").write_text("console.log(1)")
    (folder / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "static" / "own.css").write_text("a{}")
    return folder


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@pytest.mark.parametrize(("base_url", "told"), [("", "/"), ("/ui", "/ui")])
async def test_another_frontend_learns_the_base_url_and_runs_under_a_policy_of_its_own(
    tmp_path: Path, frontend: Path, base_url: str, told: str
) -> None:
    async with whole_server(tmp_path, html_static_dir=frontend, base_url=base_url) as whole, whole.browser() as browser:
        answer = await browser.get(f"{base_url}/c/main/pods")
        text = await answer.text()
        assert f"headlampBaseUrl = '{told}';" in text
        assert f'src="{base_url}/assets/index-abcdefgh.js"' in text
        assert f'href="{base_url}/assets/style-abcdefgh.css"' in text
        policy = answer.headers["Content-Security-Policy"]
        scripts = re.search(r"script-src ([^;]*);", policy)
        assert scripts is not None
        assert scripts[1] == f"'self' {_hash(INLINE.replace('./', told))}"
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_assets_with_a_hash_in_their_name_stay_in_caches_and_are_compressed(
    tmp_path: Path, frontend: Path
) -> None:
    async with whole_server(tmp_path, html_static_dir=frontend) as whole, whole.browser() as browser:
        asset = await browser.get("/assets/index-abcdefgh.js")
        assert asset.status == 200
        assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asset.headers["Content-Encoding"] == "gzip"
        assert await asset.text() == "console.log(1)"
        again = await browser.get("/assets/index-abcdefgh.js", headers={"If-None-Match": asset.headers["ETag"]})
        assert again.status == 304


async def test_files_of_another_frontend_below_static_are_its_own(tmp_path: Path, frontend: Path) -> None:
    async with whole_server(tmp_path, html_static_dir=frontend) as whole, whole.browser() as browser:
        assert await (await browser.get("/static/own.css")).text() == "a{}"
        assert (await browser.get("/static/pages.css")).status == 200


@pytest.mark.parametrize("path", TRAVERSALS)
async def test_f6_names_that_lead_out_of_the_page_are_not_found(tmp_path: Path, frontend: Path, path: str) -> None:
    async with whole_server(tmp_path, html_static_dir=frontend) as whole, whole.browser() as browser:
        answer = await browser.get(path)
        assert "not for the web" not in await answer.text()
        assert answer.status in (400, 404)


async def test_our_page_stands_below_the_base_url(tmp_path: Path) -> None:
    async with whole_server(tmp_path, base_url="/ui") as whole, whole.browser() as browser:
        for path in ("/", "/ui"):
            answer = await browser.get(path)
            assert (answer.status, answer.headers["Location"]) == (307, "/ui/")
        assert (await browser.get("/elsewhere")).status == 404
        assert (await browser.get("/config")).status == 404
        assert (await browser.get("/ui/config")).status == 200


async def test_our_page_has_a_base_and_a_fresh_nonce_each_time(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text('<base href="/" /><meta id="csp-nonce" nonce="__NONCE__" />')
    ours = Page(page, base_url="/ui", foreign=False)
    assert ours.index("abc") == '<base href="/ui/"><meta id="csp-nonce" nonce="abc" />'
    assert ours.script_hashes == ()


async def test_a_page_that_is_not_built_is_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    empty = Page(tmp_path / "empty", base_url="", foreign=True)
    assert not empty.exists
    with pytest.raises(PageMissing):
        empty.index("abc")
    async with whole_server(tmp_path, html_static_dir=tmp_path / "empty") as whole, whole.browser() as browser:
        answer = await browser.get("/", headers={"Accept": "text/html"})
        assert answer.status == 503
        assert "make ui" in await answer.text()
        assert (await browser.get("/readyz")).status == 503
        assert (await browser.get("/healthz")).status == 200
