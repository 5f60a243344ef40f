"""When the page is built, and when Node is asked for."""

from __future__ import annotations

from pathlib import Path

import hatch_build


def test_node_is_asked_for_only_when_the_page_has_to_be_built(tmp_path: Path) -> None:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "package.json").write_text("{}")
    page = tmp_path / "src" / "headlamp" / "page"
    page.mkdir(parents=True)
    assert not hatch_build.is_built(tmp_path)
    (page / "index.html").write_text("<html>")
    assert not hatch_build.is_built(tmp_path), "nobody knows from which sources it was made"
    (page / "sources.sha256").write_text(hatch_build.digest(tmp_path / "ui"))
    assert hatch_build.is_built(tmp_path)
    (tmp_path / "ui" / "App.svelte").write_text("<p>new</p>")
    assert not hatch_build.is_built(tmp_path), "a source was added"
