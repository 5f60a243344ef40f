"""The table as a whole: help, docs, and secrets that stay unseen."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from headlamp.settings import Secret, Settings, help_text
from headlamp.settings import docs as settings_docs
from headlamp.settings.declaring import Declaration, declarations

ROOT = Path(__file__).resolve().parents[3]
TABLE = declarations(Settings)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.flag)
def test_every_setting_is_explained_in_the_help_and_in_the_docs(row: Declaration) -> None:
    assert f"-{row.flag}" in help_text()
    assert f"`{row.variable}`" in settings_docs.page()
    assert row.help.endswith(".")


def test_the_page_of_settings_says_what_the_table_says() -> None:
    assert (ROOT / settings_docs.PAGE).read_text("utf-8") == settings_docs.page(), "run `make docs`"


@pytest.mark.parametrize("width", [80, 96, 100])
def test_the_help_fits_into_its_width(width: int) -> None:
    assert max(len(line) for line in help_text(width).splitlines()) <= width


def test_the_default_of_a_setting_reads_as_its_own_value() -> None:
    for row in TABLE:
        if row.default is not None and not isinstance(row.default, Path):
            assert row.kind.read(row.kind.show(row.default)) == row.default, row.flag


def test_every_secret_has_a_file_variant() -> None:
    names = {row.name for row in TABLE}
    assert [row.name for row in TABLE if row.secret] == ["oidc_client_secret", "session_secret"]
    assert {f"{row.name}_file" for row in TABLE if row.secret} <= names


def test_a_secret_is_not_seen_by_accident() -> None:
    secret = Secret("canary")
    settings = Settings(oidc_client_secret=secret)
    for shown in (
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r:>10}",
        repr(settings),
        str([secret]),
    ):
        assert "canary" not in shown
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)


def test_secrets_are_equal_when_their_values_are() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"
    assert not Secret("")


def test_check_mode_says_when_the_page_is_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    assert settings_docs.main(["--check"]) == 1
    assert "Run `make docs`" in capsys.readouterr().err
    assert settings_docs.main([]) == 0
    assert settings_docs.main(["--check"]) == 0
